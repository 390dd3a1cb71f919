import { resolve } from 'node:path'
import { Command } from 'commander'
import { BackupError } from '../../core/errors.ts'
import type { Progress } from '../../engine/artifacts/verify-parts.ts'
import type { VerifiedAll } from '../../engine/verify/verify.ts'
import type { VerifiedFile } from '../../engine/verify/verify-file.ts'
import { idsArgument, jsonOption, sinceOption, sourceOption } from '../arguments.ts'
import { each, targetOf } from '../each.ts'
import { underProgress } from '../foreground.ts'
import { exitCodesHelp } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface VerifyDeps extends Shell {
  /** Proves a file by itself; neither catalog nor store need be there. */
  readonly verifyGivenFile: (path: string, progress: Progress) => Promise<VerifiedFile>
  readonly cwd: string
}

interface Flags extends JsonFlag {
  readonly all?: true
  readonly file?: string
  readonly source?: string
  readonly since?: Date
}

export function verifyCommand (deps: VerifyDeps): Command {
  return new Command('verify')
    .description('Verify backups: compare their digests with the recorded ones, and check their content.')
    .addArgument(idsArgument('[ids...]'))
    .option('--all', 'every completed backup')
    .option('--file <path>', 'any backup file; needs no service and no catalog')
    .addOption(sourceOption('with --all: only backups of this source'))
    .addOption(sinceOption('with --all: only backups started', deps.screen))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
    .action(async (ids: readonly number[], flags: Flags) => {
      requireOneWay(ids, flags)
      await (flags.file === undefined ? verifyBackups(deps, ids, flags) : verifyOneFile(deps, flags.file, flags))
    })
}

function requireOneWay (ids: readonly number[], { all, file, source, since }: Flags): void {
  const ways = [ids.length > 0, all === true, file !== undefined].filter(Boolean).length
  const hint = 'Give ids of backups, --all (optionally with --source and --since), or a path with --file.'
  if (ways !== 1) {
    throw new BackupError(
      'VALIDATION_FAILED',
      ways === 0 ? 'no backup to verify was given' : 'ids, "--all" and "--file" exclude each other',
      { hint }
    )
  }
  if (all !== true && (source !== undefined || since !== undefined)) {
    throw new BackupError('VALIDATION_FAILED', '"--source" and "--since" are only valid with "--all"', { hint })
  }
}

async function verifyBackups (deps: VerifyDeps, ids: readonly number[], flags: Flags): Promise<void> {
  const { results, failures } = await deps.withSession(
    flags,
    session => flags.all === true ? verifyMatching(session, flags) : verifyThese(session, ids)
  )
  const { viewVerified } = await import('../views/verified.ts')
  show(deps, flags, viewVerified(results, failures))
  deps.exit(results.some(({ verification }) => !verification.valid) ? 6 : failures.length > 0 ? 3 : 0)
}

async function verifyThese ({ engine, run, audited }: Session, ids: readonly number[]): Promise<VerifiedAll> {
  const { done, failures } = await audited(
    { action: 'backup verify', target: targetOf(ids) },
    () => each(ids, id => run(() => engine.verify(id)))
  )
  return { results: done, failures }
}

/** One job, as through the API. */
async function verifyMatching ({ engine, run, audited }: Session, { source, since }: Flags): Promise<VerifiedAll> {
  return await audited(
    { action: 'backup verify', target: source === undefined ? null : `source ${source}` },
    () => run(() => engine.verifyAll({ source, since }))
  )
}

async function verifyOneFile (deps: VerifyDeps, file: string, flags: Flags): Promise<void> {
  const verified = await underProgress(deps, flags, progress => deps.verifyGivenFile(resolve(deps.cwd, file), progress))
  const { viewVerifiedFile } = await import('../views/verified.ts')
  show(deps, flags, viewVerifiedFile(verified))
  deps.exit(verified.verdict === 'damaged' ? 6 : 0)
}
