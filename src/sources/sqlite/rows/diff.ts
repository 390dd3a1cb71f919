import type Database from 'better-sqlite3'
import type { DiffOptions, Difference, RowDifference, TableDifference } from '../../../core/restore/rows.ts'
import { isUnsupported } from '../integrity.ts'
import { RowPages, type RowPage } from './page.ts'
import {
  columnsOf,
  hasColumn,
  hasUsableKey,
  isSame,
  onKey,
  quote,
  readTables,
  requireTable,
  type Table
} from './tables.ts'
import type { SqlValue } from './value.ts'

interface Pair {
  readonly main: Table
  readonly backup: Table
  /** Columns that both have. */
  readonly shared: readonly string[]
}

/**
 * Compares what is attached as `backup` with the database itself, as it stands in the transaction that is open. A table
 * that needs a collation, tokenizer or function of the application is among the skipped ones. `TABLE_NOT_FOUND`.
 */
export function diffTables (db: Database.Database, request: DiffOptions, pages = new RowPages(request)): Difference {
  const [main, backup] = [readTables(db, 'main').tables, readTables(db, 'backup').tables]
  const { names, skipped } = namesToCompare(db, request)
  const compare = (name: string): TableDifference => {
    const [here, there] = [main.get(name.toLowerCase()), backup.get(name.toLowerCase())]
    if (there === undefined) return oneSided(db, requireTable(main, name, 'neither side'), 'added', pages.table())
    if (here === undefined) return oneSided(db, there, 'removed', pages.table())
    return diffTable(
      db,
      { main: here, backup: there, shared: there.columns.filter(column => hasColumn(here, column)) },
      pages.table()
    )
  }
  const tables: TableDifference[] = []
  const failed: Array<Difference['skipped'][number]> = []
  for (const name of names) {
    try {
      tables.push(compare(name))
    } catch (error) {
      if (!isUnsupported(error)) throw error
      failed.push({ table: name, reason: `it cannot be compared here: ${(error as Error).message}` })
    }
  }
  return { tables, skipped: [...skipped, ...failed] }
}

/** Which tables there are to compare, in the order of names, and which cannot be. `TABLE_NOT_FOUND`. */
export function namesToCompare (
  db: Database.Database,
  { tables: wanted }: DiffOptions
): Pick<Difference, 'skipped'> & { readonly names: readonly string[] } {
  const [main, backup] = [readTables(db, 'main'), readTables(db, 'backup')]
  const all = new Map([...main.tables, ...backup.tables])
  const chosen = wanted === undefined ? [...all.values()] : wanted.map(name => requireTable(all, name, 'neither side'))
  const others = new Map([...backup.others, ...main.others])
  return {
    names: [...new Set(chosen.map(({ name }) => name))].toSorted(),
    skipped: wanted === undefined ? [...others].map(([table, reason]) => ({ table, reason })) : []
  }
}

function oneSided (db: Database.Database, table: Table, presence: 'added' | 'removed', page: RowPage): TableDifference {
  const isAdded = presence === 'added'
  const from = `${isAdded ? 'main' : 'backup'}.${quote(table.name)}`
  const count = db.prepare<[], number>(`SELECT count(*) FROM ${from}`).pluck().get() ?? 0
  page.add(db, `SELECT ${columnsOf('t', table.columns)} FROM ${from} t`, count, values => {
    const row = page.row(table.columns, values)
    return isAdded ? added(row) : removed(row)
  })
  return {
    table: table.name,
    presence,
    identity: table.key.length > 0 ? 'key' : 'content',
    key: table.key,
    added: isAdded ? count : 0,
    removed: isAdded ? 0 : count,
    changed: 0,
    same: 0,
    columnsAdded: [],
    columnsRemoved: [],
    rows: page.rows,
    hasMore: page.hasMore(count)
  }
}

function diffTable (db: Database.Database, pair: Pair, page: RowPage): TableDifference {
  const { main, backup } = pair
  const isKeyed = hasUsableKey(db, main, backup)
  const counts = isKeyed ? byKey(db, pair, page) : byContent(db, pair, page)
  return {
    table: main.name,
    presence: 'both',
    identity: isKeyed ? 'key' : 'content',
    key: isKeyed ? backup.key : [],
    columnsAdded: main.columns.filter(column => !hasColumn(backup, column)),
    columnsRemoved: backup.columns.filter(column => !hasColumn(main, column)),
    ...counts,
    rows: page.rows,
    hasMore: page.hasMore(counts.removed + counts.changed + counts.added)
  }
}

type Counted = Pick<TableDifference, 'added' | 'removed' | 'changed' | 'same'>

