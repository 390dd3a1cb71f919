import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { totalSize, type Backup } from '../../core/backup/backup.ts'
import type { StoredCopy } from '../../core/backup/copy.ts'
import { toBackupError } from '../../core/errors.ts'
import { completeChecks, conclude } from '../../core/ports/verification.ts'
import { isAbsent, isMissing } from '../artifacts/absent.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock } from '../jobs/locks.ts'
import { emptiedLanding, landingTrouble } from '../replication/known-store.ts'
import { missingPart } from '../artifacts/objects.ts'
import { locationsOf } from '../artifacts/locations.ts'

/** A round through the landing store begins so often, at most. Milliseconds. */
const ROUND_EVERY = 86_400_000
/** So many backups are looked for in one step, so that a step takes less than a second on a local disk. */
const STEP = 2000

/**
 * Makes what looks, one step at each call, whether the landing store still holds what it should: a round through all
 * backups a day, the newest first. Each file is asked for by its name: a list of a local store costs as much, and has
 * all names in memory.
 *
 * A backup whose file is not there, and that no other store holds, is recorded as invalid, as by a verification. One
 * that another store holds stays as it is. Where the store is not the right one, is empty or cannot be reached, nothing
 * is recorded; nor where another store that may hold the backup cannot be asked. Rejects as the catalog does.
 */
export function landingSurvey (deps: EngineDeps): () => Promise<void> {
  let begunAt = Number.NEGATIVE_INFINITY
  /** Backups with a smaller id are still to be looked for; null: the round has ended. */
  let before: number | null = null
  return async () => {
    const now = deps.clock.now().getTime()
    if (before === null && Math.abs(now - begunAt) < ROUND_EVERY) return
    if (await isDoubtful(deps)) return
    if (before === null) begunAt = now
    const page = await deps.catalog.copies.newest(deps.store.name, STEP, before ?? undefined)
    for (const copy of page) if (!await isPassed(deps, copy)) return
    before = page.length < STEP ? null : page.at(-1)?.backupId ?? null
  }
}

/** Whether what the landing store does not show proves nothing. */
async function isDoubtful (deps: EngineDeps): Promise<boolean> {
  return (await landingTrouble(deps, cleanupSignal()) ?? await emptiedLanding(deps, cleanupSignal())) !== undefined
}

/** Looks for one backup. Returns false where the whole store has become doubtful meanwhile. */
async function isPassed (deps: EngineDeps, copy: StoredCopy): Promise<boolean> {
  try {
    if (!await isMissing(deps.store, copy.key)) return true
    const lock = await deps.runner.locks.tryLock([backupLock(copy.backupId)])
    if (lock === undefined) return true
    try {
      return await settle(deps, await deps.catalog.backups.get(copy.backupId))
    } finally {
      await lock.release()
    }
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    if (code.startsWith('CATALOG_')) throw thrown
    deps.events.emit({ type: 'operation.failed', operation: 'survey', source: copy.source, method: null, code })
    return !await isDoubtful(deps)
  }
}

/**
 * The caller holds the backup. Returns false where the store has become doubtful: the file was looked for before it is
 * asked whose the store is.
 */
async function settle (deps: EngineDeps, backup: Backup): Promise<boolean> {
  const { catalog, clock, events, store } = deps
  if (backup.status !== 'completed' || backup.deletedAt !== null || backup.trashedAt !== null || isKnownLost(backup)) {
    return true
  }
  if (!await isAbsent(deps, backup)) return true
  if (await isDoubtful(deps)) return false
  if (await isElsewhere(deps, backup)) {
    events.emit({
      type: 'operation.failed',
      operation: 'survey',
      source: backup.source,
      method: backup.method,
      code: 'OBJECT_NOT_FOUND'
    })
    return true
  }
  const manifest = await catalog.backups.manifest(backup.id)
  const definitions = deps.kinds.get(manifest?.source.kind ?? '')?.inspector.checks ?? []
  const checks = completeChecks(
    [{
      name: 'file_exists',
      status: 'fail',
      reason: `"${store.location(backup.key)}" does not exist`
    }],
    definitions,
    'not reached, because file_exists failed'
  )
  const verification = conclude(checks, definitions)
  const verified = await catalog.backups.recordVerification(backup.id, verification, clock.now())
  events.emit({ type: 'verification.finished', backup: verified, verification, durationMs: 0 })
  return true
}

/** Whether its last verification found that the file is not there. */
function isKnownLost ({ verification }: Backup): boolean {
  return verification.status === 'invalid' &&
    verification.checks.some(({ name, status }) => name === 'file_exists' && status === 'fail')
}

/** Whether another store has the object when it is asked now. Throws what a store throws that should have it. */
async function isElsewhere (deps: EngineDeps, backup: Backup): Promise<boolean> {
  for (const { store, key } of locationsOf(deps, backup)) {
    if (store.name === deps.store.name) continue
    if (!deps.externalStores.has(store.name)) await deps.ownership.require(store, cleanupSignal())
    const stored = { size: totalSize(backup), parts: backup.parts }
    if (await missingPart(store, key, stored, cleanupSignal()) === undefined) return true
  }
  return false
}

/**
 * Takes back that the file of a backup is not there, once it is there again with the length that it had: the backup
 * counts as unverified, so that no rule takes it for damaged. Rejects as the catalog does.
 */
export async function settleReappeared (deps: EngineDeps): Promise<void> {
  for (const backup of await deps.catalog.backups.lost(deps.store.name)) {
    const { id, key, parts } = backup
    // What cannot be looked at is not there again yet.
    const wrong = await missingPart(deps.store, key, { size: totalSize(backup), parts }, cleanupSignal()).catch(() =>
      ''
    )
    if (wrong !== undefined) continue
    const lock = await deps.runner.locks.tryLock([backupLock(id)])
    if (lock === undefined) continue
    try {
      if (isKnownLost(await deps.catalog.backups.get(id))) await deps.catalog.backups.unverify(id)
    } finally {
      await lock.release()
    }
  }
}
