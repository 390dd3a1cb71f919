import { lstatSync, opendirSync, statfsSync, type Stats } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { totalImageOf, type Manifest } from '../../core/backup/manifest.ts'
import { BackupError } from '../../core/errors.ts'
import type { Placement } from '../../core/restore/restore.ts'
import { contains } from '../../files/contains.ts'
import { readMounts } from '../../files/mounts.ts'
import { directoryDetails } from './facts.ts'
import { describeHolders } from '../proc.ts'
import { holdersOf } from './holders.ts'
import { occupied } from './spot.ts'

/**
 * Throws what would keep a tree from getting its place: `RESTORE_TARGET_INVALID`, `RESTORE_TARGET_EXISTS`,
 * `RESTORE_TARGET_UNWRITABLE`, `RESTORE_TARGET_OPEN`, `DISK_FULL`. Changes nothing.
 */
export async function checkPlace (manifest: Manifest, placement: Placement, signal: AbortSignal): Promise<void> {
  const { path, mode } = placement
  const folder = dirname(path)
  const place = lstatSync(folder, { throwIfNoEntry: false })
  if (place?.isDirectory() !== true) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${folder}" is not a directory`, {
      hint: 'Make the directory, or choose a path in a directory that exists.'
    })
  }
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (mode === 'file') requireFree(placement, found, isSingleFile(manifest, placement))
  else await requireReplaceable(path, found, signal)
  // In the directory above, the tree is extracted under another name and renamed.
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new BackupError('RESTORE_TARGET_UNWRITABLE', `"${folder}" cannot be written to`, {
      hint: 'Give the user of the service the right to write to it, or restore to another path.',
      cause
    })
  })
  requireRoom(manifest, placement)
}

/** Whether a file is put there: a selection is a directory, also one from a backup of a single file. */
function isSingleFile ({ facts }: Manifest, { only }: Placement): boolean {
  return only === undefined && directoryDetails(facts)?.root === 'file'
}

/** Only a file can take the place of a file, and only a directory that of an empty directory. */
function requireFree ({ path, overwrite }: Placement, found: Stats | undefined, isFile: boolean): void {
  if (found === undefined) return
  const givesWay = isFile ? found.isFile() && overwrite : found.isDirectory() && isEmpty(path)
  if (!givesWay) throw occupied(path, isFile)
}

function isEmpty (path: string): boolean {
  const directory = opendirSync(path)
  try {
    return directory.readSync() === null
  } finally {
    directory.closeSync()
  }
}

async function requireReplaceable (path: string, found: Stats | undefined, signal: AbortSignal): Promise<void> {
  if (found === undefined) return
  const points = readMounts().map(({ point }) => point).filter(point => contains(path, point))
  const [point] = points
  if (point !== undefined) {
    const what = points.includes(path) ? 'is a mount point' : `contains the mount point "${point}"`
    throw new BackupError('RESTORE_TARGET_INVALID', `"${path}" ${what}, and so cannot be renamed`, {
      hint:
        'Restore to a new directory with "--output", stop the application, and copy with "rsync -aHAX --delete NEW/ OLD/".'
    })
  }
  const holders = await holdersOf(path, signal)
  if (holders.length === 0) return
  throw new BackupError('RESTORE_TARGET_OPEN', `files in "${path}" are open: ${describeHolders(holders)}`, {
    hint:
      'Stop the application first: what it writes to open files would be in the old directory and not in the new one.'
  })
}

/** At most as much as the archives have; of a chain, the archives of the older links are not known here. */
function requireRoom (manifest: Manifest, { path, only }: Placement): void {
  if (only !== undefined) return
  const needed = totalImageOf(manifest)
  const { bavail, bsize } = statfsSync(dirname(path))
  if (bavail * bsize >= needed) return
  throw new BackupError(
    'DISK_FULL',
    `in "${dirname(path)}" ${bavail * bsize} bytes are free, and the restored files need up to ${needed}`,
    { hint: 'Free space there, or restore to another path.' }
  )
}
