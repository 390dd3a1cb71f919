import type { ExternalStore } from '../../core/catalog/external-store.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Store } from '../../core/ports/store.ts'
import type { EngineDeps } from '../deps.ts'
import { isEmpty } from '../replication/restore-note.ts'

export interface RebuildRequest {
  /** The URL of a store: `s3://bucket/prefix`, `file:///mnt/disk`. Default: every store that is known. */
  readonly from?: string | undefined
  /** Only to look at what is there. */
  readonly isListing?: boolean | undefined
  /** Makes the configured stores, and every backup in them, this installation's own. Not with `from`. */
  readonly takeOver?: boolean | undefined
  /** Where the landing store has lost everything: goes on with an empty one. What other stores hold stays. */
  readonly acceptEmpty?: boolean | undefined
}

/** A place that cannot be made a store of now, and why. */
export interface UnusableStore {
  readonly store: ExternalStore
  readonly error: BackupError
}

/**
 * Makes stores of the places that the catalog remembers, also of those that another process has added since. One at
 * which a store is configured now hands its copies over to that one, and is forgotten. Returns those that cannot be
 * made.
 */
export async function loadExternalStores (deps: EngineDeps): Promise<readonly UnusableStore[]> {
  const lost: UnusableStore[] = []
  for (const external of await deps.catalog.externalStores.list()) {
    if (deps.externalStores.has(external.name)) continue
    try {
      const located = deps.locate(external.url)
      if (located.known === undefined) deps.externalStores.set(external.name, await located.make(external.name))
      else await deps.catalog.externalStores.handOver(external.name, located.known.name)
    } catch (thrown) {
      lost.push({ store: external, error: toBackupError(thrown) })
    }
  }
  return lost
}

/**
 * The store that a URL names, for looking alone. Rejects with what the store says where it cannot be listed, and with
 * `OBJECT_NOT_FOUND` where it is empty: a wrong prefix is no store without backups.
 */
async function storeAt (deps: EngineDeps, url: string, signal: AbortSignal): Promise<Store> {
  const located = deps.locate(url)
  return located.known ?? await filled(await located.make(located.kind), located.url, signal)
}

async function filled (store: Store, url: string, signal: AbortSignal): Promise<Store> {
  if (!await isEmpty(store, signal)) return store
  throw new BackupError('OBJECT_NOT_FOUND', `no backups were found at "${url}"`, {
    hint: 'Check the bucket and the prefix, or the path of the directory.'
  })
}

/**
 * The same, remembered from now on, so that what is taken over from there can be read later. Rejects with what the
 * store says where it cannot be listed, and with `OBJECT_NOT_FOUND` where it is empty; it is not remembered then.
 */
async function externalStoreAt (deps: EngineDeps, url: string, signal: AbortSignal): Promise<Store> {
  const located = deps.locate(url)
  if (located.known !== undefined) return located.known
  await filled(await located.make(located.kind), located.url, signal)
  const taken = [deps.store.name, ...deps.offsite.keys()]
  const { name } = await deps.catalog.externalStores.remember(
    { name: located.kind, url: located.url, since: deps.clock.now() },
    taken
  )
  const store = deps.externalStores.get(name) ?? await located.make(name)
  deps.externalStores.set(name, store)
  return store
}

/**
 * What a rebuild reads: the place given, otherwise every store that there is, that in which backups land first. Rejects
 * where the place given cannot be listed, or is empty.
 */
export async function storesToRebuild (
  deps: EngineDeps,
  { from, isListing = false, takeOver = false }: RebuildRequest,
  signal: AbortSignal
): Promise<readonly Store[]> {
  const configured = [deps.store, ...[...deps.offsite.values()].map(({ store }) => store)]
  if (takeOver) return configured
  await loadExternalStores(deps)
  if (from === undefined) return [...configured, ...deps.externalStores.values()]
  return [await (isListing ? storeAt(deps, from, signal) : externalStoreAt(deps, from, signal))]
}
