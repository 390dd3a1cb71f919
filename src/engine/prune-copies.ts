import type { Backup, PlacedOutline } from '../core/backup.ts'
import { applyRetention, type RetentionPolicy } from '../core/retention.ts'
import type { EngineDeps, OffsiteStore, ProtectedSource } from './deps.ts'
import type { RetainedCopy } from './engine.ts'
import { copyHold } from './holds.ts'
import { promisedStores } from './offsite.ts'
import { holderOf, releaseLanding } from './release.ts'

/** A store that keeps copies by rules of its own, and not for as long as the backup stays where it landed. */
export function hasOwnRules ({ retention, maxBackups }: Pick<OffsiteStore, 'retention' | 'maxBackups'>): boolean {
  return retention !== null || maxBackups !== null
}

/** Every copy of the source in the stores with rules of their own, with the rule that keeps or removes it. Changes nothing. */
export function decideCopies (deps: EngineDeps, existing: readonly PlacedOutline[], shared: Pick<RetentionPolicy, 'timeZone' | 'freshSince' | 'suspect' | 'pace'>): readonly RetainedCopy[] {
  return [...deps.offsite.values()].filter(hasOwnRules).flatMap(({ store, retention, maxBackups }) => {
    const there = existing.filter(({ stores }) => stores.includes(store.name))
    return applyRetention(there, { ...shared, rules: retention, maxBackups }, deps.clock.now()).map(retained => ({ ...retained, store: store.name }))
  })
}

/** What the other stores say of one backup that is to leave the landing store. */
export interface Elsewhere {
  /** A store keeps it by rules of its own: then only the landing store lets go of it. */
  readonly isKept: boolean
  /** A store would keep it that does not have it yet: then it stays until that has it. */
  readonly waitsFor: string | undefined
}

/** Decides on one backup of a source, given what was decided on its copies. */
export function elsewhere (deps: EngineDeps, { source }: ProtectedSource, outline: PlacedOutline, copies: readonly RetainedCopy[], shared: Pick<RetentionPolicy, 'timeZone' | 'suspect' | 'pace'>): Elsewhere {
  const isKept = copies.some(({ backup, keep }) => backup.id === outline.id && keep)
  const waitsFor = promisedStores(deps, source.name).find(({ store, retention, maxBackups }) => {
    if (!hasOwnRules({ retention, maxBackups }) || outline.stores.includes(store.name)) return false
    const there = copies.filter(copy => copy.store === store.name && copy.keep).map(({ backup }) => backup)
    const decided = applyRetention([...there, outline], { ...shared, rules: retention, maxBackups, freshSince: null }, deps.clock.now())
    // The newest one there is always kept, whether or not a rule wants it: that is no reason to wait.
    return decided.some(({ backup, keep, reasons }) => backup.id === outline.id && keep && reasons.some(reason => !/^(suspect: )?newest /.test(reason)))
  })
  return { isKept, waitsFor: waitsFor?.store.name }
}

/** Lets go of a backup where it landed, and wherever copies stay no longer than there, if a store that keeps it longer really has it. The caller holds the backup. */
export async function leaveLanding (deps: EngineDeps, backup: Backup): Promise<Backup> {
  if (await holderOf(deps, backup, hasOwnRules) === undefined) return backup
  for (const { store, status } of backup.copies) {
    const offsite = deps.offsite.get(store)
    if (offsite !== undefined && !hasOwnRules(offsite) && status !== 'removing') await deps.catalog.copies.retire(backup.id, store)
  }
  return await releaseLanding(deps, await deps.catalog.backups.get(backup.id))
}

/** Lets go of one copy, unless some job is at work on it. The copier removes it. Says whether it was let go of. */
export async function retireCopy (deps: EngineDeps, id: number, store: string, jobId: number): Promise<boolean> {
  const claim = await deps.runner.holds.tryClaim([copyHold(id, store)], jobId)
  if (claim === undefined) return false
  try {
    await deps.catalog.copies.retire(id, store)
    return true
  } finally {
    await claim.release()
  }
}
