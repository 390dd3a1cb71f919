import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Clock } from '../core/clock.ts'
import { BackupError, systemCode, toBackupError, type ErrorCode } from '../core/errors.ts'
import type { CopyLog, StoredCopy } from '../core/backup/copy.ts'
import {
  INSTANCE_MARKER,
  MARKER_LIMIT,
  parseMarker,
  serializeMarker,
  storeIdOf,
  type Identity,
  type InstanceMarker,
  type StoreIds
} from '../core/instance.ts'
import { fileName, isManifestKey } from '../core/backup/object-key.ts'
import type { Store } from '../core/ports/store.ts'
import { hasObject } from '../pipeline/find-object.ts'

/** A store elsewhere that was found to be ours is not asked again for so long. Milliseconds. */
const REMEMBERED = 15_000
/**
 * So many of the newest objects that a store should hold are looked for, at most, to know whether it is the right one.
 */
const SAMPLE = 16
/** Fewer than so many files may all have been removed by a person: that alone does not make it another store. */
const MANY = 3

/** What a directory that is gone answers: it shows no backups. Opening it tells why. */
const GONE: ReadonlySet<ErrorCode> = new Set(['STORE_UNAVAILABLE', 'STORE_FAILED'])

/** Of a file system that does not answer nothing is known. */
function isGone ({ isDirectory }: Store, { code, cause }: BackupError): boolean {
  return isDirectory === true && GONE.has(code) && systemCode(cause) !== 'ETIMEDOUT'
}

/**
 * What the marker of a store shows. `foreign` without a marker: it holds backups that this installation does not know,
 * or a marker that cannot be read. `lost`: the store that the catalog means is not there, but nothing, or another one
 * of ours.
 */
export interface Standing {
  readonly state: 'ours' | 'foreign' | 'unclaimed' | 'lost'
  readonly marker: InstanceMarker | undefined
  /** Whether there is a marker that cannot be read: damaged, too long, a link or a directory. */
  readonly isUnreadable: boolean
}

export interface OwnershipOptions {
  readonly identity: Identity
  /** The name of the landing store. */
  readonly landing: string
  /** What this installation takes the stores to hold. */
  readonly copies: Pick<CopyLog, 'newest' | 'counts'>
  readonly storeIds: StoreIds
  readonly clock: Clock
}

/**
 * Sees to it that a store is written to by one installation alone, and that it is the store that the catalog means:
 * each carries a marker with the id of its owner and an id of its own. The marker is read before each run that writes
 * or removes.
 */
export class Ownership {
  readonly #options: OwnershipOptions
  readonly #owned = new Map<string, number>()
  readonly #troubles = new Map<string, BackupError>()

  constructor (options: OwnershipOptions) {
    this.#options = options
  }

  get identity (): Identity {
    return this.#options.identity
  }

  /** Stores that were refused when they were last asked, and why. */
  get troubles (): readonly BackupError[] {
    return [...this.#troubles.values()]
  }

  /**
   * Whose the store is, and whether it is the one that the catalog means. Changes nothing. Throws what the store
   * throws, but for a directory that does not exist.
   */
  async inspect (store: Store, signal: AbortSignal): Promise<Standing> {
    const text = await markerIn(store, signal)
    const marker = text === undefined ? undefined : parseMarker(text)
    if (text !== undefined && marker?.instance !== this.identity.id) {
      return { state: 'foreign', marker, isUnreadable: marker === undefined }
    }
    const known = await this.#options.copies.newest(store.name, SAMPLE)
    if (marker === undefined) return { state: await this.#unmarked(store, known, signal), marker, isUnreadable: false }
    return { state: await this.#isMeant(store, marker, known, signal) ? 'ours' : 'lost', marker, isUnreadable: false }
  }

  async #unmarked (store: Store, known: readonly StoredCopy[], signal: AbortSignal): Promise<Standing['state']> {
    if (known.length === 0) return await holdsManifests(store, signal) ? 'foreign' : 'unclaimed'
    return await this.#holds(store, known, Math.ceil(known.length / 2), signal) ? 'unclaimed' : 'lost'
  }

  /** Whether a store with our marker is the one that the catalog means. */
  async #isMeant (
    store: Store,
    marker: InstanceMarker,
    known: readonly StoredCopy[],
    signal: AbortSignal
  ): Promise<boolean> {
    const remembered = await this.#options.storeIds.of(store.name)
    // A catalog that knows none yet goes by what is there; most of it may have been removed by others.
    if (remembered === undefined) return known.length === 0 || await this.#holds(store, known, 1, signal)
    if (remembered !== storeIdOf(marker)) return known.length === 0 && !await holdsManifests(store, signal)
    // A directory may have been copied with its marker. What another store lost is brought there again.
    return store.name !== this.#options.landing || known.length < MANY || await this.#holds(store, known, 1, signal)
  }

  /** Whether so many of the objects are there. */
  async #holds (store: Store, known: readonly StoredCopy[], enough: number, signal: AbortSignal): Promise<boolean> {
    let found = 0
    for (const { key } of known) {
      if (found >= enough) break
      const keys = store.name === this.#options.landing ? [...new Set([key, fileName(key)])] : [fileName(key)]
      for (const one of keys) {
        if (await isThere(store, one, signal)) {
          found++
          break
        }
      }
    }
    return found >= enough
  }

