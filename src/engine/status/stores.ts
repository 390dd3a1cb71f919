import type { RetentionRules } from '../../core/retention/rules.ts'
import type { StoreProbe } from '../../core/ports/store-probe.ts'
import { requireOffsite } from '../artifacts/locations.ts'
import type { EngineDeps } from '../deps.ts'
import { probeStore, type Probed } from '../replication/probe-store.ts'

/** A place where backups are kept, and how it stands. */
export interface StoreState {
  readonly name: string
  readonly kind: string
  readonly place: string
  /** Backups land here first. */
  readonly isLanding: boolean
  /** It was only taken over from, by its URL: nothing is ever written there. */
  readonly isRemembered: boolean
  /** `waiting`: copies are still to come; `failing`: the last try of one of them failed. */
  readonly state: 'ok' | 'waiting' | 'failing'
  /** How many backups it holds, … */
  readonly stored: number
  /** … and their bytes. */
  readonly bytes: number
  /** Copies that were promised and are not there yet. */
  readonly waiting: number
  readonly failure: string | null
  readonly isAppendOnly: boolean
  readonly hasLock: boolean
  /** Rules of its own; null: none. */
  readonly retention: RetentionRules | null
  readonly maxBackups: number | null
  /** Bytes a second; null: no limit. */
  readonly bandwidth: number | null
}

/**
 * The store in which backups land, then the others in the order in which they are configured, then those that are only
 * remembered. Asks none of them anything.
 */
export async function storeStates ({ store, offsite, externalStores, catalog: { copies } }: Pick<
  EngineDeps,
  'store' | 'offsite' | 'externalStores' | 'catalog'
>): Promise<readonly StoreState[]> {
  const [counts, late] = [await copies.counts(), await copies.waiting()]
  const plain = { isAppendOnly: false, hasLock: false, retention: null, maxBackups: null, bandwidth: null }
  const read = [...externalStores.values()].map(store => ({ store, ...plain }))
  return [{ store, ...plain }, ...offsite.values(), ...read].map(
    ({ store: { name, kind, place }, isAppendOnly, hasLock, retention, maxBackups, bandwidth }) => {
      const { stored, bytes, waiting } = counts.find(one => one.store === name) ?? { stored: 0, bytes: 0, waiting: 0 }
      const failure = late.find(one => one.store === name && one.failure !== null)?.failure?.message ?? null
      const state = failure !== null ? 'failing' : waiting > 0 ? 'waiting' : 'ok'
      return {
        name,
        kind,
        place,
        isLanding: name === store.name,
        isRemembered: externalStores.has(name),
        state,
        stored,
        bytes,
        waiting,
        failure,
        isAppendOnly,
        hasLock,
        retention,
        maxBackups,
        bandwidth
      }
    }
  )
}

/** See `probeStore`; in a store of another installation nothing is written. Throws `STORE_NOT_FOUND`. */
export async function probeByName (deps: EngineDeps, name: string, signal: AbortSignal): Promise<StoreProbe> {
  return await probeOwn(
    deps,
    name === deps.store.name ? { store: deps.store, isAppendOnly: false, hasLock: false } : requireOffsite(deps, name),
    signal
  )
}

/** The same of one of our stores. */
export async function probeOwn (
  { ownership }: Pick<EngineDeps, 'ownership'>,
  { store, isAppendOnly, hasLock }: Omit<Probed, 'requireWritable'>,
  signal: AbortSignal
): Promise<StoreProbe> {
  const requireWritable = async (): Promise<void> => {
    // One that nobody has claimed, or that has lost everything, may be tried, and is not claimed by that.
    if ((await ownership.inspect(store, signal)).state === 'foreign') await ownership.require(store, signal)
  }
  return await probeStore({ store, isAppendOnly, hasLock, requireWritable }, signal)
}
