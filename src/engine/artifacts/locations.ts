import type { Backup } from '../../core/backup/backup.ts'
import type { Copy } from '../../core/backup/copy.ts'
import { fileName, partKeys } from '../../core/backup/object-key.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Archived, Store } from '../../core/ports/store.ts'
import type { EngineDeps, OffsiteStore } from '../deps.ts'

/** In another store an object has its own name alone, whether or not it lies in the trash of the landing store. */
export function offsiteKey (backup: Pick<Backup, 'key'>): string {
  return fileName(backup.key)
}

/** The stores to which backups of the source are copied. One that is no longer configured has none. */
export function promisedStores (deps: EngineDeps, source: string): readonly OffsiteStore[] {
  const chosen = deps.sources.get(source)
  if (chosen === undefined) return []
  const { stores } = deps.settings.policyFor(chosen)
  return [...deps.offsite.values()].filter(({ store }) => stores === null || stores.includes(store.name))
}

/** The same; throws `STORE_NOT_FOUND` where there are none. */
export function requirePromised (deps: EngineDeps, source: string): readonly OffsiteStore[] {
  const stores = promisedStores(deps, source)
  if (stores.length > 0) return stores
  throw new BackupError('STORE_NOT_FOUND', `there is no other store for the backups of "${source}"`, {
    hint: 'Configure a store with BACKUP_S3_BUCKET, or with "stores" in holdfast.yaml.'
  })
}

/** What a backup that has just landed is still to get. */
export function promisedCopies (deps: EngineDeps, source: string, key: string): readonly Copy[] {
  return promisedStores(deps, source).map(({ store }) => ({
    store: store.name,
    location: store.location(fileName(key)),
    status: 'pending',
    size: null,
    uploadedAt: null,
    attempts: 0,
    error: null,
    nextAttemptAt: null
  }))
}

/** Throws `STORE_NOT_FOUND`. */
export function requireOffsite (deps: EngineDeps, name: string): OffsiteStore {
  const offsite = deps.offsite.get(name)
  if (offsite !== undefined) return offsite
  const known = [...deps.offsite.keys()].map(one => `"${one}"`).join(', ')
  throw new BackupError('STORE_NOT_FOUND', `there is no store "${name}" for copies`, {
    hint: known === ''
      ? 'Configure a store with BACKUP_S3_BUCKET, or with "stores" in holdfast.yaml.'
      : `There is ${known}.`
  })
}

export function hasLanded (deps: Pick<EngineDeps, 'store'>, backup: Pick<Backup, 'copies'>): boolean {
  return backup.copies.some(({ store, status }) => store === deps.store.name && status === 'stored')
}

/** Where an object is, and its name there. */
export interface ObjectLocation {
  readonly store: Store
  readonly key: string
}

/** Every store that is read from. */
export type StoreDeps = Pick<EngineDeps, 'store' | 'offsite' | 'externalStores'>

/** Every place that is taken to hold the object, the nearest first. */
export function locationsOf (deps: StoreDeps, backup: Pick<Backup, 'key' | 'copies'>): readonly ObjectLocation[] {
  const landed = hasLanded(deps, backup) ? [{ store: deps.store, key: backup.key }] : []
  const copies = backup.copies.filter(({ status }) => status === 'stored').flatMap(({ store }) =>
    deps.offsite.get(store)?.store ?? deps.externalStores.get(store) ?? []
  )
  return [...landed, ...copies.map(store => ({ store, key: offsiteKey(backup) }))]
}

/**
 * Where the object is for what looks after one backup: in the landing store if it is there by the catalog, otherwise in
 * the first store that has it.
 */
export function homeOf (deps: StoreDeps, backup: Pick<Backup, 'key' | 'copies'>): ObjectLocation {
  return locationsOf(deps, backup)[0] ?? { store: deps.store, key: backup.key }
}

/** What a place is called for people, which no two places have in common. */
export function addressOf ({ store, key }: ObjectLocation): string {
  return store.location(key)
}

/** The places of the object whose addresses are not among these, the nearest first. */
export function otherLocations (
  deps: StoreDeps,
  backup: Pick<Backup, 'key' | 'copies'>,
  avoided: ReadonlySet<string>
): readonly ObjectLocation[] {
  return locationsOf(deps, backup).filter(location => !avoided.has(addressOf(location)))
}

/**
 * Where the object can be read now: the nearest place that has it, and answers. Where none does, what the last of them
 * said is thrown: `STORE_UNAVAILABLE`, `OBJECT_ARCHIVED`; where each says that it is not there, the nearest is
 * returned, so that the caller gets that error when it reads the object. `avoided`: addresses of places to pass over.
 */
export async function readableLocation (
  deps: StoreDeps,
  backup: Pick<Backup, 'key' | 'copies' | 'parts'>,
  signal: AbortSignal,
  avoided: ReadonlySet<string> = new Set()
): Promise<ObjectLocation> {
  const places = otherLocations(deps, backup, avoided)
  let failure: BackupError | undefined
  for (const location of places) {
    try {
      const archived = await archivedPart(location, backup, signal)
      if (archived === undefined) return location
      failure = archivedError(archived, archived.archived)
    } catch (thrown) {
      if (signal.aborted) throw thrown
      const error = toBackupError(thrown)
      if (error.code !== 'OBJECT_NOT_FOUND') failure = error
    }
  }
  if (failure !== undefined) throw failure
  return places[0] ?? homeOf(deps, backup)
}

/**
 * The part that takes longest to become readable; undefined: all can be read. Rejects with `OBJECT_NOT_FOUND` where the
 * store lacks one, or with what the store rejects with.
 */
export async function archivedPart (
  { store, key }: ObjectLocation,
  { parts }: Pick<Backup, 'parts'>,
  signal: AbortSignal
): Promise<ObjectLocation & { readonly archived: Archived } | undefined> {
  let slowest: ObjectLocation & { readonly archived: Archived } | undefined
  for (const one of partKeys(key, parts)) {
    const { archived } = await store.stat(one, signal)
    if (archived !== undefined && archived.hours >= (slowest?.archived.hours ?? 0)) {
      slowest = { store, key: one, archived }
    }
  }
  return slowest
}

function archivedError ({ store, key }: ObjectLocation, { storageClass, isThawing, hours }: Archived): BackupError {
  return new BackupError(
    'OBJECT_ARCHIVED',
    `"${store.location(key)}" is in the storage class "${storageClass}"${isThawing ? ' and is being thawed' : ''}`,
    {
      hint: isThawing
        ? `A thaw was already requested and takes up to ${hours} hours; retry after that.`
        : `Request a thaw with "thaw", which takes up to ${hours} hours, or use another backup.`,
      details: { hours }
    }
  )
}

/**
 * The store, if backups of the source are copied there. `STORE_NOT_FOUND`, and `STORE_NOT_OF_SOURCE` for one that the
 * source does not use.
 */
export function requireOwnStore (deps: EngineDeps, source: string, name: string): OffsiteStore {
  const found = requireOffsite(deps, name)
  const own = promisedStores(deps, source).map(({ store }) => store.name)
  if (own.includes(name)) return found
  throw new BackupError('STORE_NOT_OF_SOURCE', `backups of "${source}" are not copied to the store "${name}"`, {
    hint: own.length === 0
      ? `Add the store to "stores" of the source "${source}" in the configuration first.`
      : `Choose one of its stores: ${own.join(', ')}.`
  })
}
