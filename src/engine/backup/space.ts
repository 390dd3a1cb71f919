import { isLive, totalSize, type Backup, type BackupMethod } from '../../core/backup/backup.ts'
import { toBackupError } from '../../core/errors.ts'
import type { Compression } from '../../core/ports/codec.ts'
import { isAbsent } from '../artifacts/absent.ts'
import { requireFree } from '../artifacts/free-space.ts'
import { hasLanded } from '../artifacts/locations.ts'
import type { EngineDeps } from '../deps.ts'
import { removalLocks } from '../jobs/locks.ts'
import { evictLocal } from '../retention/evict.ts'
import { heldInTrash } from '../retention/held.ts'
import type { Removal } from '../retention/removal.ts'
import { surplusIds } from '../retention/surplus.ts'
import { erase, settleTrashed } from '../retention/trash.ts'

/** How much more than the last one a compressed backup may take before the guess was wrong. */
const MARGIN = 1.25
/** Among so many of the last ones one of the same compression is looked for. */
const RECENT = 20

export interface Need {
  readonly source: string
  readonly method: BackupMethod
  readonly compression: Compression
  /** Plain bytes of all parts; null: not known, and as many as the last backup had. */
  readonly image: number | null
  /** Bytes that the snapshot and the verification need in the scratch directory, whichever is more. */
  readonly scratch: number
  /** Whether others may give way. Not for a caller who may remove nothing: making backups would remove them all. */
  readonly mayGiveWay: boolean
}

/** Called with each backup that gave way. */
export type OnRemoval = (removal: Removal) => void

/**
 * Throws `DISK_FULL` unless there is room for a backup, in the store and in the scratch directory, and the reserve
 * stays free. Where the store lacks room, others give way first, if they may.
 */
export async function checkSpace (
  deps: EngineDeps,
  need: Need,
  signal: AbortSignal,
  onRemoval: OnRemoval
): Promise<void> {
  const isOneDisk = await deps.isScratchOnStoreDisk()
  const scratch = await deps.scratch.space()
  const object = await expectedSize(deps, need) + (isOneDisk ? need.scratch : 0)
  const free = await freeInStore(deps, object, need.mayGiveWay, signal, onRemoval)
  if (free !== undefined) requireFree(deps, 'the backup store', object, free)
  if (!isOneDisk && need.scratch > 0) {
    requireFree(deps, `the scratch directory "${deps.scratch.directory}"`, need.scratch, scratch.free)
  }
}

/**
 * Bytes that are free in the store once others have given way, where they may and that is enough; undefined where the
 * store knows no bound.
 */
async function freeInStore (
  deps: EngineDeps,
  needed: number,
  mayGiveWay: boolean,
  signal: AbortSignal,
  onRemoval: OnRemoval
): Promise<number | undefined> {
  const missing = async (): Promise<{ readonly free: number, readonly short: number } | undefined> => {
    const space = await deps.store.space(signal)
    return space === undefined ? undefined : { free: space.free, short: needed + deps.diskReserve - space.free }
  }
  const before = await missing()
  if (before === undefined || before.short <= 0 || !mayGiveWay) return before?.free
  await removeExpendable(deps, before.short, signal, onRemoval, async () => ((await missing())?.short ?? 0) <= 0)
  return (await missing())?.free
}

/**
 * Makes room after the store was found full while a backup was written, although there seemed to be enough: the guess
 * was wrong, others write there, or there is a quota. Frees `needed` bytes at most, and nothing where that would not be
 * enough. Returns whether any were freed.
 */
export async function makeRoom (
  deps: EngineDeps,
  needed: number,
  signal: AbortSignal,
  onRemoval: OnRemoval
): Promise<boolean> {
  const space = await deps.store.space(signal)
  const short = space === undefined ? needed : needed + deps.diskReserve - space.free
  return await removeExpendable(deps, short > 0 ? short : needed, signal, onRemoval, async () => false)
}

/**
 * Removes from the landing store, until `short` bytes are free or `isEnough`: backups that are over `maxBackups`
 * because they were made by hand faster than the schedule asks for, the newest first; then what has been in the trash
 * the longest. Nothing is removed where all of that would not be enough, so that a backup which can never fit costs
 * nothing. A backup that another store has stays there for the rest of its time; one that is held because of a suspect
 * stays altogether. Returns whether any was removed.
 */
