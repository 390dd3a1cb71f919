import { isLive, type Backup, type BackupOutline, type OutlineWithStores } from '../../core/backup/backup.ts'
import { toBackupError } from '../../core/errors.ts'
import type { Store } from '../../core/ports/store.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { applyRetention, type Retained, type RetentionPolicy } from '../../core/retention/retention.ts'
import { namesIn } from '../artifacts/absent.ts'
import { offsiteKey, promisedStores } from '../artifacts/locations.ts'
import type { EngineDeps, OffsiteStore } from '../deps.ts'
import { copyLock } from '../jobs/locks.ts'
import { holderOf, evictLocal } from './evict.ts'

export interface RetainedCopy extends Retained {
  readonly store: string
}

/** A store that keeps copies by rules of its own, and not for as long as the backup stays where it landed. */
export function hasOwnRules ({ retention, maxBackups }: Pick<OffsiteStore, 'retention' | 'maxBackups'>): boolean {
  return retention !== null || maxBackups !== null
}

/** Tells the names of everything in a store; undefined: it cannot be asked now, or is not the right one. */
export type Holdings = (store: Store) => Promise<ReadonlySet<string> | undefined>

/** Lists each store once, when it is first asked for. Rejects as the catalog does. */
export function holdings (deps: EngineDeps, signal: AbortSignal): Holdings {
  const found = new Map<string, ReadonlySet<string> | undefined>()
  return async store => {
    if (!found.has(store.name)) found.set(store.name, await heldIn(deps, store, signal))
    return found.get(store.name)
  }
}

async function heldIn (
  { ownership }: EngineDeps,
  store: Store,
  signal: AbortSignal
): Promise<ReadonlySet<string> | undefined> {
  try {
    const { state } = await ownership.inspect(store, signal)
    // One without a marker that holds what is known of it is claimed with the next copy.
    return state === 'ours' || state === 'unclaimed' ? await namesIn(store, signal) : undefined
  } catch (thrown) {
    if (signal.aborted || toBackupError(thrown).code.startsWith('CATALOG_')) throw thrown
    return undefined
  }
}

/**
 * Every copy of the source in the stores with rules of their own, with the rule that keeps or removes it. With `held`,
 * a store from which one would go is asked what it holds: what is not there fills no place that another copy would have
 * to leave for it. Changes nothing.
 */
export async function decideCopies (
  deps: EngineDeps,
  existing: readonly OutlineWithStores[],
  shared: Pick<RetentionPolicy, 'timeZone' | 'freshSince' | 'suspect' | 'pace' | 'others'>,
  held: Holdings | undefined
): Promise<readonly RetainedCopy[]> {
  const decided: RetainedCopy[] = []
  for (const { store, retention, maxBackups } of [...deps.offsite.values()].filter(hasOwnRules)) {
    const decide = (outlines: readonly OutlineWithStores[]): readonly Retained[] =>
      applyRetention(outlines, { ...shared, rules: retention, maxBackups }, deps.clock.now())
    const known = existing.filter(outline => isLive(outline) && outline.stores.includes(store.name))
    const byCatalog = decide(known)
    const isAsked = held !== undefined && byCatalog.some(({ keep }) => !keep)
    const retained = isAsked ? byHoldings(known, byCatalog, decide, await held(store)) : byCatalog
    decided.push(...retained.map(one => ({ ...one, store: store.name })))
  }
  return decided
}

/** What is decided in view of what is really there. Newest first. */
function byHoldings (
  known: readonly OutlineWithStores[],
  byCatalog: readonly Retained[],
  decide: (there: readonly OutlineWithStores[]) => readonly Retained[],
  names: ReadonlySet<string> | undefined
): readonly Retained[] {
  if (names === undefined) {
    return byCatalog.map(({ backup }) => stays(backup, 'the store cannot be listed now'))
  }
  const isThere = (outline: OutlineWithStores): boolean => names.has(offsiteKey(outline))
  return withAbsent(decide(known.filter(isThere)), known.filter(outline => !isThere(outline)))
}

/**
 * What is not there fills no place that another backup would have to leave for it, and is not removed either: it may
 * turn up again. Newest first.
 */
export function withAbsent (decisions: readonly Retained[], absent: readonly OutlineWithStores[]): readonly Retained[] {
  if (absent.length === 0) return decisions
  return [...decisions, ...absent.map(backup => stays(backup, 'its file is missing from the store'))].toSorted((a, b) =>
    b.backup.id - a.backup.id
  )
}

function stays (backup: BackupOutline, reason: string): Retained {
  return { backup, keep: true, reasons: [reason], removal: null, isBeyond: false }
}

/** What the other stores say of one backup that is to leave the landing store. */
export interface CopyVerdict {
  /** A store keeps it by rules of its own: then only the landing store lets go of it. */
  readonly isKept: boolean
  /** A store would keep it that does not have it yet: then it stays until that has it. */
  readonly waitsFor: string | undefined
}

/** Decides on one backup of a source, given what was decided on its copies. */
export function copyVerdict (
  deps: EngineDeps,
  { source }: ProtectedSource,
  outline: OutlineWithStores,
  copies: readonly RetainedCopy[],
  shared: Pick<RetentionPolicy, 'timeZone' | 'suspect' | 'pace' | 'others'>
): CopyVerdict {
  const isKept = copies.some(({ backup, keep }) => backup.id === outline.id && keep)
  const waitsFor = promisedStores(deps, source.name).find(({ store, retention, maxBackups }) => {
    if (!hasOwnRules({ retention, maxBackups }) || outline.stores.includes(store.name)) return false
    const there = copies.filter(copy => copy.store === store.name && copy.keep).map(({ backup }) => backup)
    const decided = applyRetention(
      [...there, outline],
      { ...shared, rules: retention, maxBackups, freshSince: null },
      deps.clock.now()
    )
    // The newest one there is always kept, whether or not a rule wants it: that is no reason to wait.
    return decided.some(({ backup, keep, reasons }) =>
      backup.id === outline.id && keep && reasons.some(reason => !/^(suspect: )?newest /.test(reason))
    )
  })
  return { isKept, waitsFor: waitsFor?.store.name }
}

/**
 * Evicts a backup, and retires its copies in stores without rules of their own, if a store that keeps it longer really
 * has it. The caller holds the lock of the backup.
 */
export async function evictKeptElsewhere (deps: EngineDeps, backup: Backup): Promise<Backup> {
  if (await holderOf(deps, backup, hasOwnRules) === undefined) return backup
  for (const { store, status } of backup.copies) {
    const offsite = deps.offsite.get(store)
    if (offsite !== undefined && !hasOwnRules(offsite) && status !== 'removing') {
      await deps.catalog.copies.retire(backup.id, store)
    }
  }
  return await evictLocal(deps, await deps.catalog.backups.get(backup.id))
}

/** Lets go of one copy, unless some job is at work on it. The copier removes it. Says whether it was let go of. */
export async function retireCopy (deps: EngineDeps, id: number, store: string, jobId: number): Promise<boolean> {
  const lock = await deps.runner.locks.tryLock([copyLock(id, store)], jobId)
  if (lock === undefined) return false
  try {
    await deps.catalog.copies.retire(id, store)
    return true
  } finally {
    await lock.release()
  }
}
