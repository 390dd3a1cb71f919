import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { isLive, totalSize, type Backup, type BackupOutline, type OutlineWithStores } from '../../core/backup/backup.ts'
import { firstSuspect } from '../../core/backup/suspicion.ts'
import { BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { countChains, inOrderOfRemoval, keepBuiltOn } from '../../core/retention/chain-removal.ts'
import { applyRetention, isMassRemoval, type Retained } from '../../core/retention/retention.ts'
import { isAbsent, landedObjects } from '../artifacts/absent.ts'
import { hasLanded, locationsOf, type ObjectLocation } from '../artifacts/locations.ts'
import { missingPart } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import type { RetainedCopy } from './prune-copies.ts'
import { removalLocks, retentionLock } from '../jobs/locks.ts'
import { freshSince, rulesInForce } from './deadlines.ts'
import { holderOf } from './evict.ts'
import {
  decideCopies,
  copyVerdict,
  hasOwnRules,
  holdings,
  evictKeptElsewhere,
  retireCopy,
  withAbsent,
  type CopyVerdict,
  type Holdings
} from './prune-copies.ts'
import type { Removal } from './removal.ts'
import { paceOf } from './surplus.ts'
import { erase, moveToTrash } from './trash.ts'

export interface Pruned {
  readonly dryRun: boolean
  /** Every live backup of the sources asked for, with the rule that decided. */
  readonly decisions: readonly Retained[]
  /** Those that were removed; empty on a dry run. */
  readonly removed: readonly Backup[]
  /** What becomes of the copies in stores with rules of their own. */
  readonly copies: readonly RetainedCopy[]
  /** On a dry run: sources of which so much would go that only `force` removes it. */
  readonly refused: readonly PruneRefusal[]
}

export interface PruneRefusal {
  readonly source: string
  /** So many backups would go, … */
  readonly going: number
  /** … of so many that there are. */
  readonly of: number
}

interface Decided {
  /**
   * Every live backup that is in the landing store, or in one that keeps copies for as long. Those that are only
   * remembered of other stores are nobody's here.
   */
  readonly decisions: readonly Retained[]
  readonly copies: readonly RetainedCopy[]
}

interface Occasion {
  readonly freshSince: Date | null
  /** Whether an admin asks for it: then every backup counts, however fast they were made. */
  readonly isByAdmin: boolean
  /** Names of the objects in the landing store; undefined: it is not the one to go by. */
  readonly landed: ReadonlySet<string> | undefined
  /** What the other stores hold; left out: what the catalog knows in them counts. */
  readonly held?: Holdings
}

/** Every live backup of the source with the rule that keeps or removes it. Changes nothing. */
async function decide (
  deps: EngineDeps,
  chosen: ProtectedSource,
  { freshSince, isByAdmin, landed, held }: Occasion
): Promise<Decided> {
  const { maxBackups, retention, schedule } = deps.settings.policyFor(chosen)
  const existing = await deps.catalog.backups.existing(chosen.source.name)
  const isAbsent = (outline: OutlineWithStores): boolean =>
    landed !== undefined && isLive(outline) && outline.stores.includes(deps.store.name) && !landed.has(outline.key)
  // Of all that there are, wherever they are: a store that has not got the suspect yet lets go of nothing either.
  const shared = {
    timeZone: schedule?.timeZone ?? 'UTC',
    freshSince,
    suspect: firstSuspect(existing),
    pace: isByAdmin ? null : paceOf(deps, chosen),
    others: existing.filter(isLive)
  }
  const copies = await decideCopies(deps, existing, shared, held)
  const own = new Set([...deps.offsite.values()].filter(hasOwnRules).map(({ store }) => store.name))
  const home = existing.filter(({ stores }) =>
    stores.length === 0 || stores.some(store => !own.has(store) && !deps.externalStores.has(store))
  )
  const byId = new Map(home.map(outline => [outline.id, outline]))
  const decisions = applyRetention(home.filter(outline => !isAbsent(outline)), {
    ...shared,
    maxBackups,
    rules: retention
  }, deps.clock.now()).map(retained => {
    const outline = byId.get(retained.backup.id)
    return retained.keep || outline === undefined
      ? retained
      : inView(retained, copyVerdict(deps, chosen, outline, copies, shared))
  })
  return withBuiltOn({ decisions: withAbsent(decisions, home.filter(isAbsent)), copies }, shared.others)
}

/** Nothing goes from the last store that has it while something is built on it that stays in another. */
function withBuiltOn ({ decisions, copies }: Decided, live: readonly BackupOutline[]): Decided {
  const all = keepBuiltOn<Retained | RetainedCopy>([...decisions, ...copies], live)
  return {
    decisions: all.slice(0, decisions.length),
    copies: all.slice(decisions.length).flatMap(one => 'store' in one ? [one] : [])
  }
}

/** What is decided for the landing store, in view of what the others keep. */
function inView (retained: Retained, { isKept, waitsFor }: CopyVerdict): Retained {
  if (waitsFor !== undefined) {
    return { ...retained, keep: true, reasons: [`waiting for its copy in "${waitsFor}"`], removal: null }
  }
  return isKept
    ? { ...retained, reasons: [...retained.reasons, 'another store has a copy'], removal: 'evict' }
    : retained
}

/**
 * Tells what the policy keeps and removes, and, unless it is a dry run, removes it. No source hinders another: one of
 * which more would go at once than anybody is likely to want is left as it is, unless `force` says otherwise, and what
 * cannot be removed stays. The rest is done all the same; at the end the first error is thrown, or `PRUNE_REFUSED`. The
 * caller holds the retention of the sources.
 */
export async function prune (
  deps: EngineDeps,
  sources: readonly ProtectedSource[],
  { dryRun, force, isByAdmin }: { readonly dryRun: boolean, readonly force: boolean, readonly isByAdmin: boolean },
  task: Task
): Promise<Pruned> {
  const decisions: Retained[] = []
  const copies: RetainedCopy[] = []
  const removed: Backup[] = []
  const errors: unknown[] = []
  const refused: PruneRefusal[] = []
  task.phase('removing')
  const inForce = await rulesInForce(deps)
  const landed = await landedObjects(deps, task.signal)
  const held = holdings(deps, task.signal)
  for (const chosen of sources) {
    const fresh = freshSince(deps, chosen, deps.settings.policyFor(chosen), inForce)
    const decided = await decide(deps, chosen, { freshSince: fresh, isByAdmin, landed, held })
    decisions.push(...decided.decisions)
    copies.push(...decided.copies)
    for (const group of groupsOf(decided)) {
      const going = group.filter(({ keep }) => !keep)
      const lost = countChains(group, ({ keep, removal }) => !keep && removal !== 'evict')
      if (!force && isMassRemoval(lost.going, lost.of)) {
        refused.push({ source: chosen.source.name, ...lost })
      } else if (!dryRun) {
        const outcome = await removeAll(deps, going, task)
        removed.push(...outcome.removed.flatMap(({ backup, removal }) => removal === 'evict' ? [] : [backup]))
        errors.push(...outcome.errors)
      }
    }
  }
  if (errors.length > 0) throw errors[0]
  if (!dryRun && refused.length > 0) throw refusal(refused, removed.length)
  return { dryRun, decisions, copies, removed, refused }
}

/** The copies of each store for themselves, then the landing store: what leaves one may still be in another. */
function groupsOf ({ decisions, copies }: Decided): ReadonlyArray<ReadonlyArray<Retained | RetainedCopy>> {
  const stores = [...new Set(copies.map(({ store }) => store))]
  return [...stores.map(name => copies.filter(({ store }) => store === name)), decisions]
}

function refusal (refused: readonly PruneRefusal[], removed: number): BackupError {
  const [first] = refused
  const list = refused.map(({ source, going, of }) => `${going} of the ${of} backups of "${source}"`).join(' and ')
  return new BackupError('PRUNE_REFUSED', `the prune would remove ${list}; none of them was removed`, {
    hint: 'Review the removals with a dry run. To remove them anyway, use "force".',
    details: { sources: refused.length, going: first?.going ?? 0, of: first?.of ?? 0, removed }
  })
}

/**
 * Rotation by `maxBackups`, after a backup that was proven. It is a promise about disk space: what scheduled backups
 * push out is gone at once, without the trash; but where somebody has just lowered the limit, so that most of what
 * there is would go, and where backups made by hand push something out, it goes into the trash, which gives way itself
 * when room is wanted. By hand nothing is pushed out faster than the schedule would do it: whoever may make backups,
 * and not remove any, could otherwise remove them all. What the rules of the source keep goes last; what is within the
 * limit waits for the prune.
 *
 * Resolves with each backup that went, and with the errors of those that could not go: they stay, and the next rotation
 * tries again. Rejects where nothing could be decided.
 */
export async function rotate (deps: EngineDeps, chosen: ProtectedSource, task: Task): Promise<Outcome> {
  if (deps.settings.policyFor(chosen).maxBackups === null) return { removed: [], errors: [] }
  const lock = await deps.runner.lockWhenFree([retentionLock(chosen.source.name)], task)
  try {
    // The disk may have gone away while the backup was made. Other stores are not listed for each backup: no copy
    // leaves them here alone.
    await deps.ownership.require(deps.store, task.signal)
    const { decisions } = await decide(deps, chosen, {
      freshSince: null,
      isByAdmin: false,
      landed: await landedObjects(deps, task.signal)
    })
    const going = decisions.filter(({ removal, isBeyond }) => isBeyond || removal === 'evict')
    const erased = countChains(decisions, ({ removal }) => removal === 'erase')
    const isMass = isMassRemoval(erased.going, erased.of)
    return await removeAll(
      deps,
      isMass ? going.map(one => one.removal === 'erase' ? { ...one, removal: 'trash' as const } : one) : going,
      task
    )
  } finally {
    await lock.release()
  }
}

interface Outcome {
  /** Those that left the landing store; not those of which only another store has let go. */
  readonly removed: readonly Removal[]
  readonly errors: readonly unknown[]
}

/**
 * Oldest first, so that an end halfway leaves the newer ones, and of a chain the increments first. A backup that
 * another job is at work on waits for the next time, and so does one that cannot be removed: it hinders none of the
 * others but those that it is built on.
 */
async function removeAll (
  deps: EngineDeps,
  going: ReadonlyArray<Retained | RetainedCopy>,
  task: Task
): Promise<Outcome> {
  const removed: Removal[] = []
  const errors: unknown[] = []
  const needed = new Set<number>()
  for (const retained of inOrderOfRemoval(going)) {
    const { id, parentId } = retained.backup
    task.signal.throwIfAborted()
    const locks = removalLocks(id)
    const lock = needed.has(id) ? undefined : await deps.runner.locks.tryLock(locks, task.jobId)
    let isDone = false
    try {
      const backup = lock === undefined ? undefined : await deps.catalog.backups.get(id)
      // It may have been pinned, or built on, since it was decided on.
      if (backup === undefined || backup.pinned || await isBuiltOnSince(deps, backup, retained)) continue
      const gone = await removeOne(deps, backup, retained, task)
      if (gone !== undefined) removed.push(gone)
      isDone = gone !== undefined || retained.removal === 'evict' || 'store' in retained
    } catch (error) {
      errors.push(error)
    } finally {
      if (!isDone && parentId !== null) needed.add(parentId)
      await lock?.release()
    }
  }
  return { removed, errors }
}

/** Whether an increment keeps it here. A copy that other stores have, too, is for the decision on that store alone. */
async function isBuiltOnSince (deps: EngineDeps, backup: Backup, retained: Retained | RetainedCopy): Promise<boolean> {
  if (retained.removal === 'evict' || ('store' in retained && locationsOf(deps, backup).length > 1)) return false
  return await deps.catalog.backups.isBuiltOn(backup.id)
}

/** undefined: only another store has let go of it, or its object is not there to be removed. */
async function removeOne (
  deps: EngineDeps,
  backup: Backup,
  retained: Retained | RetainedCopy,
  task: Task
): Promise<Removal | undefined> {
  const { reasons } = retained
  const isGone = await isAbsent(deps, backup)
  const others = 'store' in retained
    ? locationsOf(deps, backup).filter(({ store: { name } }) =>
      name !== retained.store && !(isGone && name === deps.store.name)
    )
    : []
  if ('store' in retained && others.length > 0) {
    if (await isHeldIn(deps, backup, others)) await retireCopy(deps, backup.id, retained.store, task.jobId)
    return undefined
  }
  if (isGone) return undefined
  if (!('store' in retained) && retained.removal === 'evict') {
    const evicted = await evictKeptElsewhere(deps, backup)
    return hasLanded(deps, evicted) ? undefined : { backup: evicted, removal: 'evict', reasons }
  }
  return 'store' in retained || retained.removal === 'trash'
    ? { backup: await moveToTrash(deps, backup), removal: 'trash', reasons }
    : { backup: await eraseAtOnce(deps, backup, reasons.join('; ')), removal: 'erase', reasons }
}

/**
 * Whether one of the places that should have the backup has it when it is asked now. One that cannot be asked counts as
 * one that has it not.
 */
async function isHeldIn (deps: EngineDeps, backup: Backup, locations: readonly ObjectLocation[]): Promise<boolean> {
  // The landing store has been asked before.
  if (locations.some(({ store }) => store.name === deps.store.name)) return true
  if (
    await holderOf(deps, backup, ({ store }) => locations.some(place => place.store.name === store.name)) !== undefined
  ) {
    return true
  }
  for (const { store, key } of locations.filter(({ store }) => deps.externalStores.has(store.name))) {
    const stored = { size: totalSize(backup), parts: backup.parts }
    const wrong = await missingPart(store, key, stored, cleanupSignal()).catch(() => 'it cannot be reached')
    if (wrong === undefined) return true
  }
  return false
}

/** The row says first that it is on its way out, so that a removal that fails is finished by housekeeping. */
async function eraseAtOnce (deps: EngineDeps, backup: Backup, reason: string): Promise<Backup> {
  const marked = await deps.catalog.backups.trash(backup.id, backup.key, backup.filePath, deps.clock.now())
  return await erase(deps, marked, reason)
}
