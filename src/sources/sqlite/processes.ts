import { readFileSync, readlinkSync, statSync, type Stats } from 'node:fs'
import { basename } from 'node:path'
import { mountAt, readMounts } from '../../files/mounts.ts'
import { descriptorsIn, PROC, unlessGone, type Budget } from '../proc.ts'

/**
 * SQLite takes its locks on a database file from this byte on: https://sqlite.org/src/file/src/os.h, `PENDING_BYTE`.
 */
const PENDING_BYTE = 0x4000_0000
/** The first of the bytes that a reader locks, `SHARED_FIRST`. A write lock on them is SQLite's lock EXCLUSIVE. */
const SHARED_FIRST = PENDING_BYTE + 2
/** What the kernel appends to the name of a file that has lost it. */
const DELETED = ' (deleted)'

/** A lock that a process has on a file. */
export interface FileLock {
  readonly pid: number
  /** Of the file system, as in mountinfo, `8:1`: the device that stat(2) shows is another on some (btrfs). */
  readonly device: string
  readonly inode: number
  readonly isWrite: boolean
  /** The first byte of its range, and the last one. */
  readonly first: number
  readonly last: number
}

/**
 * Every POSIX lock that is held at this moment, as far as the kernel shows it: those of processes in other PID
 * namespaces, such as other containers, it does not. undefined: this system has no such list. One file is read; no
 * process is looked at. https://man7.org/linux/man-pages/man5/proc_locks.5.html
 */
export function fileLocks (): readonly FileLock[] | undefined {
  const text = unlessGone(() => readFileSync(`${PROC}/locks`, 'utf8'))
  if (text === undefined) return undefined
  const lines = text.matchAll(
    /^\d+: POSIX +ADVISORY +(READ|WRITE) +(\d+) +([\da-f]+):([\da-f]+):(\d+) (\d+) (\d+|EOF)$/gm
  )
  return [...lines].map(([, kind, pid, major = '', minor = '', inode, first, last]) => {
    return {
      pid: Number(pid),
      device: `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}`,
      inode: Number(inode),
      isWrite: kind === 'WRITE',
      first: Number(first),
      last: last === 'EOF' ? Infinity : Number(last)
    }
  })
}

/** Whether the lock is one that SQLite takes on a database file; those on a `-shm` lie elsewhere. */
export function isOnDatabase ({ last }: FileLock): boolean {
  return last >= PENDING_BYTE
}

/** Whether it keeps all others from reading the database. */
export function isExclusive ({ isWrite, last }: FileLock): boolean {
  return isWrite && last >= SHARED_FIRST
}

/** The processes that have one of these locks on the file at the path; none where no file is there. */
export function lockersOf (locks: readonly FileLock[], path: string): ReadonlySet<number> {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino
  const device = mountAt(readMounts(), path)?.device
  return new Set(
    locks.filter(lock => lock.inode === inode && (device === undefined || lock.device === device)).map(({ pid }) => pid)
  )
}

/** This process, as `/proc` counts processes. */
export function ownPid (): number | undefined {
  const name = unlessGone(() => readlinkSync(`${PROC}/self`))
  return name === undefined ? undefined : Number(basename(name))
}

/** A file that a process has open. */
export interface OpenFile {
  /** The name as the process knows it, in its own mount namespace. */
  readonly name: string
  /** Whether it has lost that name since. */
  readonly isDeleted: boolean
  readonly stats: Stats
  /** The present file behind the same descriptor; undefined: it was closed. */
  readonly again: () => Stats | undefined
  /** Whether the process may write to it. */
  readonly isWritable: () => boolean
}

/**
 * The files that a process has open, or those of them that have the name `only`; none where the process is gone or
 * belongs to somebody else. Of more descriptors than are left in the budget, which it takes from, those with the lowest
 * numbers.
 */
export function openFiles (pid: number | 'self', budget: Budget, only?: string): readonly OpenFile[] {
  const directory = `${PROC}/${pid}/fd`
  return descriptorsIn(directory, budget).flatMap(fd => {
    const link = unlessGone(() => readlinkSync(`${directory}/${fd}`))
    // Sockets, pipes and the like have no path.
    if (link?.startsWith('/') !== true) return []
    const isDeleted = link.endsWith(DELETED)
    const name = isDeleted ? link.slice(0, -DELETED.length) : link
    if (only !== undefined && name !== only) return []
    const again = (): Stats | undefined => unlessGone(() => statSync(`${directory}/${fd}`))
    const stats = again()
    if (stats?.isFile() !== true) return []
    return [{ name, isDeleted, stats, again, isWritable: () => isOpenForWriting(pid, fd) }]
  })
}

/** The flags of open(2), in octal; the last two bits are the access mode. */
function isOpenForWriting (pid: number | 'self', fd: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(unlessGone(() => readFileSync(`${PROC}/${pid}/fdinfo/${fd}`, 'utf8')) ?? '')
    ?.[1]
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0
}

export function isSameFile (one: Stats | undefined, other: Stats | undefined): boolean {
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev
}
