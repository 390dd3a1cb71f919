import { dirname } from 'node:path'
import { toBackupError } from '../../core/errors.ts'
import { fail, ok, skipped, warn, type SourceFinding } from '../../core/ports/finding.ts'
import { inSize } from '../../core/size.ts'
import { may, READ, realPathOf, statIfThere, USE, WRITE } from '../../files/access.ts'
import { isSqliteDatabase, isWalDatabase } from './database-file.ts'
import { requireInUse, requireOneName } from './one-name.ts'

/** A WAL that was never allowed to start over grows beyond this, and beyond a quarter of its database. Bytes. */
const LARGE_WAL = 64 * 1024 * 1024

/** Bytes of the database with its log; 0 where there is none. Follows links. */
export async function imageSize (path: string): Promise<number> {
  const real = await realPathOf(path)
  const [main, wal] = await Promise.all([statIfThere(real), statIfThere(`${real}-wal`)])
  return Number(main?.size ?? 0) + Number(wal?.size ?? 0)
}

/** Whether the user of this process may read the database, and take part in its wal-index. */
export async function examineRights (path: string): Promise<SourceFinding> {
  const found = await statIfThere(path)
  if (found === undefined) {
    return fail(
      `the database "${path}" is not there`,
      'Correct the path of the source, or mount the disk that it is on.'
    )
  }
  if (!found.isFile()) {
    return fail(`"${path}" is not a file`, 'Name the database file itself as the path of the source.')
  }
  if (!await may(path, READ)) {
    return fail(
      `the database "${path}" must not be read by this user`,
      'Give the user of the service read permission on the file and search permission on its folders.'
    )
  }
  if (!await isWalDatabase(path)) return ok(`the database "${path}" can be read`)
  // Whoever reads a database in WAL mode takes part in its wal-index, or has to make it.
  const real = await realPathOf(path)
  const index = `${real}-shm`
  if (await may(index, READ | WRITE) || (await statIfThere(index) === undefined && await may(dirname(real), USE))) {
    return ok(`the database "${path}" can be read, and so can what is beside it`)
  }
  const remedy =
    'Give the user of the service write permission on the folder of the database and on the "-wal" and "-shm" in it, such as by a group.'
  if (await may(index, READ)) {
    return warn(
      `the "-shm" beside "${real}" can be read and not written to: a backup works only while the application has the database open`,
      remedy
    )
  }
  return fail(
    `the database "${path}" is in WAL mode, and this user must not use or make the "-shm" beside ${
      real === path ? 'it' : `"${real}", where it is`
    }`,
    remedy
  )
}

/**
 * Whether what SQLite keeps next to the database can only be what lies next to its path, and the links on the way there
 * are followed.
 */
export async function examineName (path: string): Promise<readonly SourceFinding[]> {
  try {
    requireInUse(requireOneName(path))
    if (await statIfThere(path) === undefined) return []
    return [ok('no other name of the database is in use, and no process keeps its "-wal" elsewhere')]
  } catch (thrown) {
    const { message, hint } = toBackupError(thrown)
    return [fail(message, hint ?? 'Give the path that the application uses.')]
  }
}

/** How the database is kept by its application. */
export async function examineDatabase (path: string): Promise<SourceFinding> {
  const found = await statIfThere(path)
  if (found === undefined || !await may(path, READ) || !found.isFile()) return skipped('the database cannot be read')
  const size = Number(found.size)
  if (size === 0) {
    return warn(
      `"${path}" has zero bytes`,
      'Let the application make its tables; if it had some already, restore a backup.'
    )
  }
  if (!await isSqliteDatabase(path)) {
    return fail(
      `"${path}" is not a SQLite database, or is encrypted`,
      'Correct the path of the source; a database that is encrypted as a whole cannot be backed up without its key.'
    )
  }
  const note = 'its integrity is checked with each backup, not here'
  if (!await isWalDatabase(path)) {
    return warn(
      `${inSize(size)} in rollback-journal mode, in which writers wait while a backup reads; ${note}`,
      'Let the application switch to WAL mode ("PRAGMA journal_mode = WAL"), if nothing speaks against it.'
    )
  }
  const wal = Number((await statIfThere(`${await realPathOf(path)}-wal`))?.size ?? 0)
  if (wal <= LARGE_WAL || wal <= size / 4) {
    return ok(`${inSize(size)} in WAL mode, ${wal === 0 ? 'no WAL' : `a WAL of ${inSize(wal)}`}; ${note}`)
  }
  return warn(
    `the WAL has grown to ${inSize(wal)} beside a database of ${
      inSize(size)
    }: something keeps it from being brought in`,
    'Find the process that keeps a read transaction open for long, end it, and run "PRAGMA wal_checkpoint(TRUNCATE)".'
  )
}
