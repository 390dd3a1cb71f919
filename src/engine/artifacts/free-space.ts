import { BackupError } from '../../core/errors.ts'
import type { EngineDeps } from '../deps.ts'

/** Throws `DISK_FULL` unless so many bytes fit into the scratch directory and the reserve stays free there. */
export async function checkScratch (deps: Pick<EngineDeps, 'scratch' | 'diskReserve'>, bytes: number): Promise<void> {
  const { free } = await deps.scratch.space()
  requireFree(deps, `the scratch directory "${deps.scratch.directory}"`, bytes, free)
}

/** Throws `DISK_FULL` unless `needed` of the `free` bytes at `place` can be taken and the reserve stays free. */
export function requireFree (deps: Pick<EngineDeps, 'diskReserve'>, place: string, needed: number, free: number): void {
  if (free - deps.diskReserve >= needed) return
  throw new BackupError(
    'DISK_FULL',
    `${place} has ${free} bytes free; the backup needs ${needed}, and ${deps.diskReserve} must stay free`,
    {
      hint: 'Free space there, lower maxBackups, turn on compression, or lower DISK_RESERVE_BYTES.'
    }
  )
}