  /**
   * Holds once this resolves: the store's marker is ours, and it is the store that the catalog means. An empty place,
   * and one without a marker whose backups this installation knows, is claimed; of two that claim it at once, one is
   * refused. Throws `STORE_FOREIGN`; `STORE_UNAVAILABLE` where it should hold backups and does not; and what the store
   * throws.
   */
  async require (store: Store, signal: AbortSignal): Promise<void> {
    const age = this.#options.clock.now().getTime() - (this.#owned.get(store.name) ?? Number.NEGATIVE_INFINITY)
    if (store.isDirectory !== true && age >= 0 && age < REMEMBERED) return
    this.#owned.delete(store.name)
    try {
      const { state, marker, isUnreadable } = await this.inspect(store, signal)
      if (state === 'foreign') throw foreign(store, { marker, isUnreadable })
      if (state === 'lost') throw await this.#lost(store, marker)
      if (state === 'unclaimed') await this.#claim(store, signal)
      else if (marker !== undefined) await this.#remember(store, storeIdOf(marker))
    } catch (thrown) {
      const error = toBackupError(thrown)
      if (error.code === 'STORE_FOREIGN' || error.code === 'STORE_UNAVAILABLE') this.#troubles.set(store.name, error)
      throw thrown
    }
    this.#troubles.delete(store.name)
    this.#owned.set(store.name, this.#options.clock.now().getTime())
  }

  async #claim (store: Store, signal: AbortSignal): Promise<void> {
    const { copies, storeIds } = this.#options
    // The store that is known has lost its marker only: it stays that store.
    const former = (await copies.newest(store.name, 1)).length > 0 ? await storeIds.of(store.name) : undefined
    try {
      await this.#write(store, { id: former ?? randomUUID(), formerly: [], replace: false }, signal)
    } catch (thrown) {
      if (toBackupError(thrown).code !== 'OBJECT_EXISTS') throw thrown
      const { state, marker } = await this.inspect(store, signal)
      // A directory, for one, shows itself only once there is no place for a marker.
      if (state !== 'ours' || marker === undefined) throw foreign(store, { marker, isUnreadable: marker === undefined })
      await this.#remember(store, storeIdOf(marker))
    }
  }

  /**
   * The store is ours from now on, and the one that the catalog means, whoever had it; `instances` are those whose
   * backups there become ours. The other one finds the marker changed, and stops.
   */
  async takeOver (store: Store, instances: readonly string[], signal: AbortSignal): Promise<void> {
    const text = await markerIn(store, signal)
    const marker = text === undefined ? undefined : parseMarker(text)
    const formerly = new Set([
      ...marker?.formerly ?? [],
      ...marker === undefined ? [] : [marker.instance],
      ...instances
    ])
    formerly.delete(this.identity.id)
    if (marker?.instance === this.identity.id && formerly.size === marker.formerly.length) {
      await this.#remember(store, storeIdOf(marker))
    } else {
      await this.#write(store, {
        id: marker === undefined ? randomUUID() : storeIdOf(marker),
        formerly: [...formerly].slice(-500),
        replace: text !== undefined
      }, signal)
    }
    this.#owned.delete(store.name)
    this.#troubles.delete(store.name)
  }

  /** What is there is ours, and another store than any before, from now on. */
  async begin (store: Store, signal: AbortSignal): Promise<void> {
    const text = await markerIn(store, signal)
    const { formerly = [] } = (text === undefined ? undefined : parseMarker(text)) ?? {}
    await this.#write(store, { id: randomUUID(), formerly, replace: text !== undefined }, signal)
    this.#owned.delete(store.name)
    this.#troubles.delete(store.name)
  }

  async #write (
    store: Store,
    { id, formerly, replace }: { readonly id: string, readonly formerly: string[], readonly replace: boolean },
    signal: AbortSignal
  ): Promise<void> {
    const { identity, clock } = this.#options
    const marker = {
      format: 'holdfast-instance',
      version: 1,
      instance: identity.id,
      store: id,
      host: identity.host.slice(0, 255),
      created: clock.now().toISOString(),
      formerly
    } as const
    const bytes = Buffer.from(serializeMarker(marker))
    await store.put(INSTANCE_MARKER, Readable.from([bytes]), { size: bytes.length, ...replace && { replace } }, signal)
    await this.#remember(store, id)
  }

  async #remember ({ name }: Store, id: string): Promise<void> {
    const { storeIds } = this.#options
    if (await storeIds.of(name) !== id) await storeIds.remember(name, id)
  }

  async #lost (store: Store, marker: InstanceMarker | undefined): Promise<BackupError> {
    const { landing, copies, storeIds } = this.#options
    const known = (await copies.counts()).find(one => one.store === store.name)?.stored ?? 0
    const isOther = marker !== undefined && await storeIds.of(store.name) !== undefined &&
      await storeIds.of(store.name) !== storeIdOf(marker)
    return lost(store, { known, isOther, isLanding: store.name === landing })
  }
}

