import { BackupError } from '../core/errors.ts'
import type { EngineDeps } from './deps.ts'
import { isEmpty } from './restore-note.ts'

/**
 * Throws `STORE_UNAVAILABLE` where the catalog knows backups and the store holds nothing at all: the disk is not
 * mounted, and to go on would be to write beside it and to take everything on it for lost. Changes nothing.
 */
export async function requireKnownStore (deps: EngineDeps, signal: AbortSignal): Promise<void> {
  const known = (await deps.catalog.copies.counts()).find(({ store }) => store === deps.store.name)?.stored ?? 0
  if (known === 0 || await holdsAnything(deps, signal)) return
  throw new BackupError('STORE_UNAVAILABLE', `the backup store "${deps.store.place}" is missing or empty, but the catalog knows ${known} backups in it`, {
    hint: 'Mount the disk that they are on, or correct BACKUP_DIR; if they are lost, move "holdfast.db" out of DATA_DIR to begin anew.'
  })
}

async function holdsAnything (deps: EngineDeps, signal: AbortSignal): Promise<boolean> {
  try {
    return !await isEmpty(deps.store, signal)
  } catch (error) {
    if (error instanceof BackupError && error.code === 'STORE_UNAVAILABLE') return false
    throw error
  }
}
