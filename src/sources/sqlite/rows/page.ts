import type Database from 'better-sqlite3'
import { ROWS_BYTES, VALUE_BYTES, type DiffOptions, type Row, type RowDifference } from '../../../core/restore/rows.ts'
import { toRow, type SqlValue } from './value.ts'

/**
 * The rows of one answer: so many of each table, with values of bounded length, and no more bytes than one answer may
 * have.
 */
export class RowPages {
  readonly #request: DiffOptions
  #bytes = 0

  constructor (request: DiffOptions) {
    this.#request = request
  }

  isFull (): boolean {
    return this.#bytes >= ROWS_BYTES
  }

  table (): RowPage {
    return new RowPage(this, this.#request)
  }

  count (row: RowDifference): void {
    this.#bytes += JSON.stringify(row).length
  }
}

/** The rows of one table in an answer. */
export class RowPage {
  readonly rows: RowDifference[] = []
  readonly #pages: RowPages
  readonly #most: number
  readonly #from: number
  readonly #valueBytes: number
  #ahead: number

  constructor (pages: RowPages, { rows, from = 0, valueBytes = VALUE_BYTES }: DiffOptions) {
    this.#pages = pages
    this.#most = rows
    this.#from = from
    this.#valueBytes = valueBytes
    this.#ahead = from
  }

  isFull (): boolean {
    return this.rows.length >= this.#most || this.#pages.isFull()
  }

  /** Whether rows were asked for, and some of `total` lie behind those of this page. */
  hasMore (total: number): boolean {
    return this.#most > 0 && this.#from + this.rows.length < total
  }

  row (columns: readonly string[], values: readonly SqlValue[]): Row {
    return toRow(columns, values, this.#valueBytes)
  }

  /** Adds rows of a query that has no LIMIT yet and gives `total` rows. One row is in memory at a time. */
  add (
    db: Database.Database,
    sql: string,
    total: number,
    toDifference: (values: readonly SqlValue[]) => RowDifference
  ): void {
    const passed = Math.min(this.#ahead, total)
    this.#ahead -= passed
    if (this.isFull() || passed === total) return
    for (
      const values of db.prepare<[number, number], SqlValue[]>(`${sql} LIMIT ? OFFSET ?`).raw().safeIntegers().iterate(
        this.#most - this.rows.length,
        passed
      )
    ) {
      this.#push(toDifference(values))
      if (this.isFull()) break
    }
  }

  /** Adds the same row so many times. */
  repeat (times: number, make: () => RowDifference): void {
    const passed = Math.min(this.#ahead, times)
    this.#ahead -= passed
    if (this.isFull() || passed === times) return
    const row = make()
    for (let left = times - passed; left > 0 && !this.isFull(); left--) this.#push(row)
  }

  #push (row: RowDifference): void {
    this.rows.push(row)
    this.#pages.count(row)
  }
}
