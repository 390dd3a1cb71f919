import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Clock } from '../core/clock.ts'
import { BackupError, toBackupError, type ErrorCode } from '../core/errors.ts'
import { INSTANCE_MARKER, MARKER_LIMIT, parseMarker, serializeMarker, type Identity, type InstanceMarker } from '../core/instance.ts'
import { isManifestKey } from '../core/object-key.ts'
import type { Store } from '../core/store.ts'

/** A store elsewhere that was found to be ours is not asked again for so long. Milliseconds. */
const REMEMBERED = 15_000

/** A directory that is gone, or a disk that does not answer: it shows no backups. Opening it tells why. */
const GONE: ReadonlySet<ErrorCode> = new Set(['STORE_UNAVAILABLE', 'STORE_FAILED'])

/** What the marker of a store shows. `foreign` without a marker: it holds backups that this installation does not know, or a marker that cannot be read. */
export interface Standing {
  readonly state: 'ours' | 'foreign' | 'unclaimed' | 'lost'
  readonly marker: InstanceMarker | undefined
}

export interface OwnershipOptions {
  readonly identity: Identity
  /** How many objects of its own this installation takes the store to hold. */
  readonly known: (store: string) => Promise<number>
  readonly clock: Clock
}

/**
 * Sees to it that a store is written to by one installation alone: each store carries a marker with the id of its owner.
 * The marker is read before each run that writes or removes.
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

  /** Whose the store is. Changes nothing. Throws what the store throws, but for a directory that does not exist. */
  async inspect (store: Store, signal: AbortSignal): Promise<Standing> {
    const text = await markerIn(store, signal)
    if (text !== undefined) {
      const marker = parseMarker(text)
      return { state: marker?.instance === this.identity.id ? 'ours' : 'foreign', marker }
    }
    const [hasManifests, known] = [await holdsManifests(store, signal), await this.#options.known(store.name)]
    const state = hasManifests ? known > 0 ? 'unclaimed' : 'foreign' : known > 0 ? 'lost' : 'unclaimed'
    return { state, marker: undefined }
  }

  /**
   * Holds once this resolves: the store's marker is ours. An empty place, and one without a marker whose backups this
   * installation knows, is claimed; of two that claim it at once, one is refused. Throws `STORE_FOREIGN`;
   * `STORE_UNAVAILABLE` where it should hold backups and holds none; and what the store throws.
   */
  async require (store: Store, signal: AbortSignal): Promise<void> {
    const age = this.#options.clock.now().getTime() - (this.#owned.get(store.name) ?? Number.NEGATIVE_INFINITY)
    if (store.kind !== 'local' && age >= 0 && age < REMEMBERED) return
    this.#owned.delete(store.name)
    try {
      const { state, marker } = await this.inspect(store, signal)
      if (state === 'foreign') throw foreign(store, marker)
      if (state === 'lost') throw lost(store, await this.#options.known(store.name))
      if (state === 'unclaimed') await this.#claim(store, signal)
    } catch (thrown) {
      const error = toBackupError(thrown)
      if (error.code === 'STORE_FOREIGN' || error.code === 'STORE_UNAVAILABLE') this.#troubles.set(store.name, error)
      throw thrown
    }
    this.#troubles.delete(store.name)
    this.#owned.set(store.name, this.#options.clock.now().getTime())
  }

  async #claim (store: Store, signal: AbortSignal): Promise<void> {
    try {
      await this.#write(store, [], false, signal)
    } catch (thrown) {
      if (toBackupError(thrown).code !== 'OBJECT_EXISTS') throw thrown
      const { state, marker } = await this.inspect(store, signal)
      if (state !== 'ours') throw foreign(store, marker)
    }
  }

  /** The store is ours from now on, whoever had it; `instances` are those whose backups there become ours. The other one finds the marker changed, and stops. */
  async takeOver (store: Store, instances: readonly string[], signal: AbortSignal): Promise<void> {
    const text = await markerIn(store, signal)
    const marker = text === undefined ? undefined : parseMarker(text)
    const formerly = new Set([...marker?.formerly ?? [], ...marker === undefined ? [] : [marker.instance], ...instances])
    formerly.delete(this.identity.id)
    if (marker?.instance === this.identity.id && formerly.size === marker.formerly.length) return
    await this.#write(store, [...formerly].slice(-500), text !== undefined, signal)
    this.#owned.delete(store.name)
    this.#troubles.delete(store.name)
  }

  async #write (store: Store, formerly: string[], replace: boolean, signal: AbortSignal): Promise<void> {
    const { identity: { id, host }, clock } = this.#options
    const marker = { format: 'holdfast-instance', version: 1, instance: id, host: host.slice(0, 255), created: clock.now().toISOString(), formerly } as const
    const bytes = Buffer.from(serializeMarker(marker))
    await store.put(INSTANCE_MARKER, Readable.from([bytes]), { size: bytes.length, ...replace && { replace } }, signal)
  }
}

/** undefined: there is none. What can be none (too long, a symbolic link, a pipe) is returned as empty text. */
async function markerIn (store: Store, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { size } = await store.stat(INSTANCE_MARKER, signal)
    return size > MARKER_LIMIT ? '' : (await buffer(await store.get(INSTANCE_MARKER, { start: 0, end: Math.max(0, size - 1) }, signal))).toString('utf8')
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    if (code === 'OBJECT_REFUSED') return ''
    // A directory that does not exist yet, or not any more, has none.
    if (code === 'OBJECT_NOT_FOUND' || (store.kind === 'local' && GONE.has(code))) return undefined
    throw thrown
  }
}

async function holdsManifests (store: Store, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const { key } of store.list('', signal)) if (isManifestKey(key)) return true
    return false
  } catch (thrown) {
    if (store.kind === 'local' && GONE.has(toBackupError(thrown).code)) return false
    throw thrown
  }
}

function foreign ({ name, place }: Store, marker: InstanceMarker | undefined): BackupError {
  const owner = marker === undefined ? 'backups that this installation did not make' : `the marker of another installation ("${marker.instance}" on "${marker.host}")`
  return new BackupError('STORE_FOREIGN', `the store "${name}" at "${place}" has ${owner}; nothing is written or removed there`, {
    hint: 'Give each installation a directory or prefix of its own; if the other one is gone for good, make the store this one\'s with "holdfast rebuild --take-over".',
    details: { store: name }
  })
}

function lost ({ name, place }: Store, known: number): BackupError {
  return new BackupError('STORE_UNAVAILABLE', `the store "${name}" at "${place}" is missing or empty, but the catalog knows ${known} backups in it`, {
    hint: 'Mount the disk that they are on, or correct its place in the configuration; if they are lost for good, "holdfast rebuild --accept-empty" goes on without them.',
    details: { store: name }
  })
}
