import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import type { StoredCopy } from '../../core/backup/copy.ts'
import { toBackupError } from '../../core/errors.ts'
import { manifestKey, partKeys, TRASH } from '../../core/backup/object-key.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import type { EngineDeps, OffsiteStore } from '../deps.ts'
import { backupLock } from '../jobs/locks.ts'
import { discardBackup } from '../artifacts/discard.ts'
import { inTurn } from '../artifacts/in-turn.ts'
import { missingPart } from '../artifacts/objects.ts'
import { hasLanded, offsiteKey, promisedStores } from '../artifacts/locations.ts'

/** So many backups of each store are looked at in one step. */
const STEP = 2000

/**
 * Takes the object out of the landing store where another store really holds it. The row says so first: what a crash
 * leaves is swept by `evictionSweep`. The caller holds the backup. Returns it as it is then.
 */
export async function evictLocal (deps: EngineDeps, backup: Backup): Promise<Backup> {
  const holder = await holderOf(deps, backup)
  if (holder === undefined) return backup
  const evicted = await deps.catalog.backups.evict(
    backup.id,
    deps.store.name,
    holder.store.location(offsiteKey(backup))
  )
  await discardBackup(deps, deps.store, backup.key, backup)
  deps.events.emit({ type: 'backup.evicted', backup: evicted })
  return evicted
}

/**
 * The first other store that, when it is asked now, is the right one and has the object; undefined: none is and has.
 * One that cannot be asked is reported.
 */
export async function holderOf (
  deps: EngineDeps,
  backup: Backup,
  among: (offsite: OffsiteStore) => boolean = () => true
): Promise<OffsiteStore | undefined> {
  for (const { store: name, status, size } of backup.copies) {
    const offsite = deps.offsite.get(name)
    if (offsite === undefined || status !== 'stored' || !among(offsite)) continue
    try {
      await deps.ownership.require(offsite.store, cleanupSignal())
      const { parts } = backup
      if (await missingPart(offsite.store, offsiteKey(backup), { size, parts }, cleanupSignal()) === undefined) {
        return offsite
      }
    } catch (thrown) {
      deps.events.emit({
        type: 'operation.failed',
        operation: 'evict',
        source: backup.source,
        method: backup.method,
        code: toBackupError(thrown).code
      })
    }
  }
  return undefined
}

/**
 * The same once every promised copy is stored, where the source keeps nothing on this disk. A backup that another job
 * is at work on waits for the next time.
 */
export async function evictWhenCopied (deps: EngineDeps, id: number): Promise<void> {
  const before = await deps.catalog.backups.get(id)
  const chosen = deps.sources.get(before.source)
  if (chosen === undefined || deps.settings.policyFor(chosen).keepLocal) return
  const lock = await deps.runner.locks.tryLock([backupLock(id)])
  if (lock === undefined) return
  try {
    const backup = await deps.catalog.backups.get(id)
    const promised = promisedStores(deps, backup.source).map(({ store }) => store.name)
    const isStored = (name: string): boolean =>
      backup.copies.some(({ store, status }) => store === name && status === 'stored')
    if (backup.trashedAt === null && hasLanded(deps, backup) && promised.length > 0 && promised.every(isStored)) {
      await evictLocal(deps, backup)
    }
  } finally {
    await lock.release()
  }
}

/**
 * Returns a function that does one step at each call: it evicts what could not be evicted when its copies were stored,
 * and removes what an eviction that was cut short left in the landing store. It goes through what the stores hold, the
 * newest first, and then begins again, so that a step costs the same however many backups there are. At the end of a
 * step its first error is thrown; what failed has its turn in the next round.
 */
export function evictionSweep (deps: EngineDeps, step = STEP): () => Promise<void> {
  let before: number | undefined
  return async () => {
    // Where there is no other store nothing is evicted.
    if (deps.offsite.size === 0) return
    const { held, next } = await heldBefore(deps, before, step)
    before = next
    await inTurn(held.map(one => () => settle(deps, one)))
  }
}

interface Held {
  readonly copy: StoredCopy
  /** Names of the stores that have it. */
  readonly stores: Set<string>
}

/**
 * What all stores hold of the newest backups with a smaller id than `before`; `next`: those with a smaller id than this
 * were not looked at; undefined: all were.
 */
async function heldBefore (
  { store, offsite, catalog }: EngineDeps,
  before: number | undefined,
  step: number
): Promise<{ readonly held: readonly Held[], readonly next: number | undefined }> {
  const held = new Map<number, Held>()
  // Below the end of a full page nothing is known of that store.
  let known = 0
  for (const name of [store.name, ...offsite.keys()]) {
    const page = await catalog.copies.newest(name, step, before)
    if (page.length === step) known = Math.max(known, page.at(-1)?.backupId ?? 0)
    for (const copy of page) {
      const one = held.get(copy.backupId) ?? { copy, stores: new Set<string>() }
      one.stores.add(name)
      held.set(copy.backupId, one)
    }
  }
  return {
    held: [...held.values()].filter(({ copy }) => copy.backupId >= known),
    next: known === 0 ? undefined : known
  }
}

async function settle (deps: EngineDeps, { copy, stores }: Held): Promise<void> {
  const chosen = deps.sources.get(copy.source)
  if (chosen === undefined) return
  if (!stores.has(deps.store.name)) await removeLeft(deps, copy)
  else if (stores.size > 1 && !deps.settings.policyFor(chosen).keepLocal) await evictWhenCopied(deps, copy.backupId)
}

/** Of a backup that is in other stores alone. */
async function removeLeft (deps: EngineDeps, { backupId, key, parts }: StoredCopy): Promise<void> {
  if (key.startsWith(TRASH) || !await isAnyThere(deps, [manifestKey(key), ...partKeys(key, parts)])) return
  const backup = await deps.catalog.backups.get(backupId)
  // It may have landed since the stores were looked through.
  if (hasLanded(deps, backup) || await deps.catalog.backups.isNamed(backup.source, key, backupId)) return
  if (await holderOf(deps, backup) !== undefined) await discardBackup(deps, deps.store, key, backup)
}

async function isAnyThere (deps: EngineDeps, keys: readonly string[]): Promise<boolean> {
  for (const key of keys) if (await isThere(deps, key)) return true
  return false
}

/** What is no regular file was not written by this program. */
async function isThere ({ store }: EngineDeps, key: string): Promise<boolean> {
  try {
    return await hasObject(store, key, cleanupSignal())
  } catch (thrown) {
    if (toBackupError(thrown).code === 'OBJECT_REFUSED') return false
    throw thrown
  }
}
