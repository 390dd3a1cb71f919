import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly check?: true
}

export function storesCommand (shell: Shell): Command {
  return new Command('stores')
    .description('Show where backups are kept, and how each place stands.')
    .option(
      '--check',
      'try each of them with one small object, which is removed again; in an append-only store it stays'
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 6, 7]))
    .action(async (flags: Flags) => {
      const { stores, probes } = await shell.withSession(flags, async ({ engine, audited }) => {
        const stores = await engine.stores()
        if (flags.check !== true) return { stores, probes: undefined }
        const probes = await audited(
          { action: 'store probe', target: null },
          () => Promise.all(stores.map(({ name }) => engine.probe(name)))
        )
        return { stores, probes }
      })
      const { viewStores } = await import('../views/stores.ts')
      show(shell, flags, viewStores(stores, probes))
      shell.exit(probes?.every(({ ok }) => ok) === false ? 3 : 0)
    })
}
