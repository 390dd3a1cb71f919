import type Database from 'better-sqlite3'
import { BackupError } from '../../../core/errors.ts'
import type { ExportedTable, ExportRequest } from '../../../core/ports/export.ts'
import { chosenRows } from './condition.ts'
import { rowFormat, selected, type ExportValue } from './export-format.ts'
import { quote, readTables, requireTable, type Table } from './tables.ts'

/** Bytes that are gathered before they are written. */
const CHUNK = 256 * 1024

/**
 * Writes the rows to `write`, which blocks, and counts them. `where`: the database, for messages. Throws as
 * `ExportTool` describes.
 */
export function exportRows (
  db: Database.Database,
  { table: name, where, format }: ExportRequest,
  place: string,
  write: (bytes: Buffer) => void
): ExportedTable {
  const table = tableOf(db, name, place)
  const columns = columnsOf(db, table, format !== 'sql')
  const decode = textDecoder(db)
  const { head, row, tail } = rowFormat(format, table.name, columns)
  let rows = 0
  let bytes = head
  for (const values of chosenRows(db, table, where, columns.map(selected).join(', '), orderOf(table))) {
    bytes += row(decode(values))
    rows++
    if (bytes.length < CHUNK) continue
    write(Buffer.from(bytes, 'latin1'))
    bytes = ''
  }
  write(Buffer.from(bytes + tail, 'latin1'))
  return { table: table.name, rows }
}

function tableOf (db: Database.Database, name: string, place: string): Table {
  const { tables } = readTables(db, 'main')
  const type = db.prepare<[string], string>(
    "SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
  ).pluck().get(name)
  if (type === undefined || type === 'table') return requireTable(tables, name, place)
  throw new BackupError(
    'VALIDATION_FAILED',
    `"${name}" is a ${type === 'view' ? 'view' : 'virtual table'} of ${place}`,
    {
      hint: 'Export the tables that have its rows; a condition can select them with a query.'
    }
  )
}

/** With generated columns, which can be read and not written, or without them. */
function columnsOf (db: Database.Database, { name }: Table, hasGenerated: boolean): readonly string[] {
  return db.prepare<[string], string>(
    `SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden IN (${hasGenerated ? '0, 2, 3' : '0'}) ORDER BY cid`
  ).pluck().all(name)
}

/** Rows of a key with nulls in it are in the order of the rowid. */
function orderOf ({ key, rowid, isKeyRowid }: Table): string | undefined {
  const terms = [...key.map(quote), ...rowid === undefined || isKeyRowid ? [] : [rowid]]
  return terms.length === 0 ? undefined : terms.join(', ')
}

/** Texts of a database in UTF-16 become UTF-8. */
function textDecoder (db: Database.Database): (values: ExportValue[]) => readonly ExportValue[] {
  const encoding = db.pragma('encoding', { simple: true })
  if (encoding === 'UTF-8') return values => values
  return values =>
    values.map(value => {
      if (!Buffer.isBuffer(value)) return value
      return Buffer.from((encoding === 'UTF-16be' ? value.swap16() : value).toString('utf16le'))
    })
}
