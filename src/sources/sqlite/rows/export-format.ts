import { isUtf8 } from 'node:buffer'
import type { ExportFormat } from '../../../core/ports/export.ts'
import { quote } from './tables.ts'

/**
 * A value as `selected` gives it: the bytes of a text as a Buffer, a blob as its hex digits, an integer as a bigint,
 * a real as a number. The binding would replace bytes of a text that are not valid UTF-8.
 */
export type ExportValue = null | bigint | number | string | Buffer

/** SQL for the value of a column, as `ExportValue`. */
export function selected (column: string): string {
  const name = quote(column)
  return `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) WHEN 'blob' THEN lower(hex(${name})) ELSE ${name} END`
}

/** Writes the lines of one format as strings of bytes (`latin1`), each with its line feed. */
export interface RowFormat {
  readonly head: string
  readonly row: (values: readonly ExportValue[]) => string
  readonly tail: string
}

/** `columns`: those of the rows, in their order. */
export function rowFormat (format: ExportFormat, table: string, columns: readonly string[]): RowFormat {
  switch (format) {
    case 'csv':
      return {
        head: csvRecord(columns.map(name => Buffer.from(name))),
        row: csvRecord,
        tail: ''
      }
    case 'jsonl': {
      const keys = columns.map(name => `${bytesOf(JSON.stringify(name))}:`)
      return {
        head: '',
        row: values => `{${values.map((value, at) => `${keys[at]}${inJson(value)}`).join(',')}}\n`,
        tail: ''
      }
    }
    case 'sql': {
      const insert = bytesOf(`INSERT INTO ${quote(table)}(${columns.map(quote).join(',')}) VALUES(`)
      return {
        head: 'BEGIN TRANSACTION;\n',
        row: values => `${insert}${values.map(inSql).join(',')});\n`,
        tail: 'COMMIT;\n'
      }
    }
  }
}

/** The bytes of the text in UTF-8. */
function bytesOf (text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** What separates fields, records and quotes, and the mark of the end of the data of PostgreSQL, `\.`, and of bytes. */
const QUOTED_IN_CSV = /["\r\n,]|^\\|^$/
const NUMBER = /^(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|-?Infinity)$/i

function csvRecord (values: readonly ExportValue[]): string {
  return `${values.map(inCsv).join(',')}\n`
}

function inCsv (value: ExportValue): string {
  if (value === null) return ''
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return realText(value)
  if (typeof value === 'string') return `\\x${value}`
  const text = value.toString('latin1')
  return QUOTED_IN_CSV.test(text) || NUMBER.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function inJson (value: ExportValue): string {
  if (value === null) return 'null'
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? realText(value) : `{"real":"${value}"}`
  if (typeof value === 'string') return `{"blob":"${value}"}`
  return isUtf8(value) ? bytesOf(JSON.stringify(value.toString())) : `{"textBytes":"${value.toString('hex')}"}`
}

/** A line feed and a tab stay in a literal. Tools that read SQL change or lose other control characters. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0b-\x1f]/

function inSql (value: ExportValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'bigint') return String(value)
  // https://sqlite.org/faq.html has no literal of infinity; a number that is too large for a double is one.
  if (typeof value === 'number') return Number.isFinite(value) ? realText(value) : value > 0 ? '9e999' : '-9e999'
  if (typeof value === 'string') return `X'${value}'`
  const text = value.toString('latin1')
  if (CONTROL.test(text) || !isUtf8(value)) return `CAST(X'${value.toString('hex')}' AS TEXT)`
  return `'${text.replaceAll("'", "''")}'`
}

/** The shortest digits that give the same double again, with a sign of being a real: `1.0`, `1e+21`, `-0.0`. */
function realText (value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
