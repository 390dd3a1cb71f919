import type Database from 'better-sqlite3'
import { BackupError } from '../../../core/errors.ts'
import type { RescueOptions } from '../../../core/restore/rows.ts'
import { chosenRows } from './condition.ts'
import { addressOf, openCompareSession, type Address } from './compare-session.ts'
import { readTables, referencesOf, requireTable, type Table } from './tables.ts'
import { isWritten, RowClosure, type Chosen, type Link } from './row-closure.ts'

type Tables = ReadonlyMap<string, Chosen>

export interface Choice {
  /**
   * In the order in which rows are written: parents before children; those that refer to each other in a circle as they
   * come.
   */
  readonly tables: readonly Chosen[]
  readonly conflicts: readonly string[]
  readonly refused: boolean
  readonly orphans: number
}

/** The rows of one selection in the backup: where its condition was already evaluated, their addresses. */
export interface Selected {
  readonly wanted: Table
  readonly found: Iterable<Address>
}

/**
 * Evaluates the conditions on `image` alone, before the live database is opened: one that computes for long keeps no
 * writer waiting. Whole tables are read later, row after row.
 */
export function select (image: Database.Database, { selections }: RescueOptions): readonly Selected[] {
  const { tables } = readTables(image, 'main')
  return selections.map(({ table, where }) => {
    const wanted = requireTable(tables, table, 'the backup')
    const rows = chosenRows(image, wanted, where, addressOf(wanted))
    return { wanted, found: where === undefined ? rows : [...rows] }
  })
}

/**
 * Everything that is to come back: what the conditions choose, the parents that it needs and, where asked, the children
 * that went with it; and what is to become of each row. `db` is the live database with the image attached as `backup`,
 * `selected` comes from the image alone, so that a condition sees nothing else.
 */
export function choose (db: Database.Database, selected: readonly Selected[], request: RescueOptions): Choice {
  const { all, links, walk } = begin(db, request)
  for (const { wanted, found } of selected) {
    const chosen = all.get(wanted.name.toLowerCase())
    if (chosen === undefined) {
      throw new BackupError('TABLE_NOT_FOUND', `the live database no longer has a table "${wanted.name}"`, {
        hint: 'Create it first, or write the rows to a file with --csv.'
      })
    }
    chosen.isAsked = true
    for (const at of found) walk.from(chosen, at, 'chosen')
  }
  return choiceOf(all, links, walk)
}

/**
 * The same once more for those rows alone that were to be written, where others may have written meanwhile: so that
 * what needs to be done while they wait is as little as it can be.
 */
export function chooseAgain (db: Database.Database, first: Choice, request: RescueOptions): Choice {
  const { all, links, walk } = begin(db, request)
  for (const { live: { name }, rows, isAsked } of first.tables) {
    const chosen = all.get(name.toLowerCase())
    if (chosen === undefined) {
      throw new BackupError('TABLE_NOT_FOUND', `the live database no longer has a table "${name}"`, {
        hint: 'Another process is changing the tables. Retry when it has finished.'
      })
    }
    chosen.isAsked = isAsked
    for (const pick of rows.values()) if (isWritten(pick)) walk.from(chosen, pick.at, pick.why)
  }
  return choiceOf(all, links, walk)
}

function begin (db: Database.Database, request: RescueOptions) {
  const [live, backup] = [readTables(db, 'main').tables, readTables(db, 'backup').tables]
  const all = new Map<string, Chosen>()
  for (const [name, table] of live) {
    const there = backup.get(name)
    if (there === undefined) continue
    all.set(name, {
      live: table,
      backup: there,
      session: once(() => openCompareSession(db, table, there)),
      rows: new Map(),
      isAsked: false
    })
  }
  const links = linksOf(db, live, all)
  return { all, links, walk: new RowClosure(db, links, request) }
}

function choiceOf (all: Tables, links: readonly Link[], { conflicts, refused, orphans }: RowClosure): Choice {
  return { tables: inOrder(all, links), conflicts, refused, orphans }
}

function once<T> (make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function linksOf (db: Database.Database, live: ReadonlyMap<string, Table>, all: Tables): readonly Link[] {
  return [...all.values()].flatMap(child =>
    referencesOf(db, live, child.live.name).flatMap(reference => {
      const parent = all.get(reference.parent.toLowerCase())
      return parent === undefined ? [] : [{ child, parent, reference }]
    })
  ).filter(({ child, parent, reference }) =>
    isInBackup(child, reference.columns) && isInBackup(parent, reference.parentColumns)
  )
}

/** A reference that came after the backup says nothing about its rows where they lack the columns. */
function isInBackup ({ backup }: Chosen, columns: readonly string[]): boolean {
  const names = backup.columns.map(name => name.toLowerCase())
  return columns.every(column => names.includes(column.toLowerCase()))
}

function inOrder (all: Tables, links: readonly Link[]): readonly Chosen[] {
  const ordered = new Set<Chosen>()
  const seen = new Set<Chosen>()
  const visit = (chosen: Chosen): void => {
    if (seen.has(chosen)) return
    seen.add(chosen)
    for (const { child, parent } of links) if (child === chosen) visit(parent)
    ordered.add(chosen)
  }
  for (const chosen of all.values()) visit(chosen)
  return [...ordered].filter(({ rows, isAsked }) => rows.size > 0 || isAsked)
}
