import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { BackupError } from '../../core/errors.ts'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly from?: string
  readonly list?: true
  readonly takeOver?: true
  readonly acceptEmpty?: true
  readonly confirm?: true
  readonly yes?: true
}

export interface RebuildDeps extends Shell {
  /** Where a relative path begins. */
  readonly cwd: string
}

export function rebuildCommand (deps: RebuildDeps): Command {
  return new Command('rebuild')
    .description(
      'Enter into the catalog every backup whose manifest is in a store, so that it can be restored from there; also on a machine that has nothing else. What the catalog knows already stays as it is.'
    )
    .option(
      '--from <place>',
      'only what is there: s3://bucket/prefix, gs://…, azure://…, or a directory; it is remembered, and read from afterwards. Left out: every store that is known'
    )
    .option('--list', 'only tell what is there')
    .option(
      '--take-over',
      "make the configured stores, and every backup in them, this installation's own; another one that still uses them then stops writing there"
    )
    .option(
      '--accept-empty',
      'where BACKUP_DIR has lost everything: go on with an empty one; what other stores hold stays there and is read from there'
    )
    .option('--confirm', 'with --take-over or --accept-empty: without asking')
    .option('-y, --yes', 'the same')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
    .action(async (flags: Flags) => {
      const isListing = flags.list === true
      if (!await agreed(deps, flags)) return
      const from = flags.from === undefined ? undefined : placeOf(flags.from, deps.cwd)
      const rebuilt = await deps.withSession(flags, async ({ engine, run, audited }) => {
        const work = () =>
          run(() => engine.rebuild({ from, isListing, takeOver: flags.takeOver, acceptEmpty: flags.acceptEmpty }))
        return isListing ? await work() : await audited({ action: 'rebuild', target: from ?? null }, work)
      }, { isFirst: true })
      const { hasFallenShort, viewRebuilt } = await import('../views/rebuilt.ts')
      show(deps, flags, viewRebuilt(rebuilt, isListing))
      deps.exit(hasFallenShort(rebuilt) ? 3 : 0)
    })
}

/**
 * Whether it may be done: it changes nothing that cannot be made again, it was confirmed, or the person at the terminal
 * agrees.
 */
async function agreed (
  { ask, output }: RebuildDeps,
  { takeOver, acceptEmpty, list, confirm, yes, json }: Flags
): Promise<boolean> {
  const what = takeOver === true
    ? 'another installation that still uses these stores will stop writing there'
    : 'backups that were only in BACKUP_DIR are marked lost'
  if (takeOver !== true && acceptEmpty !== true) return true
  if (list === true) {
    throw new BackupError(
      'VALIDATION_FAILED',
      '"--list" changes nothing, so that it goes with neither "--take-over" nor "--accept-empty"',
      { hint: 'Leave one of them out.' }
    )
  }
  if (confirm === true || yes === true) return true
  if (ask === undefined || json === true) {
    throw new BackupError('VALIDATION_FAILED', `${what}, and nobody can be asked`, { hint: 'Say --confirm.' })
  }
  output.out.write(`${what[0]?.toUpperCase() ?? ''}${what.slice(1)}.\n`)
  if (await ask('Continue?')) return true
  output.out.write('nothing was changed\n')
  return false
}

/** What has no scheme is a directory. */
function placeOf (given: string, cwd: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : pathToFileURL(resolve(cwd, given)).href
}
