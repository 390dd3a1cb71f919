import { Readable } from 'node:stream'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { isLive, type Backup } from '../../core/backup/backup.ts'
import { LONGEST_PAUSE, pauseAfter } from '../../core/backup/copy.ts'
import { partsOf, serializeManifest, totalSizeOf, type Manifest } from '../../core/backup/manifest.ts'
import { manifestKey } from '../../core/backup/object-key.ts'
import { ERRORS, BackupError, toBackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { PartRecord } from '../../core/ports/part.ts'
import type { ObjectFacts } from '../../core/ports/store.ts'
import { retainUntil } from '../../core/retention/retain-until.ts'
import { digestCheck } from '../../pipeline/digest.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { joined } from '../../pipeline/joined.ts'
import { throttle } from '../../pipeline/throttle.ts'
import { offsiteKey, locationsOf, readableLocation, type ObjectLocation } from '../artifacts/locations.ts'
import { partKey } from '../artifacts/images.ts'
import { missingPart, recordedManifest } from '../artifacts/objects.ts'
import type { EngineDeps, OffsiteStore } from '../deps.ts'
import { linksOf } from '../artifacts/links.ts'
import { copyLock } from '../jobs/locks.ts'
import { isSameManifest, isSameObject, verifyCopy } from './verify-copy.ts'

/**
 * Brings the parts and their manifest into each of the stores, side by side, and proves what arrived. A store that has
 * it already is looked at and left as it is; one that lacks a backup that an increment is built on gets that one first.
 * What fails in one store hinders none of the others: it is written down with the time of the next attempt, and the
 * first failure is thrown in the end. The caller holds the copies.
 *
 * Throws `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`, `MANIFEST_UNSIGNED`, `CHECKSUM_MISMATCH` where a store gives back
 * other bytes, `OBJECT_EXISTS` where another object has the name, or what a store throws.
 */
export async function copyBackup (
  deps: EngineDeps,
  id: number,
  stores: readonly OffsiteStore[],
  task: Task
): Promise<Backup> {
  const backup = await deps.catalog.backups.get(id)
  requireLive(backup)
  const manifest = await recordedManifest(deps, id)
  await deps.catalog.copies.promise(
    id,
    stores.map(({ store }) => ({ store: store.name, location: store.location(offsiteKey(backup)) })),
    deps.clock.now()
  )
  task.phase('uploading', totalSizeOf(manifest) * stores.length)
  const done = new Map<string, number>()
  const results = await Promise.allSettled(stores.map(async offsite => {
    await copyTo(deps, backup, manifest, offsite, task, bytes => {
      done.set(offsite.store.name, bytes)
      task.bytes([...done.values()].reduce((sum, one) => sum + one, 0))
    })
  }))
  const failure = results.find(({ status }) => status === 'rejected')
  if (failure?.status === 'rejected') throw failure.reason
  return await deps.catalog.backups.get(id)
}

function requireLive (backup: Backup): void {
  if (isLive(backup)) return
  if (backup.status !== 'completed') {
    throw new BackupError('BACKUP_NOT_COMPLETED', `backup ${backup.id} is "${backup.status}"`, {
      hint: 'Choose a completed backup.'
    })
  }
  throw new BackupError('BACKUP_DELETED', `backup ${backup.id} was removed`, {
    hint: 'Choose another backup; the list shows those that exist.'
  })
}

async function copyTo (
  deps: EngineDeps,
  backup: Backup,
  manifest: Manifest,
  offsite: OffsiteStore,
  task: Task,
  onBytes: (bytes: number) => void
): Promise<void> {
  const { store } = offsite
  const { events, clock, catalog: { copies } } = deps
  const startedAt = clock.now().getTime()
  const known = backup.copies.find(copy => copy.store === store.name)
  await copies.begin(backup.id, store.name)
  try {
    // Not before the copy is begun: only what is written down as failed is put off.
    deps.signing.require(manifest)
    await deps.ownership.require(store, task.signal)
    await copyAncestors(deps, backup, offsite, task)
    const copy = { store, key: offsiteKey(backup) }
    const lock = lockOf(backup, offsite, clock.now())
    const original = await originalOf(deps, backup, store.name, task.signal)
    let before = 0
    for (const part of partsOf(manifest)) {
      const { size, sha256 } = part.object
      await putObject(deps, {
        original: partLocation(original, manifest, part),
        copy: partLocation(copy, manifest, part),
        part,
        facts: { size, sha256, tier: backup.schedule, ...lock },
        bandwidth: offsite.bandwidth,
        isStored: known?.status === 'stored',
        onBytes: bytes => {
          onBytes(before + bytes)
        }
      }, task.signal)
      before += size
    }
    await putManifest(copy, manifest, offsite, lock, task.signal)
    await copies.stored(backup.id, store.name, {
      size: totalSizeOf(manifest),
      location: store.location(copy.key),
      at: clock.now()
    })
    events.emit({
      type: 'copy.stored',
      backup,
      store: store.name,
      bytes: totalSizeOf(manifest),
      durationMs: clock.now().getTime() - startedAt
    })
  } catch (thrown) {
    const error = toBackupError(task.signal.aborted ? task.signal.reason : thrown)
    const wait = ERRORS[error.code].retry ? pauseAfter(known?.attempts ?? 0) : LONGEST_PAUSE
    await copies.fail(backup.id, store.name, {
      code: error.code,
      message: error.message,
      at: clock.now(),
      nextAttemptAt: new Date(clock.now().getTime() + wait)
    })
    if (error.code !== 'CANCELLED' && error.code !== 'SHUTTING_DOWN') {
      events.emit({ type: 'copy.failed', backup, store: store.name, code: error.code })
    }
    throw error
  }
}

/**
 * Brings all that an increment is built on into the store first, the full backup before the others: no store has an
 * increment that it cannot restore. What the store has already is left as it is.
 */
async function copyAncestors (deps: EngineDeps, backup: Backup, offsite: OffsiteStore, task: Task): Promise<void> {
  const { store } = offsite
  const isStored = ({ copies }: Backup): boolean =>
    copies.some(copy => copy.store === store.name && copy.status === 'stored')
  const [, ...ancestors] = await linksOf(deps, backup)
  for (const { id } of ancestors.filter(one => !isStored(one)).toReversed()) {
    const lock = await deps.runner.lockWhenFree([copyLock(id, store.name)], task)
    try {
      const ancestor = await deps.catalog.backups.get(id)
      if (isStored(ancestor)) continue
      requireLive(ancestor)
      const place = { store: store.name, location: store.location(offsiteKey(ancestor)) }
      await deps.catalog.copies.promise(id, [place], deps.clock.now())
      await copyTo(deps, ancestor, await recordedManifest(deps, id), offsite, task, () => {})
    } finally {
      await lock.release()
    }
  }
}

/** Where it is read from: never the store that it is to be brought to. */
async function originalOf (
  deps: EngineDeps,
  backup: Backup,
  except: string,
  signal: AbortSignal
): Promise<ObjectLocation> {
  const others = { ...backup, copies: backup.copies.filter(({ store }) => store !== except) }
  if (locationsOf(deps, others).length === 0) {
    throw new BackupError(
      'OBJECT_NOT_FOUND',
      `no other store has backup ${backup.id}, so it cannot be copied to "${except}"`,
      { hint: 'Verify the backup, and make a new one.' }
    )
  }
  return await readableLocation(deps, others, signal)
}

/** Object and manifest are locked for as long. */
function lockOf (backup: Backup, { hasLock, retention }: OffsiteStore, now: Date): Pick<ObjectFacts, 'retainUntil'> {
  const until = hasLock ? retainUntil(backup, retention, now) : undefined
  return until === undefined ? {} : { retainUntil: until }
}

function partLocation ({ store, key }: ObjectLocation, manifest: Manifest, part: PartRecord): ObjectLocation {
  return { store, key: partKey(key, manifest, part) }
}

interface Transfer {
  readonly original: ObjectLocation
  readonly copy: ObjectLocation
  readonly part: PartRecord
  readonly facts: ObjectFacts
  readonly bandwidth: number | null
  /** Whether it is taken to be there, and proven, already. */
  readonly isStored: boolean
  readonly onBytes: (bytes: number) => void
}

/** The object is there, and proven, once it resolves. One that gave back other bytes is gone again. */
async function putObject (
  deps: EngineDeps,
  { original, copy, part, facts, bandwidth, isStored, onBytes }: Transfer,
  signal: AbortSignal
): Promise<void> {
  const { object } = part
  try {
    if (await hasObject(copy.store, copy.key, signal)) {
      if (!isStored) throw taken(copy)
      await verifyCopy(original, copy, part, signal)
      return
    }
    const stored = await original.store.get(original.key, undefined, signal)
    const check = digestCheck(object, `backup in "${original.store.name}"`, onBytes)
    const body = bandwidth === null
      ? joined(stored, check)
      : joined(stored, check, throttle(bandwidth, deps.clock, signal))
    await copy.store.put(copy.key, body, facts, signal)
  } catch (thrown) {
    // An attempt before this one may have been cut short after the object, or told to have failed although it had not.
    if (toBackupError(thrown).code !== 'OBJECT_EXISTS') throw thrown
    if (!await isSameObject(copy, part, onBytes, signal)) throw taken(copy)
    return
  }
  try {
    await verifyCopy(original, copy, part, signal)
  } catch (thrown) {
    if (toBackupError(thrown).code === 'CHECKSUM_MISMATCH') {
      await copy.store.remove(copy.key, cleanupSignal()).catch(() => {})
    }
    throw thrown
  }
}

function taken ({ store, key }: ObjectLocation): BackupError {
  return new BackupError('OBJECT_EXISTS', `"${store.location(key)}" already exists with different content`, {
    hint: 'Give each server its own prefix in the bucket, or move that object elsewhere.'
  })
}

/** The manifest last: what lies there without one counts for nothing. */
async function putManifest (
  copy: ObjectLocation,
  manifest: Manifest,
  { isAppendOnly }: OffsiteStore,
  lock: Pick<ObjectFacts, 'retainUntil'>,
  signal: AbortSignal
): Promise<void> {
  const { store, key } = copy
  const put = async (replace: boolean): Promise<void> => {
    await store.put(
      manifestKey(key),
      Readable.from([Buffer.from(serializeManifest(manifest))]),
      replace ? { ...lock, replace } : lock,
      signal
    )
  }
  try {
    await put(false)
  } catch (thrown) {
    if (toBackupError(thrown).code !== 'OBJECT_EXISTS') throw thrown
    if (await isSameManifest(copy, manifest, signal)) return
    if (isAppendOnly) return
    await put(true)
  }
  if (!await isSameManifest(copy, manifest, signal)) {
    throw new BackupError(
      'CHECKSUM_MISMATCH',
      `the store "${store.name}" returned a different manifest than the one sent`
    )
  }
}

/** Writes the manifest of a copy anew, after somebody edited the backup. */
export async function refreshManifest (
  deps: EngineDeps,
  id: number,
  offsite: OffsiteStore,
  signal: AbortSignal
): Promise<void> {
  const backup = await deps.catalog.backups.get(id)
  const manifest = await recordedManifest(deps, id)
  const copy = { store: offsite.store, key: offsiteKey(backup) }
  // A manifest of its own does not make it a backup: it is brought there again.
  const wrong = await missingPart(copy.store, copy.key, { size: totalSizeOf(manifest), parts: backup.parts }, signal)
  if (wrong !== undefined) {
    await deps.catalog.copies.missing(id, copy.store.name, wrong, deps.clock.now())
    return
  }
  if (!await isSameManifest(copy, manifest, signal)) {
    await putManifest(copy, manifest, offsite, lockOf(backup, offsite, deps.clock.now()), signal)
  }
  await deps.catalog.copies.manifestStored(id, offsite.store.name)
}
