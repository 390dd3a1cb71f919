import { Readable } from 'node:stream'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import type { Copy } from '../../core/backup/copy.ts'
import {
  MANIFEST_LIMIT,
  parseManifest,
  serializeManifest,
  totalSizeOf,
  type Manifest
} from '../../core/backup/manifest.ts'
import { QUARANTINE, fileName, manifestKey, partKeys, siblingKey } from '../../core/backup/object-key.ts'
import { BackupError } from '../../core/errors.ts'
import type { Store } from '../../core/ports/store.ts'
import { findObject } from '../../pipeline/find-object.ts'
import type { EngineDeps } from '../deps.ts'

/** Throws `OBJECT_NOT_FOUND`, or `MANIFEST_INVALID` for what is not a manifest. */
export async function readManifest (store: Store, key: string, signal: AbortSignal): Promise<Manifest> {
  const text = await readText(store, manifestKey(key), MANIFEST_LIMIT, signal)
  if (text === undefined) {
    throw new BackupError('MANIFEST_INVALID', `the manifest exceeds the limit of ${MANIFEST_LIMIT} bytes`)
  }
  return parseManifest(text)
}

/**
 * All of a small object as text; undefined: it has more than `limit` bytes, whatever the store says of its size.
 * Rejects with what the store rejects with.
 */
export async function readText (
  store: Store,
  key: string,
  limit: number,
  signal: AbortSignal
): Promise<string | undefined> {
  if ((await store.stat(key, signal)).size > limit) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of await store.get(key, undefined, signal) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Puts a manifest in the place of the one that is there. */
export async function replaceManifest (
  store: Store,
  key: string,
  manifest: Manifest,
  signal: AbortSignal
): Promise<void> {
  await store.put(
    manifestKey(key),
    Readable.from([Buffer.from(serializeManifest(manifest))]),
    { replace: true },
    signal
  )
}

/**
 * Moves the parts of a failed backup aside and returns the new key of the main one. One such backup is kept for each
 * source: the one before gives way, so that a source that fails every night does not fill the disk.
 */
export async function quarantine (deps: EngineDeps, backup: Backup): Promise<string> {
  const signal = cleanupSignal()
  for (const older of await deps.catalog.backups.quarantined(backup.source)) {
    for (const part of partKeys(older.key, older.parts)) await deps.store.remove(part, signal)
    await deps.catalog.backups.remove(older.id, deps.clock.now())
  }
  for (const part of partKeys(backup.key, backup.parts)) {
    await deps.store.move(part, QUARANTINE + fileName(part), signal)
  }
  return QUARANTINE + fileName(backup.key)
}

/** The first copy of every backup: its parts where they landed. */
export function landingCopy (store: Store, key: string, manifest: Manifest): Copy {
  return {
    store: store.name,
    location: store.location(key),
    status: 'stored',
    size: totalSizeOf(manifest),
    uploadedAt: new Date(manifest.imported?.at ?? manifest.completedAt),
    attempts: 0,
    error: null,
    nextAttemptAt: null
  }
}

/** The manifest as the catalog remembers it. Throws `CATALOG_FAILED` where a completed backup has none. */
export async function recordedManifest (deps: EngineDeps, id: number): Promise<Manifest> {
  const manifest = await deps.catalog.backups.manifest(id)
  if (manifest !== undefined) return manifest
  throw new BackupError('CATALOG_FAILED', `the catalog has no manifest of backup ${id}`, {
    hint: 'Run "holdfast rebuild" to read the manifests from the stores.'
  })
}

/**
 * The same, for whatever uses the content of the backup. Throws `MANIFEST_UNSIGNED` too, where a trusted signature is
 * required and it has none.
 */
export async function trustedManifest (deps: EngineDeps, id: number): Promise<Manifest> {
  const manifest = await recordedManifest(deps, id)
  deps.signing.require(manifest)
  return manifest
}

/** Throws unless there is something to verify or to give out: `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`. */
export function requireObject (backup: Backup): void {
  if (backup.deletedAt !== null) {
    throw new BackupError('BACKUP_DELETED', `backup ${backup.id} was removed`, {
      hint: 'Choose another backup; the list shows those that exist.'
    })
  }
  if (backup.status !== 'completed') {
    throw new BackupError('BACKUP_NOT_COMPLETED', `backup ${backup.id} is "${backup.status}"`, {
      hint: 'Choose a completed backup.'
    })
  }
}

/** What a store is to hold of a backup. */
export interface StoredParts extends Pick<Backup, 'parts'> {
  /** Bytes of all parts; null: not known. */
  readonly size: number | null
}

/**
 * Looks whether the store has every part in its length, the main one under `key`. Returns what is wrong with the first
 * part that is not, in words; undefined: nothing is. Rejects with what the store rejects with.
 */
export async function missingPart (
  store: Store,
  key: string,
  { size, parts }: StoredParts,
  signal: AbortSignal
): Promise<string | undefined> {
  const main = size === null ? null : parts.reduce((rest, part) => rest - (part.size ?? 0), size)
  for (const part of [{ key, size: main }, ...parts.map(one => ({ ...one, key: siblingKey(key, one.fileName) }))]) {
    const name = part.key === key ? 'the object' : `"${fileName(part.key)}"`
    const found = await findObject(store, part.key, signal)
    if (found === undefined) return `${name} no longer exists`
    if (found.size !== part.size) return `${name} has ${found.size} bytes instead of ${part.size ?? 'none'}`
  }
  return undefined
}
