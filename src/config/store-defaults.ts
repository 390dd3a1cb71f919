import { STORE_KINDS } from '../stores/index.ts'
import type { KindDefaults, StoreDefaults } from './config.ts'
import { OPTIONS, type OptionName, type OptionValues } from './options.ts'
import { optionsOf } from './store-options.ts'

/** Secrets that the server has and this command does not. */
export type Lacking = ReadonlySet<OptionName>

export const NO_DEFAULTS: KindDefaults = { values: {}, lacks: [] }

/** What holds for stores that say nothing of their own about it, by the kind that it is for. */
export function readStoreDefaults (values: OptionValues, lacking: Lacking): StoreDefaults {
  return Object.fromEntries(STORE_KINDS.map((kind): [string, KindDefaults] => {
    const shared = optionsOf(kind).filter(({ option }) => option.field === undefined).map(({ key }) => key)
    return [kind.name, {
      values: Object.fromEntries(shared.map(key => [key, values[key]])),
      lacks: shared.filter(key => lacking.has(key)).map(key => OPTIONS[key].variable)
    }]
  }))
}
