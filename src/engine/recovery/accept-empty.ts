import { BackupError } from '../../core/errors.ts'
import { recordAbsent } from '../artifacts/absent.ts'
import type { EngineDeps } from '../deps.ts'
import { isEmpty } from '../replication/restore-note.ts'

/**
 * Begins again in place of a landing store that was lost. A backup that is not there and that other stores hold is read
 * from them from now on, and stays there; one that was nowhere else is marked missing and invalid. Throws
 * `STORE_UNAVAILABLE` where the place cannot be written to, `STORE_FOREIGN` where it is another installation's, and
 * `VALIDATION_FAILED` where it is not empty.
 */
export async function acceptEmpty (deps: EngineDeps, signal: AbortSignal): Promise<void> {
  const { store, ownership } = deps
  const { state } = await ownership.inspect(store, signal)
  if (state === 'foreign') await ownership.require(store, signal)
  if (state !== 'lost' && !(state === 'ours' && await isEmpty(store, signal))) {
    throw new BackupError('VALIDATION_FAILED', `the store "${store.name}" at "${store.place}" is not empty`, {
      hint: 'Omit "--accept-empty": the store has lost nothing.'
    })
  }
  await store.open(signal)
  await recordAbsent(deps, store, signal)
  // What was there before is another store, should it turn up again.
  await ownership.begin(store, signal)
}
