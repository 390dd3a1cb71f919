import type { Backup } from '../core/backup.ts'
import { isManifestKey, MANIFEST_SUFFIX, QUARANTINE, TRASH } from '../core/object-key.ts'
import type { EngineDeps } from './deps.ts'
import { backupHold } from './holds.ts'
import { cleanupSignal, discard } from './objects.ts'
import { hasLanded, offsiteKey, promisedStores } from './offsite.ts'

/**
 * Takes the object out of the landing store, because other stores hold it. The row says so first: what a crash leaves is
 * swept by `sweepReleased`. The caller holds the backup, and has made sure that some store has it.
 */
export async function releaseLanding (deps: EngineDeps, backup: Backup): Promise<Backup> {
  const held = backup.copies.filter(({ status }) => status === 'stored').flatMap(({ store }) => deps.offsite.get(store) ?? [])
  const [first] = held
  if (first === undefined) return backup
  const released = await deps.catalog.backups.release(backup.id, deps.store.name, first.store.location(offsiteKey(backup)))
  await discard(deps.store, backup.key)
  deps.events.emit({ type: 'backup.released', backup: released })
  return released
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
  for (const [name, chosen] of deps.sources) {
    const { keepLocal } = deps.settings.policyFor(chosen)
    const existing = await deps.catalog.backups.existing(name)
    const released = existing.filter(({ stores }) => stores.length > 0 && !stores.includes(deps.store.name))
    if (!keepLocal) for (const { id, stores } of existing) if (stores.length > 1 && stores.includes(deps.store.name)) await releaseWhenCopied(deps, id)
    if (released.length > 0) await removeLeft(deps, new Set(released.map(({ key }) => key)))
  }
}

async function removeLeft (deps: EngineDeps, keys: ReadonlySet<string>): Promise<void> {
  const signal = cleanupSignal()
  for await (const { key } of deps.store.list('', signal)) {
    if (key.startsWith(TRASH) || key.startsWith(QUARANTINE)) continue
    if (keys.has(isManifestKey(key) ? key.slice(0, -MANIFEST_SUFFIX.length) : key)) await deps.store.remove(key, signal)
  }
}
