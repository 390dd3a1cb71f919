import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import { fileName, isLogKey, partKeys } from '../../core/backup/object-key.ts'
import { BackupError } from '../../core/errors.ts'
import type { Store } from '../../core/ports/store.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import type { EngineDeps } from '../deps.ts'
import { hasLanded, offsiteKey } from './locations.ts'
import { missingPart } from './objects.ts'

/** Why a backup was recorded as lost. */
const LOST = 'lost together with the landing store'

/**
 * Whether the landing store should have a part and does not, neither where the row has it nor outside of the trash.
 * Throws what the store throws.
 */
export async function isAbsent (
  deps: Pick<EngineDeps, 'store'>,
  backup: Pick<Backup, 'key' | 'copies' | 'parts'>
): Promise<boolean> {
  if (!hasLanded(deps, backup)) return false
  for (const part of partKeys(backup.key, backup.parts)) if (await isMissing(deps.store, part)) return true
  return false
}

/**
 * Whether the landing store has no object of that name, neither there nor outside of the trash. Throws what the store
 * throws.
 */
export async function isMissing (store: Store, key: string): Promise<boolean> {
  for (const one of new Set([key, fileName(key)])) if (await hasObject(store, one, cleanupSignal())) return false
  return true
}

/**
 * The names of everything in the landing store but captured log; undefined: it is not, or not yet, known to be the
 * right one, and shows nothing of what there is. Throws what the store throws.
 */
export async function landedObjects (
  { store, ownership }: EngineDeps,
  signal: AbortSignal
): Promise<ReadonlySet<string> | undefined> {
  return (await ownership.inspect(store, signal)).state === 'ours' ? await namesIn(store, signal) : undefined
}

/** The names of everything in a store but captured log, which may be much. Throws what the store throws. */
export async function namesIn (store: Store, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for await (const { key } of store.list('', signal)) if (!isLogKey(key)) names.add(key)
  return names
}

/** Throws `OBJECT_NOT_FOUND` where the landing store should have the object and does not. */
export async function requireThere (deps: Pick<EngineDeps, 'store'>, backup: Backup): Promise<void> {
  if (!await isAbsent(deps, backup)) return
  throw new BackupError(
    'OBJECT_NOT_FOUND',
    `backup ${backup.id} is not removed: "${deps.store.location(backup.key)}" is missing`,
    {
      hint: 'Find the file, for example on a disk that is not mounted. If it is lost, remove the backup with "force".'
    }
  )
}

/**
 * Records for every copy that the store is taken to hold, and does not, that it is missing there. Throws what the store
 * throws.
 */
export async function recordAbsent (deps: EngineDeps, store: Store, signal: AbortSignal): Promise<void> {
  const isLanding = store.name === deps.store.name
  const listed = await namesIn(store, signal)
  for (const copy of await deps.catalog.copies.held(store.name)) {
    const keys = isLanding ? [copy.key, fileName(copy.key)] : [offsiteKey(copy)]
    if (keys.some(key => partKeys(key, copy.parts).every(part => listed.has(part)))) continue
    // A list may be behind what is there.
    if (await missingPart(store, keys[0] ?? '', copy, signal) === undefined) continue
    await (isLanding
      ? recordLost(deps, copy.backupId)
      : deps.catalog.copies.missing(copy.backupId, store.name, 'the object is missing', deps.clock.now()))
  }
}

/**
 * A backup that other stores hold is read from there from now on, and stays there; one that was nowhere else is marked
 * missing and invalid.
 */
async function recordLost ({ store, offsite, externalStores, catalog, clock }: EngineDeps, id: number): Promise<void> {
  const backup = await catalog.backups.get(id)
  const [elsewhere] = backup.copies.filter(copy => copy.store !== store.name && copy.status === 'stored')
  const other = elsewhere && (offsite.get(elsewhere.store)?.store ?? externalStores.get(elsewhere.store))
  if (other !== undefined) {
    await catalog.backups.evict(id, store.name, other.location(offsiteKey(backup)))
    return
  }
  for (const copy of backup.copies) if (copy.store !== store.name) await catalog.copies.drop(id, copy.store)
  await catalog.copies.missing(id, store.name, LOST, clock.now())
  await catalog.backups.recordVerification(id, {
    valid: false,
    checks: [{ name: 'file_exists', status: 'fail', reason: LOST }],
    remedy: null
  }, clock.now())
}
