import { totalSizeOf } from '../../core/backup/manifest.ts'
import { toBackupError, type ErrorCode } from '../../core/errors.ts'
import { TRASH, fileName } from '../../core/backup/object-key.ts'
import type { Store } from '../../core/ports/store.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { recordAbsent } from '../artifacts/absent.ts'
import type { EngineDeps } from '../deps.ts'
import { isOwnBackup, UNKNOWN_INSTANCE, type InstanceMarker } from '../../core/instance.ts'
import { readManifests, type FoundManifest } from './scan-manifests.ts'
import { landingCopy } from '../artifacts/objects.ts'
import { isEmpty } from '../replication/restore-note.ts'

/** What a store holds of one source, by the manifests there. */
export interface FoundSource {
  readonly source: string
  readonly backups: number
  /** Of the stored objects. */
  readonly bytes: number
  readonly oldest: Date
  readonly newest: Date
}

export interface RebuiltStore {
  readonly name: string
  readonly kind: string
  /** Where it is, for people. */
  readonly place: string
  /** In the order of names. */
  readonly sources: readonly FoundSource[]
  /** Backups that the catalog did not know. */
  readonly added: number
  /** Backups that it knew, and has one copy more of. */
  readonly joined: number
  /** Backups of other installations: they are listed, and no rule touches them. */
  readonly foreign: number
  /** Manifests that could not be taken over, with the reason. */
  readonly refused: ReadonlyArray<{ readonly key: string, readonly reason: string }>
  /** Why not everything that is there could be read; null: it could. */
  readonly failure: { readonly code: ErrorCode, readonly message: string } | null
}

export interface Rebuilt {
  /** Backups that the manifests tell of, each counted once. */
  readonly adopted: number
  /** In the order in which they were read. */
  readonly stores: readonly RebuiltStore[]
}

export interface RebuildPlan {
  /** Several may hold the same backup: what the first says of it holds. */
  readonly stores: readonly Store[]
  /** Only looks, and leaves the catalog as it is. */
  readonly isListing: boolean
  /** Every backup found becomes this installation's own, and so do the stores. */
  readonly takeOver?: boolean
}

/**
 * Makes the catalog's rows again from the manifests in the stores, and from nothing else. A backup that is in several
 * of them is one row with as many copies. Rows that are there already stay; nothing in a store is changed, and a file
 * without a manifest is left alone. May be repeated, also after a kill, and beside a service at work: a backup that
 * goes away meanwhile is passed over. A store that fails hinders none of the others, and is part of the outcome; the
 * only one that is asked rejects with the error of the store.
 */
export async function rebuild (
  deps: EngineDeps,
  { stores, isListing, takeOver = false }: RebuildPlan,
  signal: AbortSignal
): Promise<Rebuilt> {
  const names = new Set<string>()
  const rebuilt: RebuiltStore[] = []
  for (const store of stores) {
    rebuilt.push(await rebuildFrom(deps, store, { isListing, takeOver, isAlone: stores.length === 1, names }, signal))
  }
  return { adopted: names.size, stores: rebuilt }
}

interface Round {
  readonly isListing: boolean
  readonly takeOver: boolean
  readonly isAlone: boolean
  /** Every backup that was found in any of the stores. */
  readonly names: Set<string>
}