/** undefined: there is none. What can be none (too long, a symbolic link, a pipe) is returned as empty text. */
async function markerIn (store: Store, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { size } = await store.stat(INSTANCE_MARKER, signal)
    return size > MARKER_LIMIT
      ? ''
      : (await buffer(await store.get(INSTANCE_MARKER, { start: 0, end: Math.max(0, size - 1) }, signal))).toString(
        'utf8'
      )
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code === 'OBJECT_REFUSED') return ''
    // A directory that does not exist yet, or not any more, has none.
    if (error.code === 'OBJECT_NOT_FOUND' || isGone(store, error)) return undefined
    throw thrown
  }
}

async function isThere (store: Store, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    return await hasObject(store, key, signal)
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code === 'OBJECT_REFUSED' || isGone(store, error)) return false
    throw thrown
  }
}

async function holdsManifests (store: Store, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const { key } of store.list('', signal)) if (isManifestKey(key)) return true
    return false
  } catch (thrown) {
    if (isGone(store, toBackupError(thrown))) return false
    throw thrown
  }
}

function foreign ({ name, place }: Store, { marker, isUnreadable }: Omit<Standing, 'state'>): BackupError {
  const owner = marker !== undefined
    ? `the marker of another installation ("${marker.instance}" on "${marker.host}")`
    : isUnreadable
    ? `an unreadable marker "${INSTANCE_MARKER}"`
    : 'backups of another installation'
  return new BackupError(
    'STORE_FOREIGN',
    `the store "${name}" at "${place}" has ${owner}; nothing was written or removed there`,
    {
      hint: isUnreadable
        ? `If the store belongs to this installation, remove "${INSTANCE_MARKER}" from it: it is written again if the catalog knows the backups. "holdfast rebuild --take-over" makes this installation the owner of any store.`
        : 'Give each installation its own directory or prefix. If the other installation no longer exists, make this one the owner with "holdfast rebuild --take-over".',
      details: { store: name }
    }
  )
}

interface Loss {
  /** How many backups it should hold. */
  readonly known: number
  /** Whether another store of ours is in its place. */
  readonly isOther: boolean
  readonly isLanding: boolean
}

function lost ({ name, place }: Store, { known, isOther, isLanding }: Loss): BackupError {
  const backups = known === 1 ? 'a backup' : `${known} backups`
  const what = isOther
    ? `is a different store from the one with ${backups} of the catalog`
    : `is missing or empty, but the catalog lists ${backups} in it`
  const first = isLanding
    ? 'Mount the disk of the store, or correct its path in the configuration'
    : 'Check that the location of the store is correct, and that it is mounted'
  const right = isOther ? '; if this store is correct, "holdfast rebuild --take-over" continues with its content' : ''
  // A catalog from an older copy of DATA_DIR knows backups that have been rotated out since.
  const older = isLanding && !isOther
    ? '; if DATA_DIR was restored from an older copy, "holdfast rebuild" imports the backups from the store into the catalog'
    : ''
  const gone = isLanding
    ? '; if the backups are lost, "holdfast rebuild --accept-empty" continues without them.'
    : '; to copy all backups again, give the store another name.'
  return new BackupError('STORE_UNAVAILABLE', `the store "${name}" at "${place}" ${what}`, {
    hint: first + right + older + gone,
    details: { store: name, known }
  })
}
