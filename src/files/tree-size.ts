import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes that a block of `stat` has, whatever the file system uses. */
const STAT_BLOCK = 512

/** How much space a file, or a directory with everything in it, takes. */
export interface TreeSize {
  /** Bytes on the disk. */
  readonly bytes: number
  /** false: there are more names than were looked at, so it takes at least so much. */
  readonly isWhole: boolean
}

/**
 * Looks at no more than `most` names, and follows no link. undefined: nothing is there. What cannot be read counts as
 * nothing.
 */
export async function treeSize (path: string, most: number): Promise<TreeSize | undefined> {
  const top = await lstat(path).catch(() => undefined)
  if (top === undefined) return undefined
  let bytes = top.blocks * STAT_BLOCK
  let left = most
  const directories = top.isDirectory() ? [path] : []
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const name of await namesIn(directory, left)) {
      if (left-- <= 0) return { bytes, isWhole: false }
      const found = await lstat(join(directory, name)).catch(() => undefined)
      bytes += (found?.blocks ?? 0) * STAT_BLOCK
      if (found?.isDirectory() === true) directories.push(join(directory, name))
    }
  }
  return { bytes, isWhole: true }
}

/** One name more than `most` at the most. */
async function namesIn (directory: string, most: number): Promise<readonly string[]> {
  const names: string[] = []
  try {
    for await (const { name } of await opendir(directory)) {
      names.push(name)
      if (names.length > most) break
    }
  } catch {
    // It cannot be read, or is gone.
  }
  return names
}