async function rebuildFrom (
  deps: EngineDeps,
  store: Store,
  { isListing, takeOver, isAlone, names }: Round,
  signal: AbortSignal
): Promise<RebuiltStore> {
  const tally = new Map<string, FoundSource>()
  const counts = { added: 0, joined: 0, known: 0 }
  const instances = new Set<string>()
  let foreign = 0
  let marker: InstanceMarker | undefined
  const refused: Array<{ key: string, reason: string }> = []
  const take = async ({ manifest, object }: FoundManifest): Promise<void> => {
    deps.signing.require(manifest)
    const owner = takeOver || isOwnBackup(deps.ownership.identity, manifest.instance, marker)
      ? null
      : manifest.instance ?? marker?.instance ?? UNKNOWN_INSTANCE
    if (manifest.instance !== undefined) instances.add(manifest.instance)
    if (owner !== null) foreign++
    if (!isListing) counts[await adopt(deps, store, { manifest, object }, owner, signal)]++
    const { name } = manifest.source
    names.add(`${name}/${fileName(object.key)}`)
    tally.set(name, grown(tally.get(name), { manifest, object }))
  }
  let failure: RebuiltStore['failure'] = null
  try {
    if (takeOver) await takeFirst(deps, store, signal)
    marker = await claimedMarker(deps, store, signal)
    await readManifests({
      store,
      hasTrash: store.name === deps.store.name,
      take,
      refuse: (key, reason) => {
        refused.push({ key, reason })
      }
    }, signal)
    // A catalog that is made again later must find these backups to be its own, too.
    if (takeOver) await deps.ownership.takeOver(store, [...instances], signal)
    if (takeOver) await recordAbsent(deps, store, signal)
  } catch (thrown) {
    signal.throwIfAborted()
    const { code, message } = toBackupError(thrown)
    if (isAlone || !FAILURES.has(code)) throw thrown
    failure = { code, message }
  }
  return {
    name: store.name,
    kind: store.kind,
    place: store.place,
    sources: [...tally.values()].toSorted((a, b) => order(a.source, b.source)),
    added: counts.added,
    joined: counts.joined,
    foreign,
    refused: refused.toSorted((a, b) => order(a.key, b.key)),
    failure
  }
}

/**
 * Before anything in it is believed. Throws `STORE_UNAVAILABLE` for a landing store that should hold backups and is
 * empty: only `acceptEmpty` takes that for granted.
 */
async function takeFirst ({ ownership, store: landing }: EngineDeps, store: Store, signal: AbortSignal): Promise<void> {
  if (
    store.name === landing.name && (await ownership.inspect(store, signal)).state === 'lost' &&
    await isEmpty(store, signal)
  ) {
    await ownership.require(store, signal)
  }
  await ownership.takeOver(store, [], signal)
}

/** The marker of the store; that which it is about to get, where it has none and its backups are known here. */
async function claimedMarker (
  { ownership }: EngineDeps,
  store: Store,
  signal: AbortSignal
): Promise<InstanceMarker | undefined> {
  const { state, marker } = await ownership.inspect(store, signal)
  if (marker !== undefined || state !== 'unclaimed') return marker
  return {
    format: 'holdfast-instance',
    version: 1,
    instance: ownership.identity.id,
    host: ownership.identity.host,
    created: '',
    formerly: []
  }
}

/** What is of the store, and not of ours. */
const FAILURES: ReadonlySet<ErrorCode> = new Set(['STORE_UNAVAILABLE', 'STORE_FAILED'])

async function adopt (
  deps: EngineDeps,
  store: Store,
  { manifest, object: { key, modifiedAt } }: FoundManifest,
  foreignInstance: string | null,
  signal: AbortSignal
): Promise<'added' | 'joined' | 'known'> {
  const { clock, catalog } = deps
  const hasLanded = store.name === deps.store.name
  const found = {
    key,
    hasLanded,
    foreignInstance,
    // Its grace begins anew: since when it has been there is not written in the store.
    trashedAt: key.startsWith(TRASH) ? clock.now() : null,
    neverDeleted: deps.externalStores.has(store.name) || deps.offsite.get(store.name)?.isAppendOnly === true,
    copy: { ...landingCopy(store, key, manifest), ...!hasLanded && { uploadedAt: modifiedAt } }
  }
  const { backup, outcome } = await catalog.backups.adopt(manifest, found)
  // The files go before the row does: a backup that is there although its row is gone was not there when it was
  // removed, or was put back.
  if (!hasLanded || backup.deletedAt === null || !await hasObject(store, key, signal)) return outcome
  return (await catalog.backups.adopt(manifest, { ...found, neverDeleted: true })).outcome
}

function grown (before: FoundSource | undefined, { manifest }: FoundManifest): FoundSource {
  const size = totalSizeOf(manifest)
  const at = new Date(manifest.startedAt)
  if (before === undefined) return { source: manifest.source.name, backups: 1, bytes: size, oldest: at, newest: at }
  const { source, backups, bytes, oldest, newest } = before
  return {
    source,
    backups: backups + 1,
    bytes: bytes + size,
    oldest: at < oldest ? at : oldest,
    newest: at > newest ? at : newest
  }
}

function order (a: string, b: string): number {
  return a < b ? -1 : 1
}
