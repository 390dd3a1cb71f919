import pg from 'pg'
import { systemCode } from '../../core/errors.ts'
import { inconclusive, judge, type Assertion, type AssertionResult } from '../../core/restore/drill.ts'
import { serverSql } from './assertion-sql.ts'
import type { Database } from './connection.ts'
import { sourceError } from './errors.ts'

/** SQLSTATE of a query that took too long. */
const QUERY_CANCELED = '57014'
/** Classes of SQLSTATE of a server that ends, and of a lost connection. */
const LOST = /^(?:57P0|08)/

/** Object ids of types: `pg_type.dat`. */
const WHOLE_NUMBERS = [20, 21, 23, 26]
const NUMBERS = [700, 701, 1700]
const BOOLEAN = 16
const BYTES = 17

/**
 * Evaluates assertions in a restored database, each in a transaction that only reads, and that ends after `longest`
 * milliseconds. Names are looked up in the schema `public`, as in a new database. Rejects where the server is gone, and
 * with the reason of `signal`.
 */
export async function assessAll (
  database: Database,
  assertions: readonly Assertion[],
  at: Date,
  { longest, signal }: { readonly longest: number, readonly signal: AbortSignal }
): Promise<readonly AssertionResult[]> {
  const results: AssertionResult[] = []
  for (const assertion of assertions) {
    signal.throwIfAborted()
    const client = new pg.Client({
      host: database.server.host,
      port: database.server.port,
      user: database.server.user,
      database: database.name,
      // Every value as the text that the server sends.
      types: { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig
    })
    client.on('error', () => {})
    const abort = (): void => {
      client.end().catch(() => {})
    }
    try {
      await client.connect()
      signal.addEventListener('abort', abort, { once: true })
      results.push(await assess(client, assertion, at, longest))
    } catch (error) {
      throw signal.aborted ? signal.reason : sourceError(error, database)
    } finally {
      signal.removeEventListener('abort', abort)
      await client.end().catch(() => {})
    }
  }
  return results
}

async function assess (client: pg.Client, assertion: Assertion, at: Date, longest: number): Promise<AssertionResult> {
  const { sql, hasAt } = serverSql(assertion.sql)
  // Row security would hide rows, and so falsify a count.
  await client.query(`BEGIN READ ONLY; SET LOCAL row_security = off; SET LOCAL statement_timeout = ${longest}`)
  try {
    // A cursor refuses what is no query, and of very many rows two are enough.
    await client.query(`DECLARE found NO SCROLL CURSOR FOR ${sql}`, hasAt ? [at.toISOString()] : [])
    const { rows, fields } = await client.query<Array<string | null>>({ text: 'FETCH 2 FROM found', rowMode: 'array' })
    const [first] = rows
    if (first === undefined) return judge(assertion, null)
    const [value = null] = first
    if (rows.length > 1 || first.length !== 1) return inconclusive(assertion, 'the query returns more than one value')
    const type = fields[0]?.dataTypeID ?? 0
    return type === BYTES
      ? inconclusive(assertion, 'the query returns binary data, which cannot be compared with a bound')
      : judge(assertion, value === null ? null : valueOf(value, type))
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === QUERY_CANCELED) {
      return inconclusive(assertion, `the query did not finish within ${longest / 1000} seconds`)
    }
    if (!/^[0-9A-Z]{5}$/.test(code) || LOST.test(code)) throw error
    return inconclusive(assertion, `the query failed: ${(error as Error).message}`)
  }
}

function valueOf (text: string, type: number): bigint | number | string {
  if (type === BOOLEAN) return text === 't' ? 'true' : 'false'
  if (WHOLE_NUMBERS.includes(type)) return BigInt(text)
  if (!NUMBERS.includes(type)) return text
  // A sum of whole numbers is of the type numeric, which has any number of digits.
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text)
}
