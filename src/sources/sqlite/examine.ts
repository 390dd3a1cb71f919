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
      `the database "${path}" does not exist`,
      'Correct the path of the source, or mount its disk.'
    )
  }
  if (!found.isFile()) {
    return fail(`"${path}" is not a file`, 'Set the path of the source to the database file.')
  }
  if (!await may(path, READ)) {
    return fail(
      `this user has no permission to read the database "${path}"`,
      'Give the user of the service read permission on the file and search permission on its directories.'
    )
  }
  if (!await isWalDatabase(path)) return ok(`the database "${path}" is readable`)
  // Whoever reads a database in WAL mode takes part in its wal-index, or has to make it.
  const real = await realPathOf(path)
  const index = `${real}-shm`
  if (await may(index, READ | WRITE) || (await statIfThere(index) === undefined && await may(dirname(real), USE))) {
    return ok(`the database "${path}" and its "-wal" and "-shm" files are readable`)
  }
  const remedy =
    'Give the user of the service write permission on the directory of the database and on the "-wal" and "-shm" files in it, for example with a group.'
  if (await may(index, READ)) {
    return warn(
      `the "-shm" file of "${real}" is readable but not writable: backups only work while the application has the database open`,
      remedy
    )
  }
  return fail(
    `the database "${path}" is in WAL mode, and this user has no permission to use or create the "-shm" file of ${
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
    return [ok('no process uses the database under another name')]
  } catch (thrown) {
    const { message, hint } = toBackupError(thrown)
    return [fail(message, hint ?? 'Set the path that the application uses.')]
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
      'Start the application, which creates its tables. If it had tables before, restore a backup.'
    )
  }
  if (!await isSqliteDatabase(path)) {
    return fail(
      `"${path}" is not a SQLite database, or is encrypted`,
      'Correct the path of the source; an encrypted database cannot be backed up without its key.'
    )
  }
  const note = 'its integrity is checked with each backup, not by this command'
  if (!await isWalDatabase(path)) {
    return warn(
      `${inSize(size)} in rollback-journal mode, in which writers wait during a backup; ${note}`,
      'Switch the application to WAL mode ("PRAGMA journal_mode = WAL"), if it is compatible with that.'
    )
  }
  const wal = Number((await statIfThere(`${await realPathOf(path)}-wal`))?.size ?? 0)
  if (wal <= LARGE_WAL || wal <= size / 4) {
    return ok(`${inSize(size)} in WAL mode, ${wal === 0 ? 'no WAL' : `a WAL of ${inSize(wal)}`}; ${note}`)
  }
  return warn(
    `the WAL has grown to ${inSize(wal)} for a database of ${
      inSize(size)
    }: a long read transaction probably prevents checkpoints`,
    'Find the process with the long read transaction, stop it, and run "PRAGMA wal_checkpoint(TRUNCATE)".'
  )
}
