import { BackupError } from '../core/errors.ts'
import type { EngineDeps } from './deps.ts'
import { offsiteKey } from './offsite.ts'
import { isEmpty } from './restore-note.ts'

/**
 * Begins again with an empty landing store after everything in it was lost. A backup that other stores hold is read from
 * there from now on, and stays there; one that was nowhere else is marked missing and invalid. Throws `STORE_UNAVAILABLE`
 * where the place cannot be written to, `STORE_FOREIGN` where it is another installation's, and `VALIDATION_FAILED` where it is not empty.
 */
export async function acceptEmpty (deps: EngineDeps, signal: AbortSignal): Promise<void> {
  const { store, ownership, catalog, clock } = deps
  const { state } = await ownership.inspect(store, signal)
  if (state !== 'lost' && !(state === 'ours' && await isEmpty(store, signal))) {
    throw new BackupError('VALIDATION_FAILED', `the store "${store.name}" at "${store.place}" is not empty`, { hint: 'Leave "--accept-empty" out: nothing is lost there.' })
  }
  for (const { backupId } of await catalog.copies.held(store.name)) {
    const backup = await catalog.backups.get(backupId)
    const [elsewhere] = backup.copies.filter(copy => copy.store !== store.name && copy.status === 'stored')
    const other = elsewhere && (deps.offsite.get(elsewhere.store)?.store ?? deps.remembered.get(elsewhere.store))
    if (other !== undefined) {
      await catalog.backups.release(backupId, store.name, other.location(offsiteKey(backup)))
      continue
    }
    for (const copy of backup.copies) if (copy.store !== store.name) await catalog.copies.drop(backupId, copy.store)
    await catalog.copies.missing(backupId, store.name, 'it was lost with the landing store', clock.now())
    await catalog.backups.recordVerification(backupId, { valid: false, checks: [{ name: 'file_exists', status: 'fail', reason: 'it was lost with the landing store' }] }, clock.now())
  }
  await store.open(signal)
  await ownership.takeOver(store, [], signal)
}
