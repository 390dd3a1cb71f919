import type { Backup, BackupOutline } from '../../core/backup/backup.ts'
import { TRASH } from '../../core/backup/object-key.ts'
import { firstSuspect, isBefore, isSuspect } from '../../core/backup/suspicion.ts'
import type { EngineDeps } from '../deps.ts'

/**
 * Tells whether a backup in the trash is held there: it was good before a suspect, and stays until somebody has decided
 * on that one. Neither its time in the trash nor want of room removes it. The backups of a source are looked through
 * once, so take a new one for each pass.
 */
export function heldInTrash (deps: Pick<EngineDeps, 'catalog'>): (backup: Backup) => Promise<boolean> {
  const suspects = new Map<string, BackupOutline | null>()
  return async backup => {
    if (!backup.key.startsWith(TRASH) || isSuspect(backup)) return false
    let suspect = suspects.get(backup.source)
    if (suspect === undefined) {
      suspects.set(backup.source, suspect = firstSuspect(await deps.catalog.backups.existing(backup.source)))
    }
    return suspect !== null && isBefore(backup, suspect)
  }
}
