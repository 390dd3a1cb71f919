import type { Backup } from '../../core/backup/backup.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import { partKeys } from '../../core/backup/object-key.ts'
import { requireOwn } from '../../core/instance.ts'
import type { Archived } from '../../core/ports/store.ts'
import { archivedPart, locationsOf, type ObjectLocation } from '../artifacts/locations.ts'
import { trustedManifest, requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'

export interface Thawing {
  readonly backup: Backup
  /** Name of the store in which it is made readable; null: it can be read already. */
  readonly store: string | null
  /** It takes so many hours at most; 0: it can be read already. */
  readonly hours: number
}

/**
 * Asks for a backup that is in cold storage everywhere to be made readable for `days` days, in the store in which that
 * takes the shortest. May be repeated. Rejects with `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`, `BACKUP_FOREIGN`,
 * `MANIFEST_UNSIGNED`, `OBJECT_NOT_FOUND` where no store has it, or what the only store that was asked says.
 */
export async function thawBackup (deps: EngineDeps, id: number, days: number, signal: AbortSignal): Promise<Thawing> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  // It costs the owner of the store money.
  requireOwn(backup, 'thawed')
  await trustedManifest(deps, id)
  const cold: Array<ObjectLocation & { readonly archived: Archived }> = []
  let failure: BackupError | undefined
  for (const location of locationsOf(deps, backup)) {
    try {
      const archived = (await archivedPart(location, backup, signal))?.archived
      if (archived === undefined) return { backup, store: null, hours: 0 }
      cold.push({ ...location, archived })
    } catch (thrown) {
      failure = toBackupError(thrown)
    }
  }
  const [quickest] = cold.filter(({ store }) => store.thaw !== undefined).toSorted((a, b) =>
    a.archived.hours - b.archived.hours
  )
  if (quickest === undefined) {
    throw failure ??
      new BackupError('OBJECT_NOT_FOUND', `no known store has backup ${id}`, {
        hint: 'See its former location with "holdfast show", and run "holdfast rebuild" for that store.'
      })
  }
  const { store, key, archived: { hours, isThawing } } = quickest
  for (const part of isThawing ? [] : partKeys(key, backup.parts)) {
    const { archived } = await store.stat(part, signal)
    if (archived?.isThawing === false) await store.thaw?.(part, days, signal)
  }
  return { backup, store: store.name, hours }
}
