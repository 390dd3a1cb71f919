import { BackupError, toBackupError } from '../core/errors.ts'
import type { Compression } from '../core/stage.ts'
import type { EngineDeps } from './deps.ts'
import { backupHold } from './holds.ts'
import { erase, settleTrashed } from './remove.ts'

/** How much more than the last one a compressed backup may take before the guess was wrong. */
const MARGIN = 1.25
/** Among so many of the last ones one of the same compression is looked for. */
const RECENT = 20

export interface Need {
  readonly source: string
  readonly compression: Compression
  /** Plain bytes of the image. */
  readonly image: number
  /** Bytes that the snapshot and the verification need in the scratch directory, whichever is more. */
  readonly scratch: number
}

/**
 * Throws `DISK_FULL` unless there is room for a backup, in the store and in the scratch directory, and the reserve stays
 * free. Where the store lacks room, the trash gives way first.
 */
export async function checkSpace (deps: EngineDeps, need: Need, signal: AbortSignal): Promise<void> {
  const isOneDisk = await deps.isScratchOnStoreDisk()
  const scratch = await deps.scratch.space()
  const object = await expectedSize(deps, need) + (isOneDisk ? need.scratch : 0)
  const free = await freeInStore(deps, object, signal)
  if (free !== undefined) require(deps, 'the backup store', object, free)
  if (!isOneDisk && need.scratch > 0) require(deps, `the scratch directory "${deps.scratch.directory}"`, need.scratch, scratch.free)
}

/** Throws `DISK_FULL` unless so many bytes fit into the scratch directory and the reserve stays free there. */
export async function checkScratch (deps: Pick<EngineDeps, 'scratch' | 'diskReserve'>, bytes: number): Promise<void> {
  const { free } = await deps.scratch.space()
  require(deps, `the scratch directory "${deps.scratch.directory}"`, bytes, free)
}

/** Bytes that are free in the store once the trash has given way as far as is needed; undefined where the store knows no bound. */
async function freeInStore (deps: EngineDeps, needed: number, signal: AbortSignal): Promise<number | undefined> {
  for (;;) {
    const space = await deps.store.space(signal)
    if (space === undefined || space.free - deps.diskReserve >= needed) return space?.free
    if (!await giveWay(deps)) return space.free
  }
}

/**
 * Removes for good what has been in the trash the longest and nobody is at work on, to make room for a backup. Says
 * whether there was any. What cannot be removed is told, and the next one gives way in its place.
 */
export async function giveWay (deps: EngineDeps): Promise<boolean> {
  for (const backup of await deps.catalog.backups.trashed()) {
    const claim = await deps.runner.holds.tryClaim([backupHold(backup.id)])
    if (claim === undefined) continue
    try {
      // It may have been brought back since the trash was looked through.
      const { trashedAt, deletedAt } = await deps.catalog.backups.get(backup.id)
      if (trashedAt === null || deletedAt !== null || !await settleTrashed(deps, backup)) continue
      await erase(deps, backup, 'it gave way from the trash to make room for a new backup')
      return true
    } catch (error) {
      deps.events.emit({ type: 'operation.failed', operation: 'give-way', source: backup.source, method: backup.method, code: toBackupError(error).code })
    } finally {
      await claim.release()
    }
  }
  return false
}

function require (deps: Pick<EngineDeps, 'diskReserve'>, place: string, needed: number, free: number): void {
  if (free - deps.diskReserve >= needed) return
  throw new BackupError('DISK_FULL', `${place} has ${free} bytes free; the backup needs ${needed}, and ${deps.diskReserve} must stay free`, {
    hint: 'Free space there, lower maxBackups, choose a compression, or lower DISK_RESERVE_BYTES.'
  })
}

/** What the image will take when compressed, going by the last one of the source; without one, all of it. */
async function expectedSize (deps: EngineDeps, { source, compression, image }: Need): Promise<number> {
  if (compression === 'none') return image
  const { backups } = await deps.catalog.backups.list({ source, status: 'completed', limit: RECENT })
  const last = backups.find(backup => backup.compression === compression)
  if (last?.size == null || last.originalSize === null || last.originalSize === 0) return image
  return Math.min(image, Math.ceil(image * last.size / last.originalSize * MARGIN))
}
