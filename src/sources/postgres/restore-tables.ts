import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { BackupError, toBackupError } from '../../core/errors.ts'
import { startClient } from './client.ts'
import type { Database } from './connection.ts'
import { sqlState } from './maintenance.ts'
import { programPath } from './programs.ts'
import { inDirectory, restoreArchive, type ArchiveOptions } from './restore-archive.ts'
import type { TableName } from './restore-selection.ts'
import { openSession, type Session } from './session.ts'

/** `foreign_key_violation` */
const NO_PARENT = '23503'
/** Foreign keys that are named in a warning. */
const MOST_NAMED = 10

/** An entry of the table of contents of an archive (`pg_restore --list`). */
interface Entry {
  readonly line: string
  /** The OID of the object; the data of a table has that of the table. */
  readonly oid: string
  /** What follows the numbers. */
  readonly tail: string
}

/**
 * Restores an archive with the data of the chosen tables alone. All definitions are restored, so that indexes,
 * constraints, defaults, sequences, triggers and types of the tables are complete; the other tables are empty. A
 * foreign key of a chosen table whose rows refer to an empty table is left out, with a warning of the result. Rejects
 * as `restoreArchive`.
 */
export async function restoreTables (
  archive: string,
  database: Database,
  chosen: readonly TableName[],
  options: ArchiveOptions,
  signal: AbortSignal
): Promise<readonly string[]> {
  return await inDirectory(options.scratchDir, async directory => {
    const entries = await contentsOf(archive, options, signal)
    const restore = async (section: string, list?: readonly Entry[]): Promise<void> => {
      const path = join(directory, section)
      if (list !== undefined) await writeFile(path, list.map(({ line }) => `${line}\n`).join(''))
      await restoreArchive(archive, database, { ...options, section, ...list !== undefined && { list: path } }, signal)
    }
    const sqlOf = async (list: readonly Entry[], section: string): Promise<string> => {
      const path = join(directory, 'list')
      await writeFile(path, list.map(({ line }) => `${line}\n`).join(''))
      return await output(archive, ['--file=-', `--use-list=${path}`, `--section=${section}`], options, signal)
    }
    await restore('pre-data')
    const session = await openSession(database, signal)
    try {
      const known = await tablesIn(session)
      const data: Entry[] = []
      for (const entry of entries) {
        const possible = tablesOf(entry, known)
        const definition = possible === null || possible.length === 1
          ? ''
          : await sqlOf(entries.filter(({ oid, tail }) => oid === entry.oid && tail.startsWith('TABLE ')), 'pre-data')
        if (isNeeded(entry, chosen, possible, definition)) data.push(entry)
      }
      await restore('data', data)
      const foreignKeys = entries.filter(({ tail }) => tail.startsWith('FK CONSTRAINT '))
      await restore('post-data', entries.filter(entry => !foreignKeys.includes(entry)))
      return await addForeignKeys(session, foreignKeys, async list => await sqlOf(list, 'post-data'))
    } finally {
      await session.close()
    }
  })
}

async function contentsOf (archive: string, options: ArchiveOptions, signal: AbortSignal): Promise<readonly Entry[]> {
  const list = await output(archive, ['--list'], options, signal)
  return list.split('\n').flatMap(line => {
    const [, oid = '', tail] = /^\d+; \d+ (\d+) (.*)$/.exec(line) ?? []
    return tail === undefined ? [] : [{ line, oid, tail }]
  })
}

async function tablesIn (session: Session): Promise<readonly TableName[]> {
  return await session.query<{ schema: string, name: string }>(
    `SELECT nspname AS schema, relname AS name
     FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'f', 'm')`
  )
}

/**
 * The tables of which an entry can be the data; null: it is not data of a table. Names in the list are not quoted:
 * `TABLE DATA public a b c` is the table `a` of the role `b c`, or the table `a b` of the role `c`.
 */
function tablesOf ({ tail }: Entry, known: readonly TableName[]): readonly TableName[] | null {
  const [, rest] = /^TABLE DATA (.*)$/.exec(tail) ?? []
  if (rest === undefined) return null
  return known.filter(({ schema, name }) => rest.startsWith(`${inList(schema)} ${inList(name)} `))
}

/** Where several tables are possible, the comment above the definition of the table decides. */
function isNeeded (
  { tail }: Entry,
  chosen: readonly TableName[],
  possible: readonly TableName[] | null,
  definition: string
): boolean {
  if (possible === null) return true
  const tables = possible.length === 1
    ? possible
    : possible.filter(({ schema, name }) =>
      definition.includes(`\n-- Name: ${inList(name)}; Type: TABLE; Schema: ${inList(schema)}; `)
    )
  const [table, other] = tables
  if (table !== undefined && other === undefined) {
    return chosen.some(({ schema, name }) => schema === table.schema && name === table.name)
  }
  throw new BackupError('RESTORE_FAILED', `the table of an entry of the archive cannot be determined: "${tail}"`, {
    hint: 'Restore everything, to a new database.'
  })
}

/** As pg_dump writes a name into the list: `sanitize_line` of src/bin/pg_dump/dumputils.c. */
function inList (name: string): string {
  return name.replaceAll(/[\r\n]/g, ' ')
}

/** All at once, or, where one does not fit, one after the other. */
async function addForeignKeys (
  session: Session,
  entries: readonly Entry[],
  sqlOf: (entries: readonly Entry[]) => Promise<string>
): Promise<readonly string[]> {
  if (entries.length === 0 || await isAdded(session, await sqlOf(entries))) return []
  const left: string[] = []
  for (const entry of entries) {
    if (!await isAdded(session, await sqlOf([entry]))) left.push(entry.tail.slice('FK CONSTRAINT '.length))
  }
  const list = left.slice(0, MOST_NAMED).map(name => `"${name}"`).join(', ')
  const more = left.length > MOST_NAMED ? ` and ${left.length - MOST_NAMED} more` : ''
  return left.length === 0
    ? []
    : [`foreign keys were left out, because the rows that they refer to were not restored: ${list}${more}`]
}

async function isAdded (session: Session, sql: string): Promise<boolean> {
  try {
    // Commands of psql that plain dumps have since August 2025.
    await session.query(sql.replaceAll(/^\\(?:un)?restrict .*$/gm, ''))
    return true
  } catch (thrown) {
    if (sqlState(thrown) !== NO_PARENT) {
      throw new BackupError('RESTORE_FAILED', `a foreign key could not be created: ${toBackupError(thrown).message}`, {
        cause: thrown
      })
    }
    return false
  }
}

async function output (
  archive: string,
  args: readonly string[],
  { installation }: ArchiveOptions,
  signal: AbortSignal
): Promise<string> {
  const program = startClient(programPath(installation, 'pg_restore'), [...args, archive], {
    variables: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    failed: (end, messages) => new BackupError('RESTORE_FAILED', `pg_restore failed (${end}): ${messages.trim()}`)
  }, signal)
  const [read] = await Promise.all([text(program.output), program.ended])
  return read
}
