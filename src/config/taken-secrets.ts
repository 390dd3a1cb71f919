import { OPTIONS, type OptionName } from './options.ts'
import type { RawValue } from './raw-value.ts'
import type { Recorded } from './recorded.ts'
import { readSecret } from './secret-file.ts'
import { kindOfOption, optionsOf } from './store-options.ts'

export interface TakenSecrets {
  /** Secrets that the server has, and that are known here neither by value nor from the server's file. */
  readonly lacking: ReadonlySet<OptionName>
}

/**
 * The server's secrets from the files in which it has them. One that `isGiven` here, or of which another part is, is
 * left alone.
 */
export function secretsFrom (
  { secrets }: Recorded,
  isGiven: (name: OptionName) => boolean
): TakenSecrets & { readonly found: ReadonlyMap<OptionName, RawValue> } {
  const found = new Map<OptionName, RawValue>()
  const lacking = new Set<OptionName>()
  for (const [name, { file }] of Object.entries(secrets) as Array<[OptionName, { readonly file: string | null }]>) {
    if ([name, ...belongingTo(name)].some(isGiven)) continue
    const variable = `${OPTIONS[name].variable}_FILE`
    const read = file === null
      ? undefined
      : readSecret(undefined, { name: variable, value: file, base: '/', origin: 'server' }, [])
    if (read === undefined) lacking.add(name)
    else found.set(name, read)
  }
  return { found, lacking }
}

/** The credentials for one kind of store belong together: who gives one of them here means other credentials. */
function belongingTo (name: OptionName): OptionName[] {
  const kind = kindOfOption(name)
  return kind === undefined ? [] : optionsOf(kind).flatMap(({ key, option }) => option.kind === 'secret' ? [key] : [])
}
