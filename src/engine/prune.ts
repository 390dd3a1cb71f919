import type { Backup } from '../core/backup.ts'
import { applyRetention, type Retained } from '../core/retention.ts'
import type { EngineDeps, ProtectedSource } from './deps.ts'
import type { Pruned } from './engine.ts'
import { backupHold, retentionHold } from './holds.ts'
import { erase } from './remove.ts'
import type { Task } from './runner.ts'

/** Every live backup of the source with the rule that keeps or removes it. Changes nothing. */
export async function decide (deps: EngineDeps, chosen: ProtectedSource): Promise<readonly Retained[]> {
  const { maxBackups } = deps.settings.policyFor(chosen)
  return applyRetention(await deps.catalog.backups.existing(chosen.source.name), { maxBackups: maxBackups ?? Number.MAX_SAFE_INTEGER }, deps.clock.now())
}

/** Tells what the policy keeps and removes, and, unless it is a dry run, removes it. The caller holds the retention of the sources. */
export async function prune (deps: EngineDeps, sources: readonly ProtectedSource[], dryRun: boolean, task: Task): Promise<Pruned> {
  const decisions: Retained[] = []
  const removed: Backup[] = []
  task.phase('removing')
  for (const chosen of sources) {
    const decided = await decide(deps, chosen)
    decisions.push(...decided)
    if (!dryRun) removed.push(...await removeDecided(deps, decided, task))
  }
  return { dryRun, decisions, removed }
}

/** Rotation by `maxBackups`, which is a promise about disk space: what it removes is gone at once, without the trash. */
export async function rotate (deps: EngineDeps, chosen: ProtectedSource, task: Task): Promise<readonly Backup[]> {
  const claim = await deps.runner.claimWhenFree([retentionHold(chosen.source.name)], task)
  try {
    return await removeDecided(deps, await decide(deps, chosen), task)
  } finally {
    await claim.release()
  }
}

/** Oldest first, so that an end halfway leaves the newer ones. A backup that another job is at work on waits for the next time. */
async function removeDecided (deps: EngineDeps, decided: readonly Retained[], task: Task): Promise<Backup[]> {
  const removed: Backup[] = []
  for (const { backup, reasons } of decided.filter(({ keep }) => !keep).toReversed()) {
    task.signal.throwIfAborted()
    const claim = await deps.runner.holds.tryClaim([backupHold(backup.id)], task.jobId)
    if (claim === undefined) continue
    try {
      // It may have been pinned since it was decided on.
      if ((await deps.catalog.backups.get(backup.id)).pinned) continue
      const marked = await deps.catalog.backups.trash(backup.id, backup.key, backup.filePath, deps.clock.now())
      removed.push(await erase(deps, marked, reasons.join('; ')))
    } finally {
      await claim.release()
    }
  }
  return removed
}
