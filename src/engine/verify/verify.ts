import { isDeepStrictEqual } from 'node:util'
import type { Backup } from '../../core/backup/backup.ts'
import { toBackupError, type BackupError } from '../../core/errors.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { Task } from '../../core/job.ts'
import type { Check, Verification } from '../../core/ports/verification.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { checkChain } from '../artifacts/check-chain.ts'
import { linksOf } from '../artifacts/links.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock } from '../jobs/locks.ts'
import { homeOf, locationsOf, type ObjectLocation } from '../artifacts/locations.ts'
import { readManifest, trustedManifest, requireObject } from '../artifacts/objects.ts'
import { verifyObject, type ObjectVerification } from '../artifacts/verify-parts.ts'

export interface Verified {
  readonly backup: Backup
  readonly verification: Verification
}

export interface VerifiedAll {
  /** In the order in which they were verified: oldest first. */
  readonly results: readonly Verified[]
  /** Those that could not be judged, whole or damaged, and why; likewise. */
  readonly failures: ReadonlyArray<{ readonly backupId: number, readonly error: BackupError }>
}

/** Backups that are read at once when all are counted up for verification. */
const PAGE = 500

/** A proof in another way than the usual one, which reads the backup where it is at home. */
export interface VerifyOptions extends Partial<Pick<ObjectVerification, 'images' | 'inspect' | 'isDigested'>> {
  /** Where the backup is read. */
  readonly location?: ObjectLocation
  /**
   * Whether the result becomes that of the backup. Default: true. false: for a restore from other copies than the
   * nearest, which compares the bytes of the whole chain with their digests.
   */
  readonly isRecorded?: boolean
}

/** Proves one backup again, and records what was found unless `isRecorded` is false. */
export async function verifyBackup (
  deps: EngineDeps,
  id: number,
  task: Task,
  { location, isRecorded = true, ...way }: VerifyOptions = {}
): Promise<Verified> {
  const startedAt = deps.clock.now()
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const recorded = await trustedManifest(deps, id)
  const { store, key } = await believable(deps, backup, location ?? homeOf(deps, backup), task.signal)
  try {
    const manifestCheck = await checkManifest({ store, key }, recorded, task.signal)
    const [, ...ancestors] = await linksOf(deps, backup)
    const parent = recorded.link?.parent ?? null
    const chainCheck = await checkChain(deps, parent, ancestors, task.signal, { areCompared: !isRecorded })
    const verification = await verifyObject({ ...deps, store }, {
      ...way,
      key,
      manifest: recorded,
      manifestCheck,
      chainCheck,
      requireRoom: bytes => checkScratch(deps, bytes)
    }, task)
    const now = deps.clock.now()
    if (!isRecorded) return { backup, verification }
    const verified = await deps.catalog.backups.recordVerification(id, verification, now)
    deps.events.emit({
      type: 'verification.finished',
      backup: verified,
      verification,
      durationMs: now.getTime() - startedAt.getTime()
    })
    return { backup: verified, verification }
  } catch (thrown) {
    const { code } = toBackupError(task.signal.aborted ? task.signal.reason : thrown)
    deps.events.emit({
      type: 'operation.failed',
      operation: 'verify',
      source: backup.source,
      method: backup.method,
      code
    })
    throw thrown
  }
}

/**
 * The place, unless the backup is not there and another store has it: a file that is gone is no damage then. A store
 * that is lost, or another one in its place, proves nothing against a backup. Throws `STORE_UNAVAILABLE` where no other
 * store should have it.
 */
async function believable (
  deps: EngineDeps,
  backup: Backup,
  location: ObjectLocation,
  signal: AbortSignal
): Promise<ObjectLocation> {
  if (deps.externalStores.has(location.store.name)) return location
  const isLost = (await deps.ownership.inspect(location.store, signal)).state === 'lost'
  const others = locationsOf(deps, backup).filter(({ store }) => store.name !== location.store.name)
  if (!isLost && others.length === 0) return location
  // A backup that is there is as good as ever, whatever became of the others.
  if (await hasObject(location.store, location.key, signal).catch(() => !isLost)) return location
  for (const other of others) if (await hasObject(other.store, other.key, signal).catch(() => false)) return other
  if (isLost && others.length === 0) await deps.ownership.require(location.store, signal)
  return isLost ? others[0] ?? location : location
}

/** What people may say of a backup afterwards. A copy in an append-only store never hears of it. */
const EDITABLE: ReadonlySet<keyof Manifest> = new Set(['description', 'pinned', 'suspicion', 'signature'])

/** The manifest in the store must be the one that was written, but for what may have been edited since. */
export async function checkManifest (
  { store, key }: ObjectLocation,
  recorded: Manifest,
  signal: AbortSignal
): Promise<Check> {
  try {
    const stored = await readManifest(store, key, signal)
    const wrong = (Object.keys(recorded) as Array<keyof Manifest>).filter(key =>
      !EDITABLE.has(key) && !isDeepStrictEqual(stored[key], recorded[key])
    )
    if (recorded.signature !== undefined && stored.signature === undefined) {
      return { name: 'manifest', status: 'fail', reason: 'its signature was removed' }
    }
    if (wrong.length === 0) return { name: 'manifest', status: 'pass' }
    return {
      name: 'manifest',
      status: 'fail',
      reason: `${wrong.map(key => `"${key}"`).join(', ')} in the manifest differs from the catalog`
    }
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code === 'OBJECT_NOT_FOUND') {
      return { name: 'manifest', status: 'fail', reason: 'the manifest does not exist' }
    }
    if (error.code === 'MANIFEST_INVALID' || error.code === 'OBJECT_REFUSED') {
      return { name: 'manifest', status: 'fail', reason: error.message }
    }
    throw thrown
  }
}

/**
 * Verifies every live backup that matches, oldest first, one after the other. One that goes away meanwhile is passed
 * over. One that cannot be judged (an unknown kind, no room, no key) keeps none of the others from its turn, and is
 * among the failures. Rejects only where it is cancelled, or where the catalog does not say which backups there are.
 */
export async function verifyAll (
  deps: EngineDeps,
  request: { readonly source?: string | undefined, readonly since?: Date | undefined },
  task: Task
): Promise<VerifiedAll> {
  const results: Verified[] = []
  const failures: Array<VerifiedAll['failures'][number]> = []
  for (const id of (await matching(deps, request)).toReversed()) {
    task.signal.throwIfAborted()
    await deps.runner.takeTurns(task)
    const lock = await deps.runner.lockWhenFree([backupLock(id)], task)
    try {
      const backup = await deps.catalog.backups.get(id)
      if (backup.deletedAt === null && backup.trashedAt === null) results.push(await verifyBackup(deps, id, task))
    } catch (thrown) {
      task.signal.throwIfAborted()
      const error = toBackupError(thrown)
      if (error.code !== 'BACKUP_DELETED') failures.push({ backupId: id, error })
    } finally {
      await lock.release()
    }
  }
  return { results, failures }
}

async function matching (
  deps: EngineDeps,
  request: { readonly source?: string | undefined, readonly since?: Date | undefined }
): Promise<number[]> {
  const ids: number[] = []
  let before: number | undefined
  do {
    const page = await deps.catalog.backups.list({ ...request, status: 'completed', limit: PAGE, before })
    ids.push(...page.backups.filter(({ foreignInstance }) => foreignInstance === null).map(backup => backup.id))
    before = page.next ?? undefined
  } while (before !== undefined)
  return ids
}
