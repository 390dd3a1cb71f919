import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../../core/errors.ts'
import { quote, type Table } from './tables.ts'
import type { SqlValue } from './value.ts'

/** What is no code in SQL: texts, quoted names and comments. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g

/** What a condition makes SQLite report: it is none, or one of its values needs more memory than there may be. */
const OF_CONDITION: ReadonlySet<string> = new Set(['SQLITE_ERROR', 'SQLITE_TOOBIG', 'SQLITE_NOMEM'])

/** Functions of SQLite that do more than compute a value: they load code, write, or show addresses of memory. */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set(['load_extension', 'fts3_tokenizer', 'optimize', 'sqlite_log'])
/** Virtual tables of SQLite itself that only read their arguments. */
const PLAIN_TABLES = ['json_each', 'json_tree', 'jsonb_each', 'jsonb_tree']

/**
 * `what` of each row of the table for which the condition holds, in the order of `order` (SQL). The condition is one
 * expression, which can contain queries of the same database. Throws `VALIDATION_FAILED` for any other text: the
 * parentheses around the condition must be its own, so that nothing can follow them, and SQLite compiles it first
 * (`EXPLAIN`) to show which functions it calls.
 */
export function* chosenRows (
  image: Database.Database,
  { name }: Table,
  where: string | undefined,
  what: string,
  order?: string
): Generator<SqlValue[]> {
  const all = `SELECT ${what} FROM main.${quote(name)}`
  const inOrder = order === undefined ? '' : ` ORDER BY ${order}`
  // Without the condition, so that an error here is never attributed to it.
  const whole = image.prepare<[], SqlValue[]>(`${all}${inOrder}`)
  if (where === undefined) {
    yield* whole.raw().safeIntegers().iterate()
    return
  }
  if (!isEnclosed(where)) throw noCondition(where, 'it is not a single expression')
  try {
    const sql = `${all} WHERE (${where}\n)${inOrder}`
    requireHarmless(image, sql, where)
    yield* image.prepare<[], SqlValue[]>(sql).raw().safeIntegers().iterate()
  } catch (error) {
    // Some conditions turn out to be none only at a row: a number too large, a text that is no JSON.
    if (!OF_CONDITION.has(systemCode(error) ?? '')) throw error
    throw noCondition(where, (error as Error).message)
  }
}

interface Step {
  readonly opcode: string
  readonly p4: string | null
}

/**
 * Throws `VALIDATION_FAILED` unless the statement only computes, and reads only tables of the database. `P4` of a call
 * is the name of the function with the number of its arguments; that of `VOpen` identifies a virtual table for as long
 * as the connection is open. https://sqlite.org/opcode.html
 */
function requireHarmless (image: Database.Database, sql: string, where: string): void {
  const program = programOf(image, sql)
  for (const { p4 } of program) {
    const called = /^(\w+)\(-?\d+\)$/.exec(p4 ?? '')?.[1]?.toLowerCase()
    if (called !== undefined && REFUSED_FUNCTIONS.has(called)) {
      throw noCondition(where, `it calls the function "${called}"`)
    }
  }
  const read = virtualTables(program)
  if (read.length === 0) return
  const own = image.prepare<[], string>(
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual'"
  ).pluck().all()
  const allowed = [...PLAIN_TABLES, ...own.map(name => `main.${quote(name)}`)].flatMap(table => {
    try {
      return virtualTables(programOf(image, `SELECT 1 FROM ${table}`))
    } catch {
      // Its module is not available here: then the condition cannot read it either.
      return []
    }
  })
  if (read.every(table => allowed.includes(table))) return
  throw noCondition(where, 'it reads a table that is not in the database')
}

function programOf (image: Database.Database, sql: string): readonly Step[] {
  return image.prepare<[], Step>(`EXPLAIN ${sql}`).all()
}

function virtualTables (program: readonly Step[]): readonly string[] {
  return program.flatMap(({ opcode, p4 }) => opcode === 'VOpen' && p4 !== null ? [p4] : [])
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
