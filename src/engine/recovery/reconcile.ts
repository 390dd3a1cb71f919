import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import { backupParts, totalSizeOf, type Manifest } from '../../core/backup/manifest.ts'
import type { Restore } from '../../core/restore/restore.ts'
import { QUARANTINE, TRASH, fileName, partKeys } from '../../core/backup/object-key.ts'
import { completeChecks, type CheckDefinition } from '../../core/ports/verification.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock, copyLock, sourceLock } from '../jobs/locks.ts'
import { discardBackup, isManifestOf } from '../artifacts/discard.ts'
import { landingCopy, missingPart, readManifest } from '../artifacts/objects.ts'
import { promisedCopies } from '../artifacts/locations.ts'
import { erase, settleTrashed } from '../retention/trash.ts'
import { settleRestores } from '../restore/settle-restores.ts'

export interface Reconciled {
  /** Jobs that were under way in processes that are gone. */
  readonly jobs: number
  /** Backups that had everything but their row: the manifest stood already. */
  readonly completed: readonly Backup[]
  readonly failed: readonly Backup[]
  /** Restores that were under way in processes that are gone. */
  readonly restores: readonly Restore[]
}

/**
 * Puts right what a crash, or a catalog that could not be written to, left undecided. Part of every start. A landing
 * store that must be left as it is stays untouched, and so do the rows that only its files can decide.
 */
export async function reconcile (
  deps: EngineDeps,
  { isLandingUsable = true }: { readonly isLandingUsable?: boolean } = {}
): Promise<Reconciled> {
  const jobs = await deps.catalog.jobs.interrupt(deps.clock.now())
  const settled = isLandingUsable ? await settleUndecided(deps) : { completed: [], failed: [] }
  for (const backup of isLandingUsable ? await deps.catalog.backups.trashed() : []) {
    await unlessLocked(deps, backupLock(backup.id), async () =>
      await unlessItFails(deps, backup, async () => {
        const { trashedAt, deletedAt } = await deps.catalog.backups.get(backup.id)
        if (trashedAt === null || deletedAt !== null) return
        // What is in the trash but has not been moved there was on its way out for good: a rotation that was cut short.
        if (backup.key.startsWith(TRASH)) await settleTrashed(deps, backup)
        else await erase(deps, backup, 'its removal had started before the service ended')
      }))
  }
  await interruptCopies(deps)
  return { jobs, ...settled, restores: await settleRestores(deps) }
}

/** Copies that nobody has under way any more wait again. */
export async function interruptCopies ({ catalog, runner }: EngineDeps): Promise<void> {
  const held = await runner.locks.names()
  await catalog.copies.interrupt((id, store) => held.has(copyLock(id, store)))
}

/**
 * Decides every row that says `in_progress` although nobody works on it: a backup whose manifest stands is whole and
 * completes; anything else failed, and what there is of it goes.
 */
export async function settleUndecided (deps: EngineDeps): Promise<Pick<Reconciled, 'completed' | 'failed'>> {
  const completed: Backup[] = []
  const failed: Backup[] = []
  for (const backup of await deps.catalog.backups.running()) {
    await unlessLocked(deps, sourceLock(backup.source), async () =>
      await unlessItFails(deps, backup, async () => {
        // It may have ended since the rows were read.
        if ((await deps.catalog.backups.get(backup.id)).status !== 'in_progress') return
        const manifest = await wholeManifest(deps, backup)
        if (manifest === undefined) failed.push(await failInterrupted(deps, backup))
        else completed.push(await takeOver(deps, backup, manifest))
      }))
  }
  return { completed, failed }
}

/**
 * Does something for one of many backups. What fails is left undecided, with an event `operation.failed`, and neither
 * stops a start nor hinders the others; only a catalog that fails is thrown, since all of them need it.
 */
export async function unlessItFails (
  deps: EngineDeps,
  { source, method }: Backup,
  work: () => Promise<void>
): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    if (code.startsWith('CATALOG_')) throw thrown
    deps.events.emit({ type: 'operation.failed', operation: 'housekeeping', source, method, code })
  }
}

/** What somebody holds, in this process or another, is being worked on. */
async function unlessLocked (deps: EngineDeps, name: string, work: () => Promise<void>): Promise<void> {
  const lock = await deps.runner.locks.tryLock([name])
  if (lock === undefined) return
  try {
    await work()
  } finally {
    await lock.release()
  }
}

async function wholeManifest (deps: EngineDeps, backup: Backup): Promise<Manifest | undefined> {
  const signal = cleanupSignal()
  try {
    const manifest = await readManifest(deps.store, backup.key, signal)
    const stored = { size: totalSizeOf(manifest), parts: backupParts(manifest) }
    const wrong = await missingPart(deps.store, backup.key, stored, signal)
    deps.signing.require(manifest)
    return isManifestOf(manifest, backup) && wrong === undefined ? manifest : undefined
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (['OBJECT_NOT_FOUND', 'OBJECT_REFUSED', 'MANIFEST_INVALID', 'MANIFEST_UNSIGNED'].includes(error.code)) {
      return undefined
    }
    throw thrown
  }
}

async function takeOver (deps: EngineDeps, backup: Backup, manifest: Manifest): Promise<Backup> {
  const filePath = deps.store.location(backup.key)
  // The manifest says that every level was passed before it was written, not what each of them found.
  const verification = manifest.verifiedAt === null
    ? null
    : { valid: true, checks: completeChecks(PROVEN, checksOf(deps, manifest), PASSED), remedy: null }
  return await deps.catalog.backups.complete(backup.id, {
    manifest,
    filePath,
    verification,
    copies: [landingCopy(deps.store, backup.key, manifest), ...promisedCopies(deps, backup.source, backup.key)]
  })
}

const PASSED = 'passed before the manifest was written; see verifiedAt in the manifest'
const PROVEN = [{ name: 'checksum', status: 'pass', reason: 'before the manifest was written' }] as const

function checksOf ({ kinds }: EngineDeps, { source }: Manifest): readonly CheckDefinition[] {
  return kinds.get(source.kind)?.inspector.checks ?? []
}

async function failInterrupted (deps: EngineDeps, backup: Backup): Promise<Backup> {
  // Another row may have the name in a catalog that was spoiled or edited: what is there belongs to that one.
  if (!await deps.catalog.backups.isNamed(backup.source, fileName(backup.key), backup.id)) {
    await discardBackup(deps, deps.store, backup.key, backup)
  }
  for (const part of partKeys(backup.key, backup.parts)) {
    const aside = QUARANTINE + fileName(part)
    if (await hasObject(deps.store, aside, cleanupSignal())) await deps.store.remove(aside, cleanupSignal())
  }
  const error = new BackupError('INTERRUPTED', 'interrupted: the service ended while this backup was being made')
  const failed = await deps.catalog.backups.fail(backup.id, {
    code: error.code,
    message: error.message,
    failedAt: deps.clock.now()
  })
  deps.events.emit({ type: 'backup.failed', backup: failed, code: error.code })
  return failed
}
