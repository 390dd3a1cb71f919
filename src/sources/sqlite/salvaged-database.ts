import Database from 'better-sqlite3'
import { systemCode } from '../../core/errors.ts'
import { shortened } from '../../core/shortened.ts'
import type { DamagedFile } from './damaged-file.ts'
import type { FoundRow } from './damaged-tree.ts'
import { isDefinition } from './definition-sql.ts'
import { quoteName } from './facts.ts'
import { harden } from './open.ts'
import type { Value } from './record.ts'

/**
 * Values that are kept of a row that belongs to no table: SQLite allows 2,000 columns, and a wiped page reads as a row
 * of very many.
 */
const LOST_COLUMNS = 1000
/** Problems that are kept, and the characters that are kept of each. */
const [PROBLEMS, PROBLEM_LENGTH] = [200, 400]

/** One row of `sqlite_schema`. */
export interface Definition {
  readonly type: string
  readonly name: string
  readonly root: number
  readonly sql: string
}

interface Column {
  readonly name: string
  /** 2: generated when it is read, and not in the file; 3: generated and stored. */
  readonly hidden: number
}

/** A table of the new database. */
export interface Table {
  readonly name: string
  readonly isWithoutRowid: boolean
  /** In the order in which a record has them. */
  readonly columns: ReadonlyArray<{ readonly name: string, readonly isGiven: boolean, readonly isRowid: boolean }>
  /** A name by which the rowid can be given; undefined: columns have taken them all. */
  readonly rowid: string | undefined
}

/**
 * The new database while it is filled: one transaction, nothing of it made durable, since half of it is worth nothing.
 */
export class SalvagedDatabase {
  readonly #db: Database.Database
  readonly #lostTable: string
  readonly #statements = new Map<string, Database.Statement>()
  readonly problems: string[] = []
  #lost = 0
  #hasLostTable = false
  #lostColumns = 0

