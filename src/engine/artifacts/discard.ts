import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { manifestKey, partKeys } from '../../core/backup/object-key.ts'
import { toBackupError } from '../../core/errors.ts'
import type { Store } from '../../core/ports/store.ts'
import type { EngineDeps } from '../deps.ts'
import { readManifest } from './objects.ts'

/** What tells a backup from another of the same name. */
export type Identity = Pick<Backup, 'source' | 'startedAt' | 'checksum' | 'parts'>

/**
 * Removes a backup from a store: manifest first, then its parts, so that a crash on the way leaves orphans and never a
 * backup without one of its parts. What has the name and, by its manifest, is another backup stays, and is told as an
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
  for (const part of partKeys(key, backup.parts)) await store.remove(part, signal)
}

/**
 * Removes parts that this process has just put, and the manifest, unless that is of another backup. `put` are their
 * keys; the main one has the key `key`.
 */
export async function takeBack (
  store: Store,
  key: string,
  backup: Identity,
  put: readonly string[]
): Promise<void> {
  const signal = cleanupSignal()
  if (!await isOfAnother(store, key, backup, signal)) await store.remove(manifestKey(key), signal)
  for (const part of put) await store.remove(part, signal)
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
