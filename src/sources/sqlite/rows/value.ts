import { createHash } from 'node:crypto'
import type { CutValue, Row, RowValue } from '../../../core/restore/rows.ts'

/** What better-sqlite3 gives with safe integers. */
export type SqlValue = null | bigint | number | string | Buffer

/** The value with at most `limit` bytes of a text or blob. */
export function toRowValue (value: SqlValue, limit: number): RowValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { integer: String(value) }
  if (typeof value === 'number') return Number.isFinite(value) ? value : { real: String(value) }
  if (Buffer.isBuffer(value)) {
    return value.length <= limit
      ? { blob: value.toString('hex') }
      : { blob: value.toString('hex', 0, limit), ...cut(value) }
  }
  if (value === null || value.length * 3 <= limit || Buffer.byteLength(value) <= limit) return value
  const bytes = Buffer.from(value)
  // A decoder that expects more leaves out a character that was cut.
  return { text: new TextDecoder().decode(bytes.subarray(0, limit), { stream: true }), ...cut(bytes) }
}

function cut (bytes: Buffer): CutValue {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** A record whose columns may have any name, also those that objects have of themselves. */
export function toRow (columns: readonly string[], values: readonly SqlValue[], limit: number): Row {
  return Object.fromEntries(columns.map((name, at) => [name, toRowValue(values[at] ?? null, limit)]))
}
