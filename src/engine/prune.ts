import type { Backup } from '../core/backup.ts'
import { BackupError } from '../core/errors.ts'
import { applyRetention, isMassRemoval, type Retained } from '../core/retention.ts'
import type { EngineDeps, ProtectedSource } from './deps.ts'
import { freshSince } from './due.ts'
import type { Pruned, PruneRefusal } from './engine.ts'
import { backupHold, retentionHold } from './holds.ts'
import { erase, moveToTrash } from './remove.ts'
import type { Task } from './runner.ts'

/** Every live backup of the source with the rule that keeps or removes it. Changes nothing. */
export async function decide (deps: EngineDeps, chosen: ProtectedSource): Promise<readonly Retained[]> {
  return await apply(deps, chosen, await freshSince(deps, chosen))
}

async function apply (deps: EngineDeps, chosen: ProtectedSource, freshSince: Date | null): Promise<readonly Retained[]> {
  const { maxBackups, retention, schedule } = deps.settings.policyFor(chosen)
  const policy = { maxBackups, rules: retention, timeZone: schedule?.timeZone ?? 'UTC', freshSince }
  return applyRetention(await deps.catalog.backups.existing(chosen.source.name), policy, deps.clock.now())
}

/**
 * Tells what the policy keeps and removes, and, unless it is a dry run, removes it. No source hinders another: one of
 * which more would go at once than anybody is likely to want is left as it is, unless `force` says otherwise, and what
 * cannot be removed stays. The rest is done all the same; at the end the first error is thrown, or `PRUNE_REFUSED`. The
 * caller holds the retention of the sources.
 */
export async function prune (deps: EngineDeps, sources: readonly ProtectedSource[], { dryRun, force }: { readonly dryRun: boolean, readonly force: boolean }, task: Task): Promise<Pruned> {
  const decisions: Retained[] = []
  const removed: Backup[] = []
  const errors: unknown[] = []
  const refused: PruneRefusal[] = []
  task.phase('removing')
  for (const chosen of sources) {
    const decided = await decide(deps, chosen)
    const going = decided.filter(({ keep }) => !keep)
    decisions.push(...decided)
    if (!force && isMassRemoval(going.length, decided.length)) {
      refused.push({ source: chosen.source.name, going: going.length, of: decided.length })
    } else if (!dryRun) {
      const outcome = await removeAll(deps, going, task)
      removed.push(...outcome.removed)
      errors.push(...outcome.errors)
    }
  }
  if (errors.length > 0) throw errors[0]
  if (!dryRun && refused.length > 0) throw refusal(refused, removed.length)
  return { dryRun, decisions, removed, refused }
}

function refusal (refused: readonly PruneRefusal[], removed: number): BackupError {
  const [first] = refused
  const list = refused.map(({ source, going, of }) => `${going} of the ${of} backups of "${source}"`).join(' and ')
  return new BackupError('PRUNE_REFUSED', `${list} would go at once; nothing of that was removed`, {
    hint: 'Look at it with a dry run; if it is what you want, say "force".',
    details: { sources: refused.length, going: first?.going ?? 0, of: first?.of ?? 0, removed }
  })
}

/**
 * Rotation by `maxBackups`, after a backup that was proven. It is a promise about disk space: what it removes is gone at
 * once, without the trash; but where somebody has just lowered the limit, so that most of what there is would go, it
 * goes into the trash, which gives way itself when room is wanted. What the rules of the source keep goes last; what is
 * within the limit waits for the prune.
 */
export async function rotate (deps: EngineDeps, chosen: ProtectedSource, task: Task): Promise<readonly Backup[]> {
  if (deps.settings.policyFor(chosen).maxBackups === null) return []
  const claim = await deps.runner.claimWhenFree([retentionHold(chosen.source.name)], task)
  try {
    const decided = await apply(deps, chosen, null)
    const going = decided.filter(({ removal }) => removal === 'erase')
    const isMass = isMassRemoval(going.length, decided.length)
    const { removed, errors } = await removeAll(deps, isMass ? going.map(one => ({ ...one, removal: 'trash' as const })) : going, task)
    if (errors.length > 0) throw errors[0]
    return removed
  } finally {
    await claim.release()
  }
}

interface Outcome {
  readonly removed: readonly Backup[]
  readonly errors: readonly unknown[]
}

/**
 * Oldest first, so that an end halfway leaves the newer ones. A backup that another job is at work on waits for the next
 * time, and so does one that cannot be removed: it hinders none of the others.
 */
async function removeAll (deps: EngineDeps, going: readonly Retained[], task: Task): Promise<Outcome> {
  const removed: Backup[] = []
  const errors: unknown[] = []
  for (const { backup: { id }, removal, reasons } of going.toReversed()) {
    task.signal.throwIfAborted()
    const claim = await deps.runner.holds.tryClaim([backupHold(id)], task.jobId)
    if (claim === undefined) continue
    try {
      const backup = await deps.catalog.backups.get(id)
      // It may have been pinned since it was decided on.
      if (backup.pinned) continue
      removed.push(removal === 'trash' ? await moveToTrash(deps, backup) : await eraseAtOnce(deps, backup, reasons.join('; ')))
    } catch (error) {
      errors.push(error)
    } finally {
      await claim.release()
    }
  }
  return { removed, errors }
}

/** The row says first that it is on its way out, so that a removal that fails is finished by housekeeping. */
async function eraseAtOnce (deps: EngineDeps, backup: Backup, reason: string): Promise<Backup> {
  const marked = await deps.catalog.backups.trash(backup.id, backup.key, backup.filePath, deps.clock.now())
  return await erase(deps, marked, reason)
}
