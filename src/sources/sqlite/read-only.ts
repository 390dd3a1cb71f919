import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import { contentSize } from './header.ts'
import { writeFully } from './pages.ts'
import { disagreement } from './wal.ts'

const BLOCK = 4 * 1024 * 1024
const BESIDE = ['-wal', '-shm'] as const

/**
 * Whether the database at `path`, in WAL mode, lies on a read-only file system without a `-shm`. SQLite cannot read it
 * there: it would have to make that file. Nobody has it open in WAL mode either, since each process that has makes one.
 * https://sqlite.org/wal.html#readonly
 */
export function lacksIndex (path: string): boolean {
  if (existsSync(`${path}-shm`)) return false
  try {
    accessSync(dirname(path), constants.W_OK)
    return false
  } catch (error) {
    return systemCode(error) === 'EROFS'
  }
}

/**
 * Copies such a database with its `-wal` to `target`, where SQLite can bring the two together, and returns a descriptor
 * of the copy for reading. `mainFd` is the database, held open. Throws `SOURCE_FAILED` where anything changed
 * meanwhile.
 */
export function copyAside (path: string, mainFd: number, target: string): number {
  const before = stateOf(path)
  copy(mainFd, target, contentSize(mainFd))
  if (before.wal !== undefined) {
    const walFd = openSync(`${path}-wal`, constants.O_RDONLY | constants.O_NOFOLLOW)
    copy(walFd, `${target}-wal`, fstatSync(walFd).size)
    closeSync(walFd)
  }
  if (JSON.stringify(stateOf(path)) !== JSON.stringify(before)) throw disagreement(path)
  return openSync(target, constants.O_RDONLY)
}

/** Takes the names from the copy: what is open stays, and nothing can stay behind. */
export function unname (target: string): void {
  for (const path of [target, ...BESIDE.map(suffix => target + suffix)]) rmSync(path, { force: true })
}

interface State {
  readonly main: string
  readonly wal: string | undefined
  readonly hasIndex: boolean
}

function stateOf (path: string): State {
  const told = (file: string): string | undefined => {
    const stats = statSync(file, { throwIfNoEntry: false, bigint: true })
    return stats && [stats.ino, stats.size, stats.mtimeNs].join()
  }
  return { main: told(path) ?? '', wal: told(`${path}-wal`), hasIndex: existsSync(`${path}-shm`) }
}

/** The first `size` bytes, or as many as there are. */
function copy (from: number, to: string, size: number): void {
  const fd = openSync(to, 'wx', 0o600)
  try {
    const block = Buffer.allocUnsafe(Math.min(BLOCK, Math.max(1, size)))
    for (let at = 0, got = 0; (got = readSync(from, block, 0, Math.min(block.length, size - at), at)) > 0; at += got) {
      writeFully(fd, block.subarray(0, got))
    }
  } finally {
    closeSync(fd)
  }
}
