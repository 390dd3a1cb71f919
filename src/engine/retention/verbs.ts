import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import { requireOwn } from '../../core/instance.ts'
import type { Work } from '../../core/job.ts'
import { requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock, removalLocks, retentionLock } from '../jobs/locks.ts'
import { requireSource } from '../require-source.ts'
import { prune, type Pruned } from './prune.ts'
import { trashBackup, undeleteBackup } from './trash.ts'

export interface PruneRequest {
  /** Default: every source. */
  readonly source?: string | undefined
  /** Nothing is removed: the result is what would be. */
  readonly dryRun: boolean
  readonly force?: boolean | undefined
  /**
   * true: the schedule asks for it, and no person. Then what is over `maxBackups` because backups were made faster than
   * the schedule asks for stays.
   */
  readonly isScheduled?: boolean | undefined
}

export interface RetentionVerbs {
  /**
   * Removes what the rules no longer keep. A removal of most of what a source has rejects with `PRUNE_REFUSED` without
   * `force`; what is not of that source goes all the same. `SOURCE_NOT_FOUND`.
   */
  prune(request: PruneRequest): Promise<Work<Pruned>>
  /**
   * Into the trash: `BACKUP_PINNED`, `BACKUP_HAS_CHILDREN` and, without `force`, `BACKUP_LAST_VALID` refuse it.
   * `STORE_FOREIGN`, `STORE_UNAVAILABLE`.
   */
  remove(id: number, request: { readonly force: boolean }): Promise<Work<Backup>>
  /** Out of the trash again. `STORE_FOREIGN`, `STORE_UNAVAILABLE`. */
  undelete(id: number): Promise<Work<Backup>>
}

export function retentionVerbs (deps: EngineDeps): RetentionVerbs {
  const { runner, catalog } = deps
  return {
    async prune ({ source, dryRun, force = false, isScheduled = false }) {
      const chosen = source === undefined ? [...deps.sources.values()] : [requireSource(deps, source)]
      const locks = dryRun ? [] : chosen.map(one => retentionLock(one.source.name))
      return await runner.start(
        { kind: 'prune', source: source ?? null, backupId: null, locks, isOwn: isScheduled },
        async task => {
          if (!dryRun) await deps.ownership.require(deps.store, task.signal)
          return await prune(deps, chosen, { dryRun, force, isByAdmin: !isScheduled }, task)
        }
      )
    },

    async remove (id, { force }) {
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      requireOwn(backup, 'removed')
      await deps.ownership.require(deps.store, cleanupSignal())
      return await runner.start({
        kind: 'delete',
        source: backup.source,
        backupId: id,
        locks: [...removalLocks(id), retentionLock(backup.source)]
      }, () => trashBackup(deps, id, force))
    },

    async undelete (id) {
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      requireOwn(backup, 'restored from the trash')
      await deps.ownership.require(deps.store, cleanupSignal())
      return await runner.start({
        kind: 'undelete',
        source: backup.source,
        backupId: id,
        locks: [backupLock(id), retentionLock(backup.source)]
      }, task => undeleteBackup(deps, id, task.signal))
    }
  }
}
