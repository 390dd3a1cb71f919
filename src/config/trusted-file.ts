import { closeSync, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { quote, writersBeside } from './data-dir.ts'

/** A file in the working directory that somebody else may have put there. */
export class UntrustedFile extends Error {
  readonly problem: string
  readonly remedy: string

  constructor (problem: string, remedy: string) {
    super(problem)
    this.problem = problem
    this.remedy = remedy
  }
}

/**
 * Reads a file that was found in the working directory, where nobody has named it. It must belong to this user or to root, and so must
 * a symbolic link to it, and nobody else may write to it: a command is also run in the directories of others.
 *
 * Throws `UntrustedFile`, with `otherwise` as the way for a file that is to stay as it is, and what the system throws.
 */
export function readTrusted (path: string, otherwise: string): Buffer {
  const link = lstatSync(path)
  if (link.isSymbolicLink()) requireOwner(path, link, otherwise)
  else requireTrusted(path, link, otherwise)
  const fd = openSync(path, 'r')
  try {
    // Of what is read, whatever has the name by now.
    requireTrusted(path, fstatSync(fd), otherwise)
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

function requireTrusted (path: string, stats: Stats, otherwise: string): void {
  requireOwner(path, stats, otherwise)
  const writers = process.getuid === undefined ? null : writersBeside(stats)
  if (writers !== null) throw new UntrustedFile(`"${path}" can be written to by ${writers}, and is not used`, `If you know what is in it, run "chmod go-w ${quote(path)}"; otherwise ${otherwise}, or run the command in another directory.`)
}

function requireOwner (path: string, { uid }: Stats, otherwise: string): void {
  const user = process.getuid?.()
  if (user === undefined || uid === user || uid === 0) return
  throw new UntrustedFile(`"${path}" belongs to user ${uid}, and is not used`, `If you know what is in it, run "chown -h ${user} ${quote(path)}"; otherwise ${otherwise}, or run the command in another directory.`)
}
