import type Database from 'better-sqlite3'
import { BackupError } from '../../../core/errors.ts'
import { nearest } from '../../../core/nearest.ts'

/** A table as one database has it. */
export interface Table {
  readonly name: string
  /** Those that are stored: not the generated ones. */
  readonly columns: readonly string[]
  /** Columns of the primary key, in its order; empty: there is none. */
  readonly key: readonly string[]
  /**
   * What makes two values of the key the same: names, affinities and collations. Keys of two databases can be compared
   * where this is the same.
   */
  readonly keyRule: string
  /** Whether the key is the rowid itself. */
  readonly isKeyRowid: boolean
  /** The name under which the rowid can be had; undefined: the table has none, or columns have all of its names. */
  readonly rowid: string | undefined
}

export interface Reference {
  readonly columns: readonly string[]
  readonly parent: string
  readonly parentColumns: readonly string[]
}

/** The schema of a database by its name in SQL: `main`, or that of an attached one. */
export type Schema = 'main' | 'backup'

export function quote (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

interface ListedTable {
  readonly name: string
  readonly type: 'table' | 'view' | 'virtual' | 'shadow'
  readonly wr: 0 | 1
}

interface ListedColumn {
  readonly name: string
  readonly type: string
  readonly pk: number
  /** 0: a plain column; 1: hidden, of a virtual table; 2 and 3: generated. */
  readonly hidden: number
}

/** Everything that rows can be in, by lower-cased name, and what cannot be compared, with the reason. */
export function readTables (
  db: Database.Database,
  schema: Schema
): { readonly tables: ReadonlyMap<string, Table>, readonly others: ReadonlyMap<string, string> } {
  const tables = new Map<string, Table>()
  const others = new Map<string, string>()
  for (
    const { name, type, wr } of db.prepare<[string], ListedTable>(
      'SELECT name, type, wr FROM pragma_table_list WHERE schema = ? ORDER BY name'
    ).all(schema)
  ) {
    if (name.startsWith('sqlite_') || type === 'view') continue
    if (type === 'table') tables.set(name.toLowerCase(), describe(db, schema, name, wr === 1))
    else {
      others.set(
        name,
        type === 'virtual'
          ? 'it is a virtual table, which is derived from other tables'
          : 'it belongs to a virtual table'
      )
    }
  }
  return { tables, others }
}

function describe (db: Database.Database, schema: Schema, name: string, isWithoutRowid: boolean): Table {
  const columns = db.prepare<[string, string], ListedColumn>(
    'SELECT name, type, pk, hidden FROM pragma_table_xinfo(?, ?) ORDER BY cid'
  ).all(name, schema)
  const names = columns.map(column => column.name.toLowerCase())
  const key = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk)
  const collations = db.prepare<[string, string, string], string>(
    "SELECT x.coll FROM pragma_index_list(?, ?) l, pragma_index_xinfo(l.name, ?) x WHERE l.origin = 'pk' AND x.key = 1 ORDER BY x.seqno"
  ).pluck().all(name, schema, schema)
  return {
    name,
    columns: columns.filter(({ hidden }) => hidden === 0).map(column => column.name),
    key: key.map(column => column.name),
    keyRule: JSON.stringify([key.map(column => [column.name.toLowerCase(), affinityOf(column.type)]), collations]),
    // Only a key that is the rowid itself has no index.
    isKeyRowid: key.length === 1 && collations.length === 0,
    rowid: isWithoutRowid ? undefined : ['rowid', '_rowid_', 'oid'].find(word => !names.includes(word))
  }
}

/** https://sqlite.org/datatype3.html#determination_of_column_affinity */
function affinityOf (type: string): string {
  if (/INT/i.test(type)) return 'INTEGER'
  if (/CHAR|CLOB|TEXT/i.test(type)) return 'TEXT'
  if (/BLOB/i.test(type) || type === '') return 'BLOB'
  return /REAL|FLOA|DOUB/i.test(type) ? 'REAL' : 'NUMERIC'
}

/** Names in a hint. */
const NAMED = 20

/** Throws `TABLE_NOT_FOUND`, whose hint has the nearest name, and the names of the tables that exist. */
export function requireTable (tables: ReadonlyMap<string, Table>, name: string, where: string): Table {
  const found = tables.get(name.toLowerCase())
  if (found !== undefined) return found
  const names = [...tables.values()].map(table => table.name)
  const close = nearest(name, names)
  throw new BackupError('TABLE_NOT_FOUND', `${where} has no table "${name}"`, {
    hint: names.length === 0
      ? 'It has no tables.'
      : `${close === undefined ? '' : `Did you mean "${close}"? `}It has ${
        names.slice(0, NAMED).map(one => `"${one}"`).join(', ')
      }${names.length > NAMED ? ' and others' : ''}.`
  })
}

/** What the rows of a table refer to. */
export function referencesOf (
  db: Database.Database,
  tables: ReadonlyMap<string, Table>,
  table: string
): readonly Reference[] {
  const listed = db.prepare<[string], { id: number, seq: number, table: string, from: string, to: string | null }>(
    'SELECT id, seq, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq'
  ).all(table)
  const ids = [...new Set(listed.map(({ id }) => id))]
  return ids.flatMap(id => {
    const parts = listed.filter(part => part.id === id)
    const parent = tables.get(parts[0]?.table.toLowerCase() ?? '')
    if (parent === undefined) return []
    // Without columns of its own a reference is to the primary key.
    return [{
      columns: parts.map(({ from }) => from),
      parent: parent.name,
      parentColumns: parts.map(({ to }, at) => to ?? parent.key[at] ?? '')
    }]
  })
}

/** That two columns hold the very same value: also of the same type, whatever the collation. */
export function isSame (left: string, right: string): string {
  return `(${left} COLLATE BINARY IS ${right} COLLATE BINARY AND typeof(${left}) = typeof(${right}))`
}

export function hasColumn ({ columns }: Table, name: string): boolean {
  return columns.some(column => column.toLowerCase() === name.toLowerCase())
}

export function columnsOf (alias: string, names: readonly string[]): string {
  return names.map(name => `${alias}.${quote(name)}`).join(', ')
}

/** That rows on both sides have the same key, by the rules of the column itself: those that make it unique. */
export function onKey (left: string, right: string, key: readonly string[]): string {
  return key.map(name => `${left}.${quote(name)} = ${right}.${quote(name)}`).join(' AND ')
}

/**
 * Whether rows can be told apart by their primary key: both sides have the same one, and nothing in it is null, which
 * SQLite allows in tables with a rowid for the sake of old ones.
 * https://sqlite.org/lang_createtable.html#the_primary_key
 */
export function hasUsableKey (db: Database.Database, main: Table, backup: Table): boolean {
  if (main.key.length === 0 || main.keyRule !== backup.keyRule) return false
  const hasNull = ([schema, table]: readonly [Schema, Table]): boolean =>
    db.prepare(
      `SELECT 1 FROM ${schema}.${quote(table.name)} WHERE ${
        table.key.map(name => `${quote(name)} IS NULL`).join(' OR ')
      } LIMIT 1`
    ).get() !== undefined
  return !([['main', main], ['backup', backup]] as const).some(hasNull)
}
