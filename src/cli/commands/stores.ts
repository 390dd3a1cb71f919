import { Command } from 'commander'
import type { StoreProbe } from '../../core/ports/store-probe.ts'
import type { StoreState } from '../../engine/status/stores.ts'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly check?: true
}

export function storesCommand (shell: Shell): Command {
  return new Command('stores')
    .description('List the stores and their state.')
    .option(
      '--check',
      'test each store with one small object, which is removed afterwards except in an append-only store'
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 6, 7]))
    .action(async (flags: Flags) => {
      const stores = await shell.withReading(({ engine }) => engine.stores())
      const probes = flags.check === true ? await probe(shell, flags, stores) : undefined
      const { viewStores } = await import('../views/stores.ts')
      show(shell, flags, viewStores(stores, probes))
      shell.exit(probes?.every(({ ok }) => ok) === false ? 3 : 0)
    })
}

async function probe (shell: Shell, flags: Flags, stores: readonly StoreState[]): Promise<readonly StoreProbe[]> {
  return await shell.withSession(flags, ({ engine, audited }) =>
    audited(
      { action: 'store probe', target: null },
      () => Promise.all(stores.map(({ name }) => engine.probe(name)))
    ))
}
