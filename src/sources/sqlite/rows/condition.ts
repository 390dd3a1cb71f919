import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../../core/errors.ts'
import { quote, type Table } from './tables.ts'
import type { SqlValue } from './value.ts'

/** What is no code in SQL: texts, quoted names and comments. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g

/** What a condition makes SQLite report: it is none, or one of its values needs more memory than there may be. */
const OF_CONDITION: ReadonlySet<string> = new Set(['SQLITE_ERROR', 'SQLITE_TOOBIG', 'SQLITE_NOMEM'])

/**
 * Rows of the table for which the condition holds: of each what `what` says. Throws `VALIDATION_FAILED` for what is not
 * one expression: the parentheses around it must be its own, so that nothing can be said behind them.
 */
export function* chosenRows (
  image: Database.Database,
  { name }: Table,
  where: string | undefined,
  what: string
): Generator<SqlValue[]> {
  const sql = `SELECT ${what} FROM main.${quote(name)}`
  if (where === undefined) {
    yield* image.prepare<[], SqlValue[]>(sql).raw().safeIntegers().iterate()
    return
  }
  if (!isEnclosed(where)) throw noCondition(where, 'it is not a single expression')
  try {
    yield* image.prepare<[], SqlValue[]>(`${sql} WHERE (${where}\n)`).raw().safeIntegers().iterate()
  } catch (error) {
    // Some conditions turn out to be none only at a row: a number too large, a text that is no JSON.
    if (!OF_CONDITION.has(systemCode(error) ?? '')) throw error
    throw noCondition(where, (error as Error).message)
  }
}

/** Whether each parenthesis in it is closed by one of its own, and it holds no end of a statement and no parameter. */
function isEnclosed (where: string): boolean {
  const code = where.replaceAll(QUOTED, ' ')
  if (/[;'"`[\]?:@$]|\/\*/.test(code)) return false
  let depth = 0
  for (const character of code) {
    if (character === '(') depth++
    if (character === ')' && --depth < 0) return false
  }
  return depth === 0 && code.trim() !== ''
}

function noCondition (where: string, why: string): BackupError {
  return new BackupError('VALIDATION_FAILED', `the condition "${where.slice(0, 200)}" is not valid: ${why}`, {
    hint: 'Give an SQL expression over the columns of the table, such as "InvoiceId = 12".'
  })
}
