import type { Backup } from '../core/backup.ts'
import { TRASH } from '../core/object-key.ts'
import type { EngineDeps } from './deps.ts'
import { backupHold, sourceHold } from './holds.ts'
import { settleUndecided } from './recover.ts'
import { erase, settleTrashed } from './remove.ts'

/** Finished jobs are remembered for so long: 30 days. */
const JOB_HISTORY = 30 * 86_400_000
/** The promise of the API: the same key answers the same for 24 hours. */
export const IDEMPOTENCY_WINDOW = 86_400_000

/** What must be done now and then: empties the trash of what is due, decides rows that nobody works on, forgets old answers and jobs. */
export async function housekeep (deps: EngineDeps): Promise<void> {
  const now = deps.clock.now().getTime()
  await settleUndecided(deps, backup => deps.runner.isHeld(sourceHold(backup.source)))
  for (const backup of await deps.catalog.backups.trashed()) {
    // What is in the trash but has not been moved there was on its way out for good.
    const isDue = !backup.key.startsWith(TRASH) || now - (backup.trashedAt?.getTime() ?? 0) >= deps.trashGrace
    if (isDue && !deps.runner.isHeld(backupHold(backup.id))) await empty(deps, backup)
  }
  await deps.catalog.idempotency.purge(new Date(now - IDEMPOTENCY_WINDOW))
  await deps.catalog.jobs.purge(new Date(now - JOB_HISTORY))
}

async function empty (deps: EngineDeps, backup: Backup): Promise<void> {
  const claim = deps.runner.holds.claim([backupHold(backup.id)])
  try {
    // It may have been brought back since the trash was looked through.
    const { trashedAt, deletedAt } = await deps.catalog.backups.get(backup.id)
    if (trashedAt === null || deletedAt !== null) return
    if (!backup.key.startsWith(TRASH) || await settleTrashed(deps, backup)) await erase(deps, backup, 'its time in the trash is over')
  } finally {
    claim.release()
  }
}
