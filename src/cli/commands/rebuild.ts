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
      'Import every backup whose manifest is in a store into the catalog, so that it can be restored, for example on a new machine. Existing entries of the catalog do not change.'
    )
    .option(
      '--from <place>',
      'import only from this store: s3://bucket/prefix, gs://…, azure://…, or a directory. It is added to the known stores. Default: every known store'
    )
    .option('--list', 'only list the backups that would be imported')
    .option(
      '--take-over',
      'make this installation the owner of the configured stores and of every backup in them; another installation that still uses them then stops writing there'
    )
    .option(
      '--accept-empty',
      'if the content of BACKUP_DIR is lost: continue with an empty directory, and read backups from the other stores'
    )
    .option('--confirm', 'with --take-over or --accept-empty: do not ask for confirmation')
    .option('-y, --yes', 'same as --confirm')
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
    ? 'another installation that still uses these stores will stop writing to them'
    : 'backups that were only in BACKUP_DIR will be marked as lost'
  if (takeOver !== true && acceptEmpty !== true) return true
  if (list === true) {
    throw new BackupError(
      'VALIDATION_FAILED',
      '"--list" cannot be combined with "--take-over" or "--accept-empty"',
      { hint: 'Remove one of the options.' }
    )
  }
  if (confirm === true || yes === true) return true
  if (ask === undefined || json === true) {
    throw new BackupError('VALIDATION_FAILED', `${what}, and there is no terminal to ask for confirmation`, {
      hint: 'Re-run with --confirm.'
    })
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
