import type { StoreKind, StoreOption } from '../core/ports/store-kind.ts'
import { STORE_KINDS, type StoreOptionName } from '../stores/index.ts'

/** What the environment says of stores: one of each kind, and credentials for all that have none of their own. */
export const STORE_OPTIONS = Object.fromEntries(
  STORE_KINDS.flatMap(({ options }) => Object.entries(options))
) as Readonly<
  Record<StoreOptionName, StoreOption<unknown>>
>

/** The settings of one kind, each with its key. */
export function optionsOf ({ options }: StoreKind): ReadonlyArray<
  { readonly key: StoreOptionName, readonly option: StoreOption<unknown> }
> {
  return Object.entries(options).map(([key, option]) => ({ key: key as StoreOptionName, option }))
}

/** The kind that a setting is of; undefined: it is none of a kind of store. */
export function kindOfOption (name: string): StoreKind | undefined {
  return STORE_KINDS.find(({ options }) => Object.hasOwn(options, name))
}
