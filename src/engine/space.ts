import { BackupError } from '../core/errors.ts'
import type { Compression } from '../core/stage.ts'
import type { EngineDeps } from './deps.ts'

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

/** Throws `DISK_FULL` unless there is room for a backup, in the store and in the scratch directory, and the reserve stays free. */
export async function checkSpace (deps: EngineDeps, need: Need, signal: AbortSignal): Promise<void> {
  const object = await expectedSize(deps, need)
  const space = await deps.store.space(signal)
  const scratch = await deps.scratch.space()
  const isOneDisk = await deps.isScratchOnStoreDisk()
  if (space !== undefined) require(deps, 'the backup store', object + (isOneDisk ? need.scratch : 0), space.free)
  if (!isOneDisk && need.scratch > 0) require(deps, `the scratch directory "${deps.scratch.directory}"`, need.scratch, scratch.free)
}

function require (deps: EngineDeps, place: string, needed: number, free: number): void {
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
