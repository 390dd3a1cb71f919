import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { isLive, type Backup } from '../../core/backup/backup.ts'
import { TRASH, fileName, manifestKey, partKeys } from '../../core/backup/object-key.ts'
import { isSuspect } from '../../core/backup/suspicion.ts'
import { BackupError } from '../../core/errors.ts'
import { chainOf, isIncrement } from '../../core/recovery/chain.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { isAbsent, requireThere } from '../artifacts/absent.ts'
import { discardBackup } from '../artifacts/discard.ts'
import { linksOf } from '../artifacts/links.ts'
import { hasLanded, locationsOf } from '../artifacts/locations.ts'
import { replaceManifest, requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'

/**
 * Into the trash. The row says so first; the files follow, manifest before object. A crash between is put right at the
 * next start, which brings the files to where the row says they are.
 */
export async function trashBackup (deps: EngineDeps, id: number, force: boolean): Promise<Backup> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  if (backup.trashedAt !== null) {
    await settleTrashed(deps, backup)
    return await deps.catalog.backups.get(id)
  }
  await requireRemovable(deps, backup, force)
  if (!force) await requireThere(deps, backup)
  return await moveToTrash(deps, backup)
}

/** The same without asking whether it may go. */
export async function moveToTrash (deps: EngineDeps, backup: Backup): Promise<Backup> {
  if (hasLanded(deps, backup) && !await isAbsent(deps, backup)) await requireManifest(deps, backup)
  const key = TRASH + fileName(backup.key)
  const trashed = await deps.catalog.backups.trash(backup.id, key, deps.store.location(key), deps.clock.now())
  await settleTrashed(deps, trashed)
  deps.events.emit({ type: 'backup.trashed', backup: trashed })
  return trashed
}

async function requireRemovable (deps: EngineDeps, backup: Backup, force: boolean): Promise<void> {
  const { id } = backup
  if (backup.pinned) {
    throw new BackupError('BACKUP_PINNED', `backup ${id} is pinned`, { hint: 'Unpin it first.' })
  }
  const others = (await deps.catalog.backups.existing(backup.source)).filter(other => other.id !== id && isLive(other))
  const child = others.find(other => other.parentId === id)
  if (child !== undefined) {
    throw new BackupError('BACKUP_HAS_CHILDREN', `backup ${child.id} depends on backup ${id}`, {
      hint: `Remove backup ${child.id} first.`
    })
  }
  const isProven = backup.verification.status === 'valid'
  // A suspect is no reason to let the last good one go.
  const isLast = !others.some(other =>
    other.verification.status === 'valid' && (isSuspect(backup) || !isSuspect(other))
  )
  if (isLast && !force && (isProven || others.length === 0)) {
    throw new BackupError('BACKUP_LAST_VALID', `backup ${id} is the last valid backup of "${backup.source}"`, {
      hint: 'Make another backup first, or remove it with "force".'
    })
  }
}

/**
 * A backup in the trash without a manifest counts as half removed, so one that lost its manifest gets it again first.
 */
async function requireManifest (deps: EngineDeps, backup: Backup): Promise<void> {
  if (await hasObject(deps.store, manifestKey(backup.key), cleanupSignal())) return
  const manifest = await deps.catalog.backups.manifest(backup.id)
  if (manifest !== undefined) await replaceManifest(deps.store, backup.key, manifest, cleanupSignal())
}

/** Back from the trash: the files first, object before manifest, then the row. */
export async function undeleteBackup (deps: EngineDeps, id: number, signal: AbortSignal): Promise<Backup> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  if (backup.trashedAt === null) {
    throw new BackupError('BACKUP_NOT_IN_TRASH', `backup ${id} is not in the trash`, {
      hint: 'No action is needed.'
    })
  }
  if (isIncrement(backup)) await requireChain(deps, backup)
  const key = fileName(backup.key)
  if (key !== backup.key && hasLanded(deps, backup)) {
    for (const part of partKeys(backup.key, backup.parts)) await moveIfPresent(deps, part, fileName(part), signal)
    await moveIfPresent(deps, manifestKey(backup.key), manifestKey(key), signal)
  }
  const undeleted = await deps.catalog.backups.undelete(id, key, deps.store.location(key))
  deps.events.emit({ type: 'backup.undeleted', backup: undeleted })
  return undeleted
}

/** Throws `CHAIN_BROKEN` unless all that the backup is built on is there, and not in the trash. */
async function requireChain (deps: EngineDeps, backup: Backup): Promise<void> {
  const live = (await linksOf(deps, backup)).filter(isLive)
  const { broken } = chainOf(backup, new Map(live.map(one => [one.id, one])))
  if (broken === null) return
  throw new BackupError('CHAIN_BROKEN', broken, { hint: 'First restore the backups that it depends on.' })
}

/** Moves it, unless an attempt before this one has. */
async function moveIfPresent ({ store }: EngineDeps, from: string, to: string, signal: AbortSignal): Promise<void> {
  if (await hasObject(store, from, signal) || !await hasObject(store, to, signal)) await store.move(from, to, signal)
}

/**
 * Gone for good: manifest, then its parts, then the row. Its copies in other stores follow automatically. May be
 * repeated after a crash.
 */
export async function erase (deps: EngineDeps, backup: Backup, reason: string): Promise<Backup> {
  await discardBackup(deps, deps.store, backup.key, backup)
  const elsewhere = [...deps.offsite.values()].filter(({ isAppendOnly }) => !isAppendOnly).map(({ store }) =>
    store.name
  )
  const removed = await deps.catalog.backups.remove(backup.id, deps.clock.now(), elsewhere)
  deps.events.emit({ type: 'backup.removed', backup: removed, reason })
  return removed
}

/**
 * Brings the files of a backup in the trash to where its row says they are, or finishes a removal that had begun: one
 * whose object has lost its manifest is on its way out. Says whether the backup is in the trash still.
 */
export async function settleTrashed (deps: EngineDeps, backup: Backup): Promise<boolean> {
  if (!hasLanded(deps, backup)) return true
  const signal = cleanupSignal()
  const live = fileName(backup.key)
  if (live !== backup.key && await hasObject(deps.store, manifestKey(live), signal)) {
    await deps.store.move(manifestKey(live), manifestKey(backup.key), signal)
  }
  if (!await hasObject(deps.store, manifestKey(backup.key), signal)) {
    // Another store has it still: a landing store that lost its files is no reason to remove it there before its time.
    if (locationsOf(deps, backup).length > 1) return true
    // Nor does a row whose object is nowhere to be seen go before its time.
    if (await isAbsent(deps, backup)) return true
    await erase(deps, backup, 'its removal had started before the service ended')
    return false
  }
  for (const key of live === backup.key ? [] : partKeys(backup.key, backup.parts)) {
    if (await hasObject(deps.store, fileName(key), signal)) await deps.store.move(fileName(key), key, signal)
  }
  return true
}
