import type { Backup } from '../../core/backup/backup.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { manifestKey } from '../../core/backup/object-key.ts'
import { toBackupError } from '../../core/errors.ts'
import type { Store } from '../../core/ports/store.ts'
import type { EngineDeps } from '../deps.ts'
import { cleanupSignal, readManifest } from './objects.ts'

/** What tells a backup from another of the same name. */
export type Identity = Pick<Backup, 'source' | 'startedAt' | 'checksum'>

/**
 * Removes a backup from a store: manifest first, then object, so that a crash between the two leaves an orphan and
 * never a backup without its object. What has the name and, by its manifest, is another backup stays, and is told as an
 * `operation.failed`. May be repeated.
 */
export async function discardBackup (
  { events }: Pick<EngineDeps, 'events'>,
  store: Store,
  key: string,
  backup: Identity,
  signal = cleanupSignal()
): Promise<void> {
  if (await isOfAnother(store, key, backup, signal)) {
    events.emit({
      type: 'operation.failed',
      operation: 'discard',
      source: backup.source,
      method: null,
      code: 'OBJECT_EXISTS'
    })
    return
  }
  await store.remove(manifestKey(key), signal)
  await store.remove(key, signal)
}

/** Removes an object that this process has just put, and its manifest, unless that is of another backup. */
export async function takeBack (store: Store, key: string, backup: Identity): Promise<void> {
  const signal = cleanupSignal()
  if (!await isOfAnother(store, key, backup, signal)) await store.remove(manifestKey(key), signal)
  await store.remove(key, signal)
}

/** Whether the manifest is that of the backup; of one without a checksum yet, source and start decide. */
export function isManifestOf ({ source, startedAt, object }: Manifest, backup: Identity): boolean {
  return source.name === backup.source && Date.parse(startedAt) === backup.startedAt.getTime() &&
    (backup.checksum === null || object.sha256 === backup.checksum)
}

async function isOfAnother (store: Store, key: string, backup: Identity, signal: AbortSignal): Promise<boolean> {
  try {
    return !isManifestOf(await readManifest(store, key, signal), backup)
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    if (code === 'OBJECT_NOT_FOUND' || code === 'MANIFEST_INVALID') return false
    throw thrown
  }
}
