import { may, READ, realPathOf, statIfThere } from './access.ts'
import { about, type Finding } from './finding.ts'
import { isSqliteDatabase, isWalDatabase } from './source-file.ts'
import type { Examination } from './context.ts'
import { inSize } from '../words.ts'

/** A WAL that was never allowed to start over grows beyond this, and beyond a quarter of its database. Bytes. */
const LARGE_WAL = 64 * 1024 * 1024

/** How each database is kept by its application. */
export const examineDatabases: Examination = async ({ sources }) =>
  (await Promise.all(sources.map(examineDatabase))).flat()

async function examineDatabase ({ name, path }: { readonly name: string, readonly path: string }): Promise<Finding[]> {
  const { ok, warn, fail, skipped } = about('database', name)
  const found = await statIfThere(path)
  if (found === undefined || !await may(path, READ) || !found.isFile()) return [skipped('the database cannot be read')]
  const size = Number(found.size)
  if (size === 0) {
    return [
      warn(`"${path}" has zero bytes`, 'Let the application make its tables; if it had some already, restore a backup.')
    ]
  }
  if (!await isSqliteDatabase(path)) {
    return [
      fail(
        `"${path}" is not a SQLite database, or is encrypted`,
        'Correct the path of the source; a database that is encrypted as a whole cannot be backed up without its key.'
      )
    ]
  }
  const note = 'its integrity is checked with each backup, not here'
  if (!await isWalDatabase(path)) {
    return [
      warn(
        `${inSize(size)} in rollback-journal mode, in which writers wait while a backup reads; ${note}`,
        'Let the application switch to WAL mode ("PRAGMA journal_mode = WAL"), if nothing speaks against it.'
      )
    ]
  }
  const wal = Number((await statIfThere(`${await realPathOf(path)}-wal`))?.size ?? 0)
  if (wal <= LARGE_WAL || wal <= size / 4) {
    return [ok(`${inSize(size)} in WAL mode, ${wal === 0 ? 'no WAL' : `a WAL of ${inSize(wal)}`}; ${note}`)]
  }
  return [
    warn(
      `the WAL has grown to ${inSize(wal)} beside a database of ${
        inSize(size)
      }: something keeps it from being brought in`,
      'Find the process that keeps a read transaction open for long, end it, and run "PRAGMA wal_checkpoint(TRUNCATE)".'
    )
  ]
}
