import { chmodSync, fstatSync, fsyncSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import { makeFolder, openFolder, type Folder } from '../../files/folder.ts'
import { takeName } from '../../files/take-name.ts'
import { runTool } from './run-tool.ts'

/** What is extracted, in a folder that only this process may enter, until it gets its name. */
const TREE = 'tree'
const OWNER_WRITES = 0o200

/** The place of a restored tree: a name in a directory that is held open, whatever becomes of its path meanwhile. */
export interface Spot {
  readonly folder: Folder
  readonly name: string
  /** The name for what is there now, and the beginning of the name of what is not finished. */
  readonly aside: string
}

/** Throws as `openFolder` does. */
export function openSpot ({ path, aside, isConfined }: {
  readonly path: string
  readonly aside: string
  readonly isConfined?: boolean
}): Spot {
  return { folder: openFolder(dirname(path), { isConfined }), name: basename(path), aside: basename(aside) }
}

export function isThere (path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** A directory next to the place in which a tree is extracted. */
export interface FreshTree {
  /** The empty directory for it: a path for this process alone, also the working directory of a child. */
  readonly path: string
  /** What has been extracted: the tree, or the one file in it with this name. */
  content(single: Buffer | null): Buffer
  /** Removes what is still there. */
  remove(): Promise<void>
}

/** Makes one. Throws what the system throws, such as `EACCES`. */
export function makeFreshTree (spot: Spot): FreshTree {
  const own = makeFolder(spot.folder, freshName(spot))
  mkdirSync(own.at(TREE), { mode: 0o700 })
  return {
    path: own.at(TREE),
    content: single =>
      single === null ? Buffer.from(own.at(TREE)) : Buffer.concat([Buffer.from(`${own.at(TREE)}/`), single]),
    remove: async () => {
      own.close()
      await removeFreshTree(spot)
    }
  }
}

function freshName ({ aside }: Pick<Spot, 'aside'>): string {
  return `${aside}.new`
}

/**
 * Removes what a crash left of a fresh tree. A folder that was put in its place stays: one of another owner, one that
 * others may enter, or one with anything else in it.
 */
async function removeFreshTree ({ folder, aside }: Pick<Spot, 'folder' | 'aside'>): Promise<void> {
  const name = freshName({ aside })
  if (lstatSync(folder.at(name), { throwIfNoEntry: false })?.isDirectory() !== true) return
  const fresh = openFolder(folder.at(name))
  try {
    const { uid, mode } = fstatSync(fresh.fd)
    if (uid !== process.geteuid?.() || (mode & 0o077) !== 0) return
    if (readdirSync(fresh.at('.')).some(found => found !== TREE)) return
    await removeTree(fresh, TREE)
    rmdirSync(folder.at(name))
  } finally {
    fresh.close()
  }
}

/**
 * Removes a tree with paths of any length; mounted file systems in it stay, and then so does the tree. A tree that is
 * not there is no error. Throws `RESTORE_FAILED`.
 */
export async function removeTree (folder: Folder, name: string): Promise<void> {
  if (!isThere(folder.at(name))) return
  const request = { cwd: folder.at('.'), what: `remove "${name}"` }
  // Nothing can be removed from directories that their owner may not write to, unless he is root.
  if (process.geteuid?.() !== 0) {
    await runTool('chmod', ['-R', 'u+rwX', '--', `./${name}`], request).catch(() => {})
  }
  await runTool('rm', ['-rf', '--one-file-system', '--', `./${name}`], request)
}

/** Makes everything on the file system of the directory durable. Throws `RESTORE_FAILED`. */
export async function syncAround (cwd: string): Promise<void> {
  await runTool('sync', ['-f', '.'], { cwd, what: 'make the restored files durable' })
}

/**
 * Puts `content` in the place of what is there, which gets the name `aside`. Returns whether something was there. Two
 * renames: after a crash between them `settleSpot` gives the old one its name back.
 */
export function swapIn ({ folder, name, aside }: Spot, content: Buffer): boolean {
  const [here, kept] = [folder.at(name), folder.at(aside)]
  const hasOld = isThere(here)
  if (hasOld) renameSync(here, kept)
  try {
    moveTo(content, here)
  } catch (error) {
    if (hasOld) renameSync(kept, here)
    throw error
  }
  fsyncSync(folder.fd)
  return hasOld
}

/**
 * Gives `content` the name of the place, where nothing is, or an empty directory; with `overwrite` a file may give way
 * to a file. Throws `RESTORE_TARGET_EXISTS`.
 */
export function takePlace (
  { folder, name }: Spot,
  content: Buffer,
  { path, overwrite }: { path: string, overwrite: boolean }
): void {
  const here = folder.at(name)
  const isFile = !lstatSync(content).isDirectory()
  try {
    if (!isFile || overwrite) moveTo(content, here)
    else takeName(content.toString(), here)
    fsyncSync(folder.fd)
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')) throw occupied(path, isFile)
    throw error
  }
}

/** `isFile`: whether a single file is restored, or a directory. */
export function occupied (path: string, isFile: boolean): BackupError {
  return new BackupError('RESTORE_TARGET_EXISTS', `"${path}" exists`, {
    hint: isFile
      ? 'Choose a path where nothing is, or allow the restore to overwrite a file.'
      : 'Choose a path where nothing is, or an empty directory.'
  })
}

/** To give a directory another parent, its owner must be allowed to write to it. */
function moveTo (content: Buffer, to: string): void {
  const stats = lstatSync(content)
  const mode = stats.mode & 0o7777
  if (!stats.isDirectory() || (mode & OWNER_WRITES) !== 0) {
    renameSync(content, to)
    return
  }
  chmodSync(content, mode | OWNER_WRITES)
  renameSync(content, to)
  chmodSync(to, mode)
}

/**
 * Removes what is not finished, and gives what was there before its name back where nothing took it. Returns whether
 * something is kept under `aside`. May be repeated.
 */
export async function settleSpot (spot: Spot): Promise<boolean> {
  const { folder, name, aside } = spot
  await removeFreshTree(spot)
  const [here, kept] = [folder.at(name), folder.at(aside)]
  if (!isThere(kept)) return false
  if (isThere(here)) return true
  renameSync(kept, here)
  fsyncSync(folder.fd)
  return false
}

/**
 * Undoes `swapIn`, also one that was interrupted: what is kept under `aside` gets its name back, and what took it is
 * removed. `hadContent` false: nothing was there before, and what is there now is removed. After a crash `settleSpot`
 * completes it. Throws `RESTORE_FAILED` where the restored tree cannot be removed; then the old one has its name back.
 */
export async function swapBack (spot: Spot, hadContent: boolean): Promise<void> {
  if (!await settleSpot(spot) && hadContent) return
  const { folder, name, aside } = spot
  const [here, kept] = [folder.at(name), folder.at(aside)]
  if (isThere(here)) {
    const fresh = makeFolder(folder, freshName(spot))
    try {
      moveTo(Buffer.from(here), fresh.at(TREE))
    } finally {
      fresh.close()
    }
  }
  if (isThere(kept)) renameSync(kept, here)
  fsyncSync(folder.fd)
  await removeFreshTree(spot)
}
