import { statSync, type Stats } from 'node:fs'
import { BackupError } from '../../core/errors.ts'
import { followedPath } from '../../files/followed-path.ts'
import { readMounts } from '../../files/mounts.ts'
import { describeHolders, holderOf, type Budget } from '../proc.ts'
import { mayBeHeld } from './holders.ts'
import { fileLocks, isExclusive, isOnDatabase, isSameFile, lockersOf, openFiles, type OpenFile } from './processes.ts'

/** What SQLite keeps beside a database. It finds them by the name under which a process has opened the database. */
const COMPANIONS = ['-wal', '-shm', '-journal'] as const
/** A second look after so many milliseconds: what is just being made or removed is not kept elsewhere. */
const LOOK_AGAIN = 20
/** Descriptors that one look goes through, some 6 µs each, in the process that also answers requests. */
const DESCRIPTORS = 10_000

/**
 * The path of the database without symbolic links, once it is sure that its `-wal`, `-shm` and `-journal` can only be
 * those beside it: with another name in use they lie beside that one, and what is read or written here would be half of
 * a database. A path with no file at it is returned as it is.
 *
 * Throws `SOURCE_LINK_REFUSED` for a link on the way that is not followed (`followedPath`), also where no file is
 * there, and `SOURCE_OTHER_NAME` where the file is a mount point of its own, has hard links, or is open in a process
 * that keeps what belongs to it elsewhere. Processes are seen as far as `/proc` shows them, and of their descriptors
 * the first 10,000. Opens no database, and so may be called beside connections to it; cheap enough for each schedule.
 * https://sqlite.org/howtocorrupt.html, "Multiple links to the same file"
 */
export function requireOneName (given: string): string {
  const path = followedPath(given)
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return given
  if (!stats.isFile()) return path
  if (readMounts().some(({ point }) => point === path)) {
    throw otherName(
      `"${path}" is mounted as a single file, so the "-wal" and "-journal" files of the application are not next to it`,
      'Mount the directory of the database instead of the single file, and set the path of the source to the database in that directory.'
    )
  }
  if (stats.nlink > 1) {
    throw otherName(
      `"${path}" has ${stats.nlink} hard links: an application that uses another of the names keeps the "-wal" and "-journal" files next to that one`,
      'Set the path that the application uses, and remove the other hard links ("find / -xdev -samefile FILE" lists them).'
    )
  }
  const found = findElsewhere(path, stats)
  if (found !== undefined) pause(LOOK_AGAIN)
  if (found !== undefined && findElsewhere(path, stats) !== undefined) throw found
  return path
}

/** What to say of the first process that has one half of the database here and the other elsewhere. */
function findElsewhere (path: string, stats: Stats): BackupError | undefined {
  const locks = (fileLocks() ?? []).filter(({ pid }) => pid !== process.pid)
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const [onMain, onIndex] = [lockersOf(locks, path), lockersOf(locks, `${path}-shm`)]
  const budget: Budget = { left: DESCRIPTORS }
  for (const pid of new Set([...onMain, ...onIndex])) {
    // Locks on both show it without a look at the descriptors, of which a process may have thousands.
    if (log !== undefined && onMain.has(pid) && onIndex.has(pid)) continue
    const files = openFiles(pid, budget)
    const main = files.filter(file => isSameFile(file.stats, stats))
    const apart = main.length > 0
      ? companionElsewhere(path, pid, main, files)
      : foreignDatabase(path, pid, stats, files)
    if (apart !== undefined) {
      return otherName(
        `"${path}" is open in process ${describeHolders([holderOf(pid)])}, which ${apart}`,
        'Set the path that the application uses. If containers share a database, mount directories, not single files.'
      )
    }
  }
  return undefined
}

/** A process that keeps the `-wal` of the database elsewhere: under another name, or deleted. */
function companionElsewhere (
  path: string,
  pid: number,
  main: readonly OpenFile[],
  files: readonly OpenFile[]
): string | undefined {
  for (const suffix of COMPANIONS) {
    const theirs = files.find(({ name }) => main.some(database => name === database.name + suffix))
    if (theirs === undefined || isSameFile(statSync(path + suffix, { throwIfNoEntry: false }), theirs.stats)) continue
    if (theirs.isDeleted && isClosing(pid, path)) continue
    // A journal comes and goes with each transaction.
    if (isSameFile(theirs.again(), theirs.stats)) {
      return `keeps the "${suffix}" as "${theirs.name}"${
        theirs.isDeleted ? ', which was deleted' : ', which is not the one next to the database'
      }`
    }
  }
  return undefined
}

/**
 * Whether the process has the database for itself. The last one that closes it takes that lock, removes the `-shm`
 * while it still has it open, and may be stopped there for any time. One that works with a removed `-shm` shares the
 * database. https://sqlite.org/src/file/src/wal.c, `sqlite3WalClose`
 */
function isClosing (pid: number, path: string): boolean {
  return lockersOf((fileLocks() ?? []).filter(isExclusive), path).has(pid)
}

/** A process that uses the `-wal` beside the path for a database that is not at the path. */
function foreignDatabase (path: string, pid: number, stats: Stats, files: readonly OpenFile[]): string | undefined {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const theirs = files.find(file => isSameFile(file.stats, log))
  if (theirs === undefined) return undefined
  // It may have opened the database since the descriptor of the one before was looked for.
  if (openFiles(pid, { left: DESCRIPTORS }).some(file => isSameFile(file.stats, stats))) return undefined
  return !isSameFile(theirs.again(), log) ? undefined : 'uses the "-wal" file next to it for another database'
}

/**
 * Throws `SOURCE_REPLACED` where a process still writes to a deleted file that had this name, and no process has the
 * present one open: a backup would show what the application no longer uses. Seen is who holds a lock, as everybody in
 * WAL mode does. https://sqlite.org/howtocorrupt.html, "Unlinking or renaming a database file while in use"
 */
export function requireInUse (path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  const locks = (fileLocks() ?? []).filter(lock => isOnDatabase(lock) && lock.pid !== process.pid)
  if (lockersOf(locks, path).size > 0) return
  const budget: Budget = { left: DESCRIPTORS }
  for (const pid of new Set(locks.map(lock => lock.pid))) {
    const isStale = openFiles(pid, budget, path).some(file =>
      file.isDeleted && !isSameFile(file.stats, stats) && file.isWritable()
    )
    if (!isStale || mayBeHeld(path, budget)) continue
    throw new BackupError(
      'SOURCE_REPLACED',
      `"${path}" was replaced, and process ${describeHolders([holderOf(pid)])} still writes to the old, deleted file`,
      { hint: 'Restart the application, so that it opens the new file.' }
    )
  }
}

/** Stands still for so many milliseconds. */
export function pause (milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

export function otherName (message: string, hint: string): BackupError {
  return new BackupError('SOURCE_OTHER_NAME', message, { hint })
}
