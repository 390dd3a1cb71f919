import type { Backup } from '../core/backup.ts'
import { TRASH } from '../core/object-key.ts'
import { firstSuspect, isBefore, isSuspect } from '../core/suspicion.ts'
import type { EngineDeps } from './deps.ts'

/**
 * Whether a backup in the trash is held there: it was good before a suspect, and stays until somebody has decided on that one. Neither
 * its time in the trash nor want of room removes it.
 */
export async function isHeld (deps: Pick<EngineDeps, 'catalog'>, backup: Backup): Promise<boolean> {
  if (!backup.key.startsWith(TRASH) || isSuspect(backup)) return false
  const suspect = firstSuspect(await deps.catalog.backups.existing(backup.source))
  return suspect !== null && isBefore(backup, suspect)
}
