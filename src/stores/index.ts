import { BackupError } from '../core/errors.ts'
import type { StoreKind } from '../core/ports/store-kind.ts'
import { azureKind } from './azure/kind.ts'
import { gcsKind } from './gcs/kind.ts'
import { localKind } from './local/kind.ts'
import { s3Kind } from './s3/kind.ts'

const KINDS = [s3Kind, gcsKind, azureKind, localKind] as const

/** Every kind of store, in the order in which messages name them. */
export const STORE_KINDS: readonly StoreKind[] = KINDS

type KeyOf<T> = T extends unknown ? keyof T & string : never

/** The key of a setting that one of the kinds has. */
export type StoreOptionName = KeyOf<typeof KINDS[number]['options']>

/** The kind of a store that was configured. Throws `INTERNAL` for a name that no kind has. */
export function storeKindOf ({ kind }: { readonly kind: string }): StoreKind {
  const found = STORE_KINDS.find(({ name }) => name === kind)
  if (found === undefined) throw new BackupError('INTERNAL', `there is no kind of store "${kind}"`)
  return found
}