function byKey (db: Database.Database, { main, backup, shared }: Pair, page: RowPage): Counted {
  const [here, there] = [`main.${quote(main.name)}`, `backup.${quote(backup.name)}`]
  const matches = onKey('n', 'o', backup.key)
  const isAlike = shared.map(column => isSame(`o.${quote(column)}`, `n.${quote(column)}`)).join(' AND ')
  const [countOld, countNew] = [there, here].map(table =>
    db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
  ) as [number, number]
  const [matched, same] = db.prepare<[], [number, number]>(
    `SELECT count(*), coalesce(sum(${isAlike}), 0) FROM ${there} o CROSS JOIN ${here} n WHERE ${matches}`
  ).raw().get() ?? [0, 0]
  const counts = { removed: countOld - matched, added: countNew - matched, changed: matched - same, same }

  page.add(
    db,
    `SELECT ${columnsOf('o', shared)} FROM ${there} o WHERE NOT EXISTS (SELECT 1 FROM ${here} n WHERE ${matches})`,
    counts.removed,
    values => removed(page.row(shared, values))
  )
  page.add(
    db,
    `SELECT ${columnsOf('o', shared)}, ${columnsOf('n', shared)}, ${
      shared.map(column => isSame(`o.${quote(column)}`, `n.${quote(column)}`)).join(', ')
    } FROM ${there} o CROSS JOIN ${here} n WHERE ${matches} AND NOT (${isAlike})`,
    counts.changed,
    values => changed(shared, values, page)
  )
  page.add(
    db,
    `SELECT ${columnsOf('n', shared)} FROM ${here} n WHERE NOT EXISTS (SELECT 1 FROM ${there} o WHERE ${matches})`,
    counts.added,
    values => added(page.row(shared, values))
  )
  return counts
}

/** As often as one side has a row more often than the other, so often it was added or removed. */
function byContent (db: Database.Database, { main, backup, shared }: Pair, page: RowPage): Counted {
  if (shared.length === 0) {
    const [gone, come] = [oneSided(db, backup, 'removed', page), oneSided(db, main, 'added', page)]
    return { removed: gone.removed, added: come.added, changed: 0, same: 0 }
  }
  const names = shared.map((_, at) => `c${at}`)
  const side = (schema: string, table: Table, weight: number): string =>
    `SELECT ${shared.map((column, at) => `t.${quote(column)} COLLATE BINARY AS c${at}`).join(', ')}, ${
      shared.map((column, at) => `typeof(t.${quote(column)}) AS t${at}`).join(', ')
    }, ${weight} AS weight FROM ${schema}.${quote(table.name)} t`
  const grouped = `SELECT ${names.join(', ')}, sum(weight) AS excess, count(*) AS times FROM (${
    side('backup', backup, 1)
  } UNION ALL ${side('main', main, -1)}) GROUP BY ${names.map(name => `${name} COLLATE BINARY`).join(', ')}, ${
    names.map((_, at) => `t${at}`).join(', ')
  }`
  const [gone, come, same] = db.prepare<[], [number, number, number]>(
    `SELECT coalesce(sum(max(excess, 0)), 0), coalesce(sum(max(-excess, 0)), 0), coalesce(sum((times - abs(excess)) / 2), 0) FROM (${grouped})`
  ).raw().get() ?? [0, 0, 0]
  if (gone + come > 0 && !page.isFull()) {
    addRepeated(
      db,
      `SELECT ${names.join(', ')}, excess FROM (${grouped}) WHERE excess <> 0 ORDER BY excess < 0`,
      shared,
      page
    )
  }
  return { removed: gone, added: come, changed: 0, same }
}

function addRepeated (db: Database.Database, sql: string, columns: readonly string[], page: RowPage): void {
  for (const values of db.prepare<[], SqlValue[]>(sql).raw().safeIntegers().iterate()) {
    const excess = Number(values.at(-1))
    page.repeat(
      Math.abs(excess),
      () => excess > 0 ? removed(page.row(columns, values)) : added(page.row(columns, values))
    )
    if (page.isFull()) return
  }
}

function removed (row: RowDifference['before']): RowDifference {
  return { change: 'removed', before: row, after: null, columns: [] }
}

function added (row: RowDifference['after']): RowDifference {
  return { change: 'added', before: null, after: row, columns: [] }
}

function changed (columns: readonly string[], values: readonly SqlValue[], page: RowPage): RowDifference {
  const { length } = columns
  return {
    change: 'changed',
    before: page.row(columns, values.slice(0, length)),
    after: page.row(columns, values.slice(length, 2 * length)),
    columns: columns.filter((_, at) => Number(values[2 * length + at]) === 0)
  }
}
