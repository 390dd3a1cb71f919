import { resolve } from 'node:path'
import { Command } from 'commander'
import { BackupError } from '../../core/errors.ts'
import type { Progress } from '../../engine/prove.ts'
import type { VerifiedFile } from '../../engine/verify-file.ts'
import { idsArgument, jsonOption, sinceOption, sourceOption } from '../arguments.ts'
import { each, targetOf } from '../each.ts'
import { underProgress } from '../foreground.ts'
import { exitCodesHelp } from '../output.ts'
import { collect } from '../pages.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface VerifyDeps extends Shell {
  /** Proves a file by itself; neither catalog nor store need be there. */
  readonly proveFile: (path: string, progress: Progress) => Promise<VerifiedFile>
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
    .description('Prove backups: their bytes against what was recorded, and their content by opening it.')
    .addArgument(idsArgument('[ids...]'))
    .option('--all', 'every completed backup')
    .option('--file <path>', 'a file, wherever it is from; the service need not live here')
    .addOption(sourceOption('with --all: only those of this source'))
    .addOption(sinceOption('with --all: only those started'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
    .action(async (ids: readonly number[], flags: Flags) => {
      requireOneWay(ids, flags)
      await (flags.file === undefined ? verifyBackups(deps, ids, flags) : verifyOneFile(deps, flags.file, flags))
    })
}

function requireOneWay (ids: readonly number[], { all, file, source, since }: Flags): void {
  const ways = [ids.length > 0, all === true, file !== undefined].filter(Boolean).length
  const hint = 'Give ids, or --all (which --source and --since narrow), or --file with a path.'
  if (ways !== 1) throw new BackupError('VALIDATION_FAILED', ways === 0 ? 'nothing says what to verify' : 'more than one thing says what to verify', { hint })
  if (all !== true && (source !== undefined || since !== undefined)) throw new BackupError('VALIDATION_FAILED', '"--source" and "--since" go with "--all"', { hint })
}

async function verifyBackups (deps: VerifyDeps, ids: readonly number[], flags: Flags): Promise<void> {
  const { done, failures } = await deps.withSession(flags, async session => {
    const { engine, run, audited } = session
    const chosen = flags.all === true ? await matching(session, flags) : ids
    const target = flags.all === true ? flags.source === undefined ? null : `source ${flags.source}` : targetOf(ids)
    return await audited({ action: 'backup verify', target }, () => each(chosen, id => run(() => engine.verify(id))))
  })
  const { viewVerified } = await import('../views/verified.ts')
  // What was removed while the others were proven is nothing that could not be proven.
  const unproven = failures.filter(({ error }) => flags.all !== true || error.code !== 'BACKUP_DELETED')
  show(deps, flags, viewVerified(done, unproven))
  deps.exit(done.some(({ verification }) => !verification.valid) ? 6 : unproven.length > 0 ? 3 : 0)
}

/** Oldest first: those that were not looked at for longest. */
async function matching ({ engine }: Session, { source, since }: Flags): Promise<number[]> {
  if (source !== undefined) await engine.source(source)
  const backups = await collect(Number.POSITIVE_INFINITY, async page => {
    const found = await engine.backups({ source, since, status: 'completed', ...page })
    return { items: found.backups, next: found.next }
  })
  return backups.map(({ id }) => id).reverse()
}

async function verifyOneFile (deps: VerifyDeps, file: string, flags: Flags): Promise<void> {
  const verified = await underProgress(deps, flags, progress => deps.proveFile(resolve(deps.cwd, file), progress))
  const { viewVerifiedFile } = await import('../views/verified.ts')
  show(deps, flags, viewVerifiedFile(verified))
  deps.exit(verified.verdict === 'damaged' ? 6 : 0)
}
