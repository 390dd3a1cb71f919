import { BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { Restore, Restorer } from '../../core/restore/restore.ts'
import { recordedManifest } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { requireRestorer, sourcePath } from './restore-plan.ts'

/** So many of the newest restores of a source are looked at for one that was made after this one. */
const LATER = 500

/** A restore whose previous content is kept. */
export interface KeptRestore {
  readonly restore: Restore
  /** The location of the previous content. */
  readonly aside: string
  readonly restorer: Restorer
}

/**
 * The restore, if its previous content is kept. Rejects with `RESTORE_NOT_FOUND`, and with `RESTORE_NOT_UNDOABLE` for
 * one that kept nothing, whose hint has what undoes it instead.
 */
export async function requireKept (deps: EngineDeps, id: number): Promise<KeptRestore> {
  const restore = await deps.catalog.restores.get(id)
  const { aside } = restore
  if (restore.status === 'running' || aside === null) throw notKept(restore)
  const kind = requireKind(deps, (await recordedManifest(deps, restore.backupId)).source.kind)
  return { restore, aside, restorer: requireRestorer(kind) }
}

/**
 * The same for a restore that can be undone: its source has to be where it was, and no later restore may have replaced
 * the restored content.
 */
export async function requireUndoable (deps: EngineDeps, id: number): Promise<KeptRestore> {
  const kept = await requireKept(deps, id)
  const { restore: { source: name, target } } = kept
  const found = deps.sources.get(name)
  if (found === undefined) {
    throw new BackupError('SOURCE_NOT_FOUND', `the source "${name}" of restore ${id} is no longer configured`, {
      hint: `Configure the source again, or rename "${kept.aside}" yourself.`
    })
  }
  const now = sourcePath(requireKind(deps, found.source.kind), found.source.location)
  if (now !== target) {
    throw refused(
      `restore ${id} was made to "${target}", and the source "${name}" is now at "${now}"`,
      `Correct the configuration of the source, or rename "${kept.aside}" yourself.`
    )
  }
  const later = await laterRestore(deps, kept.restore)
  if (later === undefined) return kept
  throw refused(
    `restore ${later.id} replaced the content that restore ${id} had restored`,
    `Undo restore ${later.id} first.`
  )
}

/**
 * Puts the previous content of a restore back in its place, and removes the restored content. The caller holds the
 * source. Rejects as `requireUndoable`, and as `Restorer.revert`; then the restored content is still in its place.
 */
export async function undoRestore (deps: EngineDeps, id: number, task: Task): Promise<Restore> {
  const { restore, aside, restorer } = await requireUndoable(deps, id)
  const { target } = restore
  task.signal.throwIfAborted()
  task.phase('restoring')
  if (!await restorer.settle(target, aside)) {
    throw refused(`"${aside}", which restore ${id} kept, no longer exists`, 'Restore another backup.')
  }
  const { restores } = deps.catalog
  await restores.beginUndo(id, deps.clock.now())
  try {
    await restorer.revert(target, aside, true)
  } catch (thrown) {
    // Housekeeping settles it where this fails, too.
    const settled = await settleUndo(deps, { restore, aside, restorer }).catch(() => undefined)
    if (settled === undefined || settled.undoneAt === null) throw thrown
    return settled
  }
  return await restores.endUndo(id, { isDone: true, at: deps.clock.now() })
}

/** Removes the previous content of a restore. Rejects as `requireKept` and `Restorer.discard`. */
export async function discardPrevious (deps: EngineDeps, id: number, task: Task): Promise<Restore> {
  const { aside, restorer } = await requireKept(deps, id)
  task.signal.throwIfAborted()
  task.phase('removing')
  await restorer.discard(aside)
  return await deps.catalog.restores.discarded(id, deps.clock.now())
}

/**
 * Decides an undo that was interrupted, or that failed: where the previous content is still kept, the undo did not
 * happen, and is not repeated, because the restored content may have been in use since.
 */
export async function settleUndo (
  deps: Pick<EngineDeps, 'catalog' | 'clock'>,
  { restore: { id, target }, aside, restorer }: KeptRestore
): Promise<Restore> {
  const isDone = !await restorer.settle(target, aside)
  if (isDone) await restorer.revert(target, aside, true)
  return await deps.catalog.restores.endUndo(id, { isDone, at: deps.clock.now() })
}

async function laterRestore (deps: EngineDeps, { id, source, target }: Restore): Promise<Restore | undefined> {
  const { restores } = await deps.catalog.restores.list({ kind: 'restore', source, limit: LATER })
  return restores.find(later =>
    later.id > id && later.undoneAt === null && (later.status === 'completed' || later.aside !== null) &&
    (later.target === target || later.members.some(member => member.target === target && member.state === 'placed'))
  )
}

function notKept ({ id, kind, status, members, safetyBackupId, undoneAt, discardedAt }: Restore): BackupError {
  if (kind === 'drill') return refused(`restore ${id} is a drill, which replaced nothing`, 'Choose a restore.')
  if (status === 'running') return refused(`restore ${id} is still running`, 'Wait for its end, or cancel its job.')
  if (undoneAt !== null) {
    return refused(`restore ${id} was undone at ${undoneAt.toISOString()}`, 'Restore the backup again.')
  }
  if (discardedAt !== null) {
    return refused(
      `the content that restore ${id} kept was removed at ${discardedAt.toISOString()}`,
      'Restore an older backup.'
    )
  }
  if (safetyBackupId !== null) {
    return refused(
      `restore ${id} kept no previous content: it is in backup ${safetyBackupId}`,
      `Run "holdfast restore ${safetyBackupId}".`
    )
  }
  return members.length > 0
    ? refused(
      `restore ${id} is of a set, and each of its members has its own previous content`,
      'The list of restores shows the backup or the kept path of each member.'
    )
    : refused(`restore ${id} replaced no content`, 'Remove what it restored, if you do not need it.')
}

function refused (message: string, hint: string): BackupError {
  return new BackupError('RESTORE_NOT_UNDOABLE', message, { hint })
}
