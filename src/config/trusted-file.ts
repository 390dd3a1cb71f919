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
 * Who reads the file: the service, which is started where its files are, or a command, which is also run in the
 * directories of others.
 */
export type Reader = 'service' | 'command'

/**
 * Reads a file that was found in the working directory, where nobody has named it. Nobody but its owner may write to
 * it. A command that root runs takes it only from root, and so a symbolic link to it; otherwise the owner may be
 * another user, such as one who deploys the service.
 *
 * Throws `UntrustedFile`, with `otherwise` as the way for a file that is to stay as it is, and what the system throws.
 */
export function readTrusted (path: string, otherwise: string, reader: Reader): Buffer {
  const isOwned = reader === 'command' && process.getuid?.() === 0
  const link = lstatSync(path)
  if (isOwned) requireRoot(path, link, otherwise)
  if (!link.isSymbolicLink()) requireOneWriter(path, link, otherwise)
  const fd = openSync(path, 'r')
  try {
    // Of what is read, whatever has the name by now.
    const stats = fstatSync(fd)
    if (isOwned) requireRoot(path, stats, otherwise)
    requireOneWriter(path, stats, otherwise)
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

function requireOneWriter (path: string, stats: Stats, otherwise: string): void {
  const writers = process.getuid === undefined ? null : writersBeside(stats)
  if (writers !== null) {
    throw new UntrustedFile(
      `"${path}" is writable for ${writers}, and is not used`,
      `If you know what is in it, run "chmod go-w ${
        quote(path)
      }"; otherwise ${otherwise}, or run the command in another directory.`
    )
  }
}

function requireRoot (path: string, { uid }: Stats, otherwise: string): void {
  if (uid === 0) return
  throw new UntrustedFile(
    `"${path}" belongs to user ${uid}, and is not used`,
    `If you know what is in it, run the command as its owner ("sudo -u '#${uid}' holdfast …"); otherwise ${otherwise}, or run the command in another directory.`
  )
}