async function removeExpendable (
  deps: EngineDeps,
  short: number,
  signal: AbortSignal,
  onRemoval: OnRemoval,
  isEnough: () => Promise<boolean>
): Promise<boolean> {
  const isHeld = heldInTrash(deps)
  const giving: Backup[] = []
  for (const id of await surplusIds(deps)) giving.push(await deps.catalog.backups.get(id))
  for (const backup of await deps.catalog.backups.trashed()) {
    if (hasLanded(deps, backup) && !await isHeld(backup)) giving.push(backup)
  }
  if (giving.reduce((sum, backup) => sum + (totalSize(backup) ?? 0), 0) < short) return false
  let freed = 0
  for (const backup of giving) {
    signal.throwIfAborted()
    if (freed >= short || (freed > 0 && await isEnough())) break
    const removal = await removeLanded(deps, backup)
    if (removal === undefined) continue
    onRemoval(removal)
    freed += totalSize(backup) ?? 0
  }
  return freed > 0
}

/** A failure is reported, and hinders nothing. undefined: the backup is in the landing store as before. */
async function removeLanded (
  deps: EngineDeps,
  { id, source, method, trashedAt }: Backup
): Promise<Removal | undefined> {
  const lock = await deps.runner.locks.tryLock(removalLocks(id))
  if (lock === undefined) return undefined
  try {
    const backup = await deps.catalog.backups.get(id)
    return await (trashedAt === null ? removeSurplus(deps, backup) : removeTrashed(deps, backup))
  } catch (error) {
    deps.events.emit({
      type: 'operation.failed',
      operation: 'make-room',
      source,
      method,
      code: toBackupError(error).code
    })
    return undefined
  } finally {
    await lock.release()
  }
}

async function removeTrashed (deps: EngineDeps, backup: Backup): Promise<Removal | undefined> {
  // It may have been brought back since the trash was looked through.
  if (
    backup.trashedAt === null || backup.deletedAt !== null || await isAbsent(deps, backup) ||
    !await settleTrashed(deps, backup)
  ) {
    return undefined
  }
  return await removeFor(deps, backup, 'removed from the trash to make room for a new backup')
}

async function removeSurplus (deps: EngineDeps, backup: Backup): Promise<Removal | undefined> {
  // It may have been removed or pinned since it was chosen.
  if (!isLive(backup) || backup.pinned || !hasLanded(deps, backup) || await isAbsent(deps, backup)) {
    return undefined
  }
  if (!isElsewhere(deps, backup) && await deps.catalog.backups.isBuiltOn(backup.id)) return undefined
  return await removeFor(
    deps,
    backup,
    'manual backup beyond maxBackups, made more often than the schedule requires; removed to make room for a new backup'
  )
}

/**
 * Only from the landing store, if another store has it. Otherwise the row says first that it is on its way out, so that
 * housekeeping finishes a removal that fails.
 */
async function removeFor (deps: EngineDeps, backup: Backup, reason: string): Promise<Removal | undefined> {
  const reasons = [reason]
  if (isElsewhere(deps, backup)) {
    const evicted = await evictLocal(deps, backup)
    return hasLanded(deps, evicted) ? undefined : { backup: evicted, removal: 'evict', reasons }
  }
  const marked = backup.trashedAt === null
    ? await deps.catalog.backups.trash(backup.id, backup.key, backup.filePath, deps.clock.now())
    : backup
  return { backup: await erase(deps, marked, reason), removal: 'erase', reasons }
}

function isElsewhere (deps: EngineDeps, { copies }: Backup): boolean {
  return copies.some(({ store, status }) => status === 'stored' && deps.offsite.has(store))
}

/**
 * Stored bytes, going by the last backup of the source with the same method and compression. Without one all of the
 * image, or, where its size is not known, nothing: then only a full store ends the backup.
 */
async function expectedSize (deps: EngineDeps, need: Need): Promise<number> {
  const { source, method, compression, image } = need
  if (compression === 'none' && image !== null) return image
  const { backups } = await deps.catalog.backups.list({
    source,
    method,
    status: 'completed',
    byTime: true,
    limit: RECENT
  })
  const last = backups.find(backup => backup.compression === compression)
  const lastSize = last === undefined ? null : totalSize(last)
  if (image === null) return lastSize === null ? 0 : Math.ceil(lastSize * MARGIN)
  if (last?.size == null || last.originalSize === null || last.originalSize === 0) return image
  return Math.min(image, Math.ceil(image * last.size / last.originalSize * MARGIN))
}
