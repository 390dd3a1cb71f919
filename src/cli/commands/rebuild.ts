import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly from?: string
  readonly list?: true
}

export interface RebuildDeps extends Shell {
  /** Where a relative path begins. */
  readonly cwd: string
}

export function rebuildCommand (deps: RebuildDeps): Command {
  return new Command('rebuild')
    .description('Enter into the catalog every backup whose manifest is in a store, so that it can be restored from there; also on a machine that has nothing else. What the catalog knows already stays as it is.')
    .option('--from <place>', 'only what is there: s3://bucket/prefix, gs://…, azure://…, or a directory; it is remembered, and read from afterwards. Left out: every store that is known')
    .option('--list', 'only tell what is there')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
    .action(async (flags: Flags) => {
      const isListing = flags.list === true
      const from = flags.from === undefined ? undefined : placeOf(flags.from, deps.cwd)
      const rebuilt = await deps.withSession(flags, async ({ engine, run, audited }) => {
        const work = () => run(() => engine.rebuild({ from, isListing }))
        return isListing ? await work() : await audited({ action: 'rebuild', target: from ?? null }, work)
      })
      const { hasFallenShort, viewRebuilt } = await import('../views/rebuilt.ts')
      show(deps, flags, viewRebuilt(rebuilt, isListing))
      deps.exit(hasFallenShort(rebuilt) ? 3 : 0)
    })
}

/** What has no scheme is a directory. */
function placeOf (given: string, cwd: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : pathToFileURL(resolve(cwd, given)).href
}
