import type { Backup } from '../core/backup.ts'
import { toBackupError } from '../core/errors.ts'
import { isManifestKey, MANIFEST_SUFFIX, QUARANTINE, TRASH } from '../core/object-key.ts'
import type { EngineDeps, OffsiteStore } from './deps.ts'
import { backupHold } from './holds.ts'
import { discardBackup } from './discard.ts'
import { cleanupSignal, findObject } from './objects.ts'
import { hasLanded, offsiteKey, promisedStores } from './offsite.ts'

/**
 * Takes the object out of the landing store where another store really holds it. The row says so first: what a crash
 * leaves is swept by `sweepReleased`. The caller holds the backup. Returns it as it is then.
 */
export async function releaseLanding (deps: EngineDeps, backup: Backup): Promise<Backup> {
  const holder = await holderOf(deps, backup)
  if (holder === undefined) return backup
  const released = await deps.catalog.backups.release(backup.id, deps.store.name, holder.store.location(offsiteKey(backup)))
  await discardBackup(deps, deps.store, backup.key, backup)
  deps.events.emit({ type: 'backup.released', backup: released })
  return released
}

/** The first other store that, when it is asked now, is the right one and has the object; undefined: none is and has. One that cannot be asked is reported. */
export async function holderOf (deps: EngineDeps, backup: Backup, among: (offsite: OffsiteStore) => boolean = () => true): Promise<OffsiteStore | undefined> {
  for (const { store: name, status, size } of backup.copies) {
    const offsite = deps.offsite.get(name)
    if (offsite === undefined || status !== 'stored' || !among(offsite)) continue
    try {
      await deps.ownership.require(offsite.store, cleanupSignal())
      if ((await findObject(offsite.store, offsiteKey(backup), cleanupSignal()))?.size === size) return offsite
    } catch (thrown) {
      deps.events.emit({ type: 'operation.failed', operation: 'release', source: backup.source, method: backup.method, code: toBackupError(thrown).code })
    }
  }
  return undefined
}

/** The same once every promised copy is stored, where the source keeps nothing on this disk. A backup that another job is at work on waits for the next time. */
export async function releaseWhenCopied (deps: EngineDeps, id: number): Promise<void> {
  const before = await deps.catalog.backups.get(id)
  const chosen = deps.sources.get(before.source)
  if (chosen === undefined || deps.settings.policyFor(chosen).keepLocal) return
  const claim = await deps.runner.holds.tryClaim([backupHold(id)])
  if (claim === undefined) return
  try {
    const backup = await deps.catalog.backups.get(id)
    const promised = promisedStores(deps, backup.source).map(({ store }) => store.name)
    const isStored = (name: string): boolean => backup.copies.some(({ store, status }) => store === name && status === 'stored')
    if (backup.trashedAt === null && hasLanded(deps, backup) && promised.length > 0 && promised.every(isStored)) await releaseLanding(deps, backup)
  } finally {
    await claim.release()
  }
}

/** Releases what could not be released when its copies were stored, and removes what a release that was cut short left in the landing store. */
export async function sweepReleased (deps: EngineDeps): Promise<void> {
  // Where there is no other store nothing is released, and the list of a million backups is not read for it.
  if (deps.offsite.size === 0) return
  for (const [name, chosen] of deps.sources) {
    const { keepLocal } = deps.settings.policyFor(chosen)
    const existing = await deps.catalog.backups.existing(name)
    const released = existing.filter(({ stores }) => stores.length > 0 && !stores.includes(deps.store.name))
    if (!keepLocal) for (const { id, stores } of existing) if (stores.length > 1 && stores.includes(deps.store.name)) await releaseWhenCopied(deps, id)
    if (released.length > 0) await removeLeft(deps, new Map(released.map(({ key, id }) => [key, id])))
  }
}

/** `released` has the id of each backup that is in other stores alone, by its key. */
async function removeLeft (deps: EngineDeps, released: ReadonlyMap<string, number>): Promise<void> {
  const left = new Map<string, number>()
  for await (const { key } of deps.store.list('', cleanupSignal())) {
    if (key.startsWith(TRASH) || key.startsWith(QUARANTINE)) continue
    const name = isManifestKey(key) ? key.slice(0, -MANIFEST_SUFFIX.length) : key
    const id = released.get(name)
    if (id !== undefined) left.set(name, id)
  }
  for (const [key, id] of left) {
    const backup = await deps.catalog.backups.get(id)
    if (!await deps.catalog.backups.isNamed(backup.source, key, id) && await holderOf(deps, backup) !== undefined) await discardBackup(deps, deps.store, key, backup)
  }
}
