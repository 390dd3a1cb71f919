import type { BigIntStats } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { OpenList } from './archive-join.ts'
import { ROOT, shownPath } from './entry-path.ts'
import { shortPath } from './short-path.ts'
import type { Entry } from './entry.ts'
import { Tally } from './tally.ts'
import type { TreePlan } from './tree-plan.ts'

/** Entries that are looked at side by side. */
const AT_ONCE = 64
/** Of each deviation so many paths are named. */
const NAMED = 3

/** What the file system or the rights of this process did not allow to restore. */
export interface Deviations {
  readonly owners: Tally
  readonly modes: Tally
  readonly times: Tally
}

/**
 * Compares an extracted tree in `directory` with its list, entry by entry: type, size, target, owner, mode and time.
 * Throws `RESTORE_FAILED` where type, size or target is another; other differences are a result. `look` is called for
 * each file that is as it should be.
 */
export async function compareTree (
  directory: string,
  openList: OpenList,
  { wanted }: Pick<TreePlan, 'wanted'>,
  signal: AbortSignal,
  look: (path: Buffer, entry: Entry) => Promise<void> = async () => {}
): Promise<Deviations> {
  const deviations = { owners: new Tally(NAMED), modes: new Tally(NAMED), times: new Tally(NAMED) }
  const base = Buffer.from(`${directory}/`)
  let batch: Array<Promise<void>> = []
  for await (const listed of openList()) {
    const entry = wanted(listed)
    if (entry === undefined) continue
    batch.push(compare(base, entry, deviations, look))
    if (batch.length < AT_ONCE) continue
    await Promise.all(batch)
    batch = []
    signal.throwIfAborted()
  }
  await Promise.all(batch)
  return deviations
}

async function compare (
  base: Buffer,
  entry: Entry,
  { owners, modes, times }: Deviations,
  look: (path: Buffer, entry: Entry) => Promise<void>
): Promise<void> {
  const at = entry.path.equals(ROOT) ? base : Buffer.concat([base, entry.path])
  const found = await stats(at)
  const difference = found === undefined ? 'is missing' : await differenceOf(base, at, entry, found)
  if (found === undefined || difference !== undefined) {
    throw new BackupError('RESTORE_FAILED', `"${shortPath(entry.path)}" was restored, and ${difference ?? ''}`, {
      hint: 'Find out what else writes to the directory, look at the disk, then try again.'
    })
  }
  if (entry.type === 'file') await look(at, entry)
  // A hard link has the owner, the mode and the time of the file that it leads to.
  if (entry.type === 'hardlink') return
  if (found.uid !== BigInt(entry.uid) || found.gid !== BigInt(entry.gid)) owners.add(shownPath(entry.path))
  if (entry.type !== 'symlink' && (found.mode & 0o7777n) !== BigInt(entry.mode)) modes.add(shownPath(entry.path))
  if (found.mtimeNs !== BigInt(entry.mtime)) times.add(shownPath(entry.path))
}

async function differenceOf (base: Buffer, at: Buffer, entry: Entry, found: BigIntStats): Promise<string | undefined> {
  switch (entry.type) {
    case 'directory':
      return found.isDirectory() ? undefined : 'is not a directory'
    case 'symlink': {
      if (!found.isSymbolicLink()) return 'is not a symbolic link'
      const target = await readlink(at, { encoding: 'buffer' })
      return entry.target?.equals(target) === true ? undefined : 'leads to another path'
    }
    case 'hardlink': {
      const other = entry.target === undefined ? undefined : await stats(Buffer.concat([base, entry.target]))
      return other !== undefined && other.ino === found.ino && other.dev === found.dev
        ? undefined
        : `is not the same file as "${shortPath(entry.target ?? ROOT)}"`
    }
    case 'file':
      if (!found.isFile()) return 'is not a file'
      return found.size === BigInt(entry.size) ? undefined : `has ${found.size} bytes instead of ${entry.size}`
  }
}

async function stats (path: Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
