import { toBackupError, type BackupError } from '../core/errors.ts'
import type { EngineDeps } from './deps.ts'

/**
 * Why the landing store must neither be written to nor believed when it shows nothing: `STORE_FOREIGN`, it is another
 * installation's; `STORE_UNAVAILABLE`, it cannot be reached, or should hold backups and holds none. undefined: it is ours.
 * An empty place is claimed.
 */
export async function landingTrouble (deps: EngineDeps, signal: AbortSignal): Promise<BackupError | undefined> {
  try {
    await deps.ownership.require(deps.store, signal)
    return undefined
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code === 'STORE_FOREIGN' || error.code === 'STORE_UNAVAILABLE') return error
    throw thrown
  }
}

/**
 * Makes the landing store ready, once at a start. Returns why it must be left as it is; see `landingTrouble`. Throws
 * what the store throws where it cannot be made ready.
 */
export async function openLanding (deps: EngineDeps, signal: AbortSignal): Promise<BackupError | undefined> {
  const { store, ownership } = deps
  const { state } = await ownership.inspect(store, signal)
  if (state === 'ours' || state === 'unclaimed') await store.open(signal)
  return await landingTrouble(deps, signal)
}
