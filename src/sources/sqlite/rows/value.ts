import type { Row, RowValue } from '../../../core/rows.ts'

/** What better-sqlite3 gives with safe integers. */
export type SqlValue = null | bigint | number | string | Buffer

export function toRowValue (value: SqlValue): RowValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { integer: String(value) }
  if (typeof value === 'number') return Number.isFinite(value) ? value : { real: String(value) }
  if (Buffer.isBuffer(value)) return { blob: value.toString('hex') }
  return value
}

/** A record whose columns may have any name, also those that objects have of themselves. */
export function toRow (columns: readonly string[], values: readonly SqlValue[]): Row {
  return Object.fromEntries(columns.map((name, at) => [name, toRowValue(values[at] ?? null)]))
}
