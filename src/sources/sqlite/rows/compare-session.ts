import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../../core/errors.ts'
import { hasColumn, hasUsableKey, isSame, onKey, quote, type Table } from './tables.ts'
import type { SqlValue } from './value.ts'

/** What finds a row in the backup: its rowid, or its key in a table without one. */
export type Address = readonly SqlValue[]

/** What can be asked and done about each row of one table. */
export interface CompareSession {
  readonly isKeyed: boolean
  /** Whether the live database has the row: with the very same values, or others under its key, or not at all. */
  standing(at: Address): 'same' | 'other' | 'none'
  /** The rule by which another live row keeps the row out; undefined: none does. */
  keptOutBy(at: Address): string | undefined
  insert(at: Address): void
  /** Gives the live row with its key the values from the backup. */
  overwrite(at: Address): void
}

/**
 * `db` is the live database with the image attached as `backup`. Throws `ROWS_REFUSED` where the live table lacks
 * columns.
 */
export function openCompareSession (db: Database.Database, live: Table, backup: Table): CompareSession {
  const missing = backup.columns.filter(column => !hasColumn(live, column))
  if (missing.length > 0) {
    throw new BackupError(
      'ROWS_REFUSED',
      `the live table "${live.name}" has no ${
        missing.map(name => `"${name}"`).join(', ')
      }, which the table in the backup has`,
      {
        hint: 'Write the rows to a file with --csv, or restore the backup to another path and copy the rows from there.'
      }
    )
  }
  const isKeyed = hasUsableKey(db, live, backup)
  const [here, there] = [`main.${quote(live.name)}`, `backup.${quote(backup.name)}`]
  const own = isAt('o', backup)
  const list = backup.columns.map(quote).join(', ')
  const given = backup.columns.filter(column => !(backup.isKeyRowid && backup.key.includes(column)))
  const rules = uniqueRules(db, live, isKeyed).filter(({ columns }) =>
    columns.every(column => hasColumn(backup, column.name))
  ).map(({ name, columns }) => ({
    name,
    query: db.prepare<unknown[]>(
      `SELECT 1 FROM ${there} o, ${here} n WHERE ${own} AND ${
        columns.map(column => `n.${quote(column.name)} = o.${quote(column.name)} COLLATE ${quote(column.coll)}`).join(
          ' AND '
        )
      }${isKeyed ? ` AND NOT (${onKey('n', 'o', backup.key)})` : ''} LIMIT 1`
    )
  }))
  const insert = db.prepare<unknown[]>(`INSERT INTO ${here} (${list}) SELECT ${list} FROM ${there} o WHERE ${own}`)
  const overwrite = isKeyed && given.length > 0
    ? db.prepare<unknown[]>(
      `UPDATE ${here} AS n SET ${
        given.map(column => `${quote(column)} = o.${quote(column)}`).join(', ')
      } FROM ${there} o WHERE ${own} AND ${onKey('n', 'o', backup.key)}`
    )
    : undefined
  return {
    isKeyed,
    standing: isKeyed ? standingByKey(db, live, backup) : standingByContent(db, live, backup),
    keptOutBy: at => rules.find(({ query }) => query.get(...at) !== undefined)?.name,
    insert: at => {
      taken(() => {
        insert.run(...at)
      }, describeRow(live, at))
    },
    overwrite: at => {
      taken(() => {
        overwrite?.run(...at)
      }, describeRow(live, at))
    }
  }
}

/** The columns that find a row of the table again. Throws `ROWS_REFUSED` where there are none. */
export function addressOf (table: Table, prefix = ''): string {
  if (table.rowid !== undefined) return `${prefix}${table.rowid}`
  if (table.key.length > 0) return table.key.map(name => `${prefix}${quote(name)}`).join(', ')
  throw new BackupError(
    'ROWS_REFUSED',
    `rows of "${table.name}" cannot be identified: its columns use all names of the rowid`,
    { hint: 'Write them to a file with --csv.' }
  )
}

/** That the row is the one of an address. */
export function isAt (alias: string, table: Table): string {
  return table.rowid === undefined
    ? table.key.map(name => `${alias}.${quote(name)} = ?`).join(' AND ')
    : `${alias}.${table.rowid} = ?`
}

