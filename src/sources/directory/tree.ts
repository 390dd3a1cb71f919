import { isUtf8 } from 'node:buffer'
import { BackupError } from '../../core/errors.ts'
import type { PlainImages } from '../../core/ports/images.ts'
import type { ListedEntry, TreeEntry, TreeTool } from '../../core/restore/tree.ts'
import { isStored } from './archive-join.ts'
import { comparePaths, pathProblem, shownPath } from './entry-path.ts'
import { FILES, readEntries, type Entry } from './entry.ts'
import { parseGlob } from './glob.ts'
import { MalformedError } from './malformed.ts'
import { damaged } from './restore.ts'
import { textOf } from './selection.ts'

/** In nanoseconds. */
const MILLISECOND = 1_000_000n

/** Lists the files in a backup of a directory. Its part `files` is read to the end, so that its digest is compared. */
export const directoryTree: TreeTool = {
  async list (images, { patterns, limit, after }, signal) {
    const globs = patterns.map(parseGlob)
    const from = after === undefined ? undefined : pathOfCursor(after)
    const entries: TreeEntry[] = []
    let last: Buffer | undefined
    let hasMore = false
    for await (const entry of listOf(images, signal)) {
      if (hasMore || (from !== undefined && comparePaths(entry.path, from) <= 0)) continue
      const text = textOf(entry.path)
      if (globs.length > 0 && !globs.some(glob => glob.matches(text))) continue
      hasMore = entries.length === limit
      if (hasMore) continue
      entries.push(treeEntry(entry))
      last = entry.path
    }
    return { entries, next: hasMore && last !== undefined ? last.toString('base64url') : null }
  },

  async *entries (images, signal) {
    for await (const entry of listOf(images, signal)) yield listedEntry(entry)
  }
}

/** The part `files`, to its end. Throws as `TreeTool` does. */
async function* listOf (images: PlainImages, signal: AbortSignal): AsyncGenerator<Entry, void> {
  try {
    yield* readEntries(await images.open(FILES, signal))
  } catch (thrown) {
    throw thrown instanceof MalformedError ? damaged(thrown) : thrown
  }
}

function listedEntry (entry: Entry): ListedEntry {
  const { path, type, target, sha256, sparse } = entry
  return {
    path,
    type,
    original: type === 'hardlink' ? target ?? null : null,
    sha256: sparse === true ? null : sha256 ?? null,
    isUnreadable: !isStored(entry)
  }
}

function pathOfCursor (cursor: string): Buffer {
  const path = Buffer.from(cursor, 'base64url')
  if (path.toString('base64url') === cursor && pathProblem(path) === undefined) return path
  throw new BackupError('VALIDATION_FAILED', '"cursor" is not one of this list', {
    hint: 'Give the "nextCursor" of the page before, as it is.'
  })
}

function treeEntry (entry: Entry): TreeEntry {
  const { path, type, size, mtime, mode, uid, gid, target, sha256, sparse } = entry
  return {
    path: isUtf8(path) ? path.toString('utf8') : shownPath(path),
    pathBytes: isUtf8(path) ? null : path,
    type,
    size,
    modified: millisecondsOf(BigInt(mtime)),
    mode,
    uid,
    gid,
    target: target === undefined ? null : isUtf8(target) ? target.toString('utf8') : shownPath(target),
    sha256: sparse === true ? null : sha256 ?? null,
    isUnreadable: !isStored(entry)
  }
}

/** Rounded down, also before 1970. */
function millisecondsOf (time: bigint): Date {
  const rest = (time % MILLISECOND + MILLISECOND) % MILLISECOND
  return new Date(Number((time - rest) / MILLISECOND))
}