  constructor (
    path: string,
    { pageSize, encoding, userVersion, applicationId }: DamagedFile,
    names: ReadonlySet<string>
  ) {
    this.#db = new Database(path)
    harden(this.#db)
    for (
      const [name, value] of Object.entries({
        page_size: pageSize,
        encoding: `'${encoding}'`,
        journal_mode: 'memory',
        synchronous: 'off',
        foreign_keys: 'off',
        ignore_check_constraints: 'on',
        user_version: userVersion,
        application_id: applicationId
      })
    ) this.#db.pragma(`${name} = ${value}`)
    this.#db.exec('BEGIN')
    this.#lostTable =
      ['lost_and_found', ...Array.from({ length: names.size }, (_, i) => `lost_and_found_${i}`)].find(name =>
        !names.has(name)
      ) ?? ''
  }

  get lost (): number {
    return this.#lost
  }

  get lostTable (): string | null {
    return this.#lost === 0 ? null : this.#lostTable
  }

  /**
   * Makes what a definition declares. Its text is data of the damaged file: nothing but one CREATE statement of the
   * type and name that its row has is ever run. false: it is not one, or SQLite does not take it, which becomes a
   * problem.
   */
  define ({ type, name, sql }: Definition): boolean {
    const problem = `the ${type} "${name}" could not be created`
    if (type === 'virtual table' || !isDefinition(type, name, sql)) return this.#refuse(problem)
    return this.#attempt(problem, () => {
      this.#db.prepare(sql).run()
    })
  }

  /** A virtual table is only named, and no module is asked: its content lies in tables of its own. */
  name ({ name, sql }: Definition): void {
    const problem = `the virtual table "${name}" could not be created`
    if (!isDefinition('virtual table', name, sql) || this.#has(name)) {
      this.#refuse(problem)
      return
    }
    this.#attempt(problem, () => {
      // A defensive connection refuses the row of a definition.
      this.#db.unsafeMode(true)
      this.#db.pragma('writable_schema = on')
      try {
        this.#db.prepare("INSERT INTO sqlite_schema VALUES ('table', ?, ?, 0, ?)").run(name, name, sql)
      } finally {
        this.#db.pragma('writable_schema = off')
        this.#db.unsafeMode(false)
      }
    })
  }

  #has (name: string): boolean {
    return this.#db.prepare<[string], number>('SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE').pluck().get(
      name
    ) !== undefined
  }

  #refuse (problem: string): false {
    this.#addProblem(`${problem}: its definition in the file is not valid`)
    return false
  }

  table (name: string): Table {
    const isWithoutRowid =
      this.#db.prepare<[string], number>("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?").pluck()
        .get(name) === 1
    const declared = this.#db.prepare<[string], Column & { readonly pk: number }>(
      'SELECT name, hidden, pk FROM pragma_table_xinfo(?)'
    ).all(name)
    const primary = this.#db.prepare<[string], string>("SELECT name FROM pragma_index_list(?) WHERE origin = 'pk'")
      .pluck().get(name)
    const keys = declared.filter(({ pk }) => pk > 0)
    // The only primary key without an index of its own is a name of the rowid.
    const alias = !isWithoutRowid && keys.length === 1 && primary === undefined ? keys[0]?.name : undefined
    const order = isWithoutRowid
      ? this.#db.prepare<[string], string>('SELECT name FROM pragma_index_xinfo(?)').pluck().all(primary ?? '')
      : declared.map(column => column.name)
    const columns = order
      .map(column => declared.find(one => one.name === column))
      .filter(column => column !== undefined && column.hidden !== 2)
      .map(column => ({ name: column?.name ?? '', isGiven: column?.hidden === 0, isRowid: column?.name === alias }))
    const taken = new Set(declared.map(column => column.name.toLowerCase()))
    return {
      name,
      isWithoutRowid,
      columns,
      rowid: alias ?? ['_rowid_', 'rowid', 'oid'].find(possible => !taken.has(possible))
    }
  }

  /** Puts the row where it belongs or, where that does not take it, among the lost ones. */
  add (table: Table, root: number, row: FoundRow): void {
    if (!row.isWhole || row.values.length > table.columns.length || !this.#insert(table, row)) this.addLost(root, row)
  }

  #insert ({ name, columns, rowid, isWithoutRowid }: Table, row: FoundRow): boolean {
    // A column that was added later is not in the rows from before: it has its default then.
    const given = row.values.flatMap((value, at) =>
      columns[at]?.isGiven === true && !columns[at].isRowid ? [{ name: columns[at].name, value }] : []
    )
    if (!isWithoutRowid && rowid !== undefined) given.unshift({ name: rowid, value: row.rowid })
    const sql = `INSERT OR IGNORE INTO ${quoteName(name)} (${
      given.map(one => quoteName(one.name)).join(', ')
    }) VALUES (${given.map(({ value }) => placeholder(value)).join(', ')})`
    try {
      return this.#run(sql, given.map(({ value }) => value)) === 1
    } catch (error) {
      if (isRefusal(error)) return false
      throw error
    }
  }

  /** A row that cannot be kept becomes a problem, and hinders no other. */
  addLost (root: number, { page, rowid, values }: FoundRow): void {
    const kept = values.slice(0, LOST_COLUMNS)
    const isKept = this.#attempt('a row of an unknown table could not be saved', () => {
      if (!this.#hasLostTable) {
        this.#db.exec(
          `CREATE TABLE ${quoteName(this.#lostTable)} (rootpgno INTEGER, pgno INTEGER, nfield INTEGER, id INTEGER)`
        )
      }
      this.#hasLostTable = true
      for (; this.#lostColumns < kept.length; this.#lostColumns++) {
        this.#db.exec(`ALTER TABLE ${quoteName(this.#lostTable)} ADD COLUMN c${this.#lostColumns}`)
      }
      const all = [BigInt(root), BigInt(page), BigInt(values.length), rowid, ...kept]
      const names = ['rootpgno', 'pgno', 'nfield', 'id', ...kept.map((_, i) => `c${i}`)]
      this.#run(
        `INSERT INTO ${quoteName(this.#lostTable)} (${names.join(', ')}) VALUES (${all.map(placeholder).join(', ')})`,
        all
      )
    })
    if (!isKept) return
    this.#lost++
    if (kept.length < values.length) {
      this.#addProblem(
        `a row of an unknown table has ${values.length} values, of which the first ${LOST_COLUMNS} were saved`
      )
    }
  }

  /** The numbers that AUTOINCREMENT goes on from. */
  replaceSequence (row: FoundRow): void {
    const [name, next] = row.values
    this.#attempt('an AUTOINCREMENT counter could not be saved', () => {
      this.#run(`DELETE FROM sqlite_sequence WHERE name = ${placeholder(name)}`, [name])
      this.#run(`INSERT INTO sqlite_sequence VALUES (${placeholder(name)}, ${placeholder(next)})`, [name, next])
    })
  }

  finish (): void {
    this.#db.exec('COMMIT')
  }

  close (): void {
    this.#db.close()
  }

  #run (sql: string, values: readonly Value[]): number {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement.run(...values.map(bound)).changes
  }

  /** Names and messages are data of the file: so many are kept, and so much of each. */
  #addProblem (problem: string): void {
    if (this.problems.length < PROBLEMS) this.problems.push(shortened(problem, PROBLEM_LENGTH))
    else if (this.problems.length === PROBLEMS) this.problems.push('further problems are not listed')
  }

  #attempt (problem: string, work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#addProblem(`${problem}: ${error.message}`)
      return false
    }
  }
}

/**
 * What SQLite does not take because of what it is. A definition of more than one statement is refused by the library
 * itself.
 */
function isRefusal (error: unknown): error is Error {
  return error instanceof RangeError ||
    /^SQLITE_(?:ERROR|CONSTRAINT|CORRUPT|MISMATCH|TOOBIG)/.test(systemCode(error) ?? '')
}

/** Text is bound as its bytes, so that also what is no valid text stays as it was. */
function placeholder (value: Value): string {
  return isText(value) ? 'CAST(? AS TEXT)' : '?'
}

function bound (value: Value): null | bigint | number | Buffer {
  return value === undefined ? null : isText(value) ? value.text : value
}

function isText (value: Value): value is { readonly text: Buffer } {
  return typeof value === 'object' && value !== null && 'text' in value
}