/** `"Invoice" 12` */
export function describeRow ({ name }: Table, at: Address): string {
  return `"${name}" ${
    at.map(value => Buffer.isBuffer(value) ? `x'${value.toString('hex')}'` : String(value)).join(', ')
  }`
}

/** Runs one statement; what the live database has against it is told with what is written. */
export function taken (work: () => void, what: string): void {
  try {
    work()
  } catch (error) {
    if (systemCode(error)?.startsWith('SQLITE_CONSTRAINT') !== true) throw error
    throw new BackupError('ROWS_REFUSED', `the live database rejected ${what}: ${(error as Error).message}`, {
      hint: 'Nothing was written. Check the constraints of the table, and choose other rows.',
      cause: error
    })
  }
}

function standingByKey (db: Database.Database, live: Table, backup: Table): CompareSession['standing'] {
  const alike = backup.columns.map(column => isSame(`o.${quote(column)}`, `n.${quote(column)}`)).join(' AND ')
  const query = db.prepare<unknown[], number>(
    `SELECT ${alike} FROM backup.${quote(backup.name)} o, main.${quote(live.name)} n WHERE ${isAt('o', backup)} AND ${
      onKey('n', 'o', backup.key)
    }`
  ).pluck()
  return at => {
    const found = query.get(...at)
    if (found === undefined) return 'none'
    return found === 1 ? 'same' : 'other'
  }
}

/**
 * Without a key a row is gone if the backup has it more often than the live database, so that what is gone is found for
 * all at once.
 */
function standingByContent (db: Database.Database, live: Table, backup: Table): CompareSession['standing'] {
  const names = backup.columns.map((_, at) => `c${at}`)
  const side = (id: string, from: string, isLive: 0 | 1): string =>
    `SELECT ${id} AS id, ${isLive} AS live, ${
      backup.columns.map((column, at) =>
        `${quote(column)} COLLATE BINARY AS c${at}, typeof(${quote(column)}) AS t${at}`
      ).join(', ')
    } FROM ${from}`
  const alike = names.map((name, at) => `${name} COLLATE BINARY, t${at}`).join(', ')
  const gone = `temp.${quote(`gone from ${live.name}`)}`
  const id = addressOf(backup)
  db.exec(`CREATE TABLE ${gone} (id INTEGER PRIMARY KEY);
    INSERT INTO ${gone} SELECT id FROM (
      SELECT id, live, row_number() OVER (PARTITION BY ${alike}, live ORDER BY id) AS nth, sum(live) OVER (PARTITION BY ${alike}) AS times
      FROM (${side(id, `backup.${quote(backup.name)}`, 0)} UNION ALL ${side('NULL', `main.${quote(live.name)}`, 1)})
    ) WHERE live = 0 AND nth > times`)
  const query = db.prepare<unknown[]>(`SELECT 1 FROM ${gone} WHERE id = ?`)
  return at => query.get(...at) === undefined ? 'same' : 'none'
}

/**
 * Those that hold for every row and are of columns alone; what the others have against a row shows when it is written.
 */
function uniqueRules (
  db: Database.Database,
  { name }: Table,
  isKeyed: boolean
): ReadonlyArray<
  { readonly name: string, readonly columns: ReadonlyArray<{ readonly name: string, readonly coll: string }> }
> {
  const indexes = db.prepare<[string], { name: string, origin: string }>(
    'SELECT name, origin FROM pragma_index_list(?, \'main\') WHERE "unique" = 1 AND partial = 0'
  ).all(name)
  return indexes.filter(({ origin }) => origin !== 'pk' || !isKeyed).flatMap(index => {
    const columns = db.prepare<[string], { name: string | null, coll: string }>(
      "SELECT name, coll FROM pragma_index_xinfo(?, 'main') WHERE key = 1 ORDER BY seqno"
    ).all(index.name)
    const named = columns.flatMap(column => column.name === null ? [] : [{ name: column.name, coll: column.coll }])
    if (named.length < columns.length) return []
    return [{
      name: index.origin === 'c'
        ? `the index "${index.name}"`
        : `UNIQUE (${named.map(column => column.name).join(', ')})`,
      columns: named
    }]
  })
}
