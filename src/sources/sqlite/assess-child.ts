import type Database from 'better-sqlite3'
import { systemCode } from '../../core/errors.ts'
import { judge, inconclusive, type Assertion, type AssertionResult } from '../../core/restore/drill.ts'
import { runChild } from '../child.ts'
import { sourceError } from './errors.ts'
import { openImmutable } from './open.ts'
import type { AssessMessage, AssessTask } from './protocol.ts'

await runChild<AssessTask, AssessMessage>(async ({ path, assertion, at }, send) => {
  await send({ type: 'result', result: assess(path, assertion, at) })
})

function assess (path: string, assertion: Assertion, at: string): AssertionResult {
  const db = open(path)
  try {
    return evaluate(db, assertion, at)
  } catch (error) {
    // What SQLite and its binding say about the query.
    if (
      systemCode(error)?.startsWith('SQLITE_') === true || error instanceof RangeError || error instanceof TypeError
    ) {
      return inconclusive(assertion, `the query failed: ${(error as Error).message}`)
    }
    throw error
  } finally {
    db.close()
  }
}

function open (path: string): Database.Database {
  try {
    return openImmutable(path)
  } catch (error) {
    throw sourceError(error, path)
  }
}

function evaluate (db: Database.Database, assertion: Assertion, at: string): AssertionResult {
  const query = db.prepare<[object?], unknown[]>(assertion.sql)
  if (!query.reader || !query.readonly) return inconclusive(assertion, 'the statement writes, or returns nothing')
  query.raw().safeIntegers()
  const rows: unknown[][] = []
  // Of a query that gives very many rows two are enough to tell.
  for (const row of assertion.sql.includes(':at') ? query.iterate({ at }) : query.iterate()) {
    rows.push(row)
    if (rows.length > 1) break
  }
  const [first] = rows
  if (first === undefined) return judge(assertion, null)
  if (rows.length > 1 || first.length > 1) return inconclusive(assertion, 'the query returns more than one value')
  const [value] = first
  return isComparable(value)
    ? judge(assertion, value)
    : inconclusive(assertion, 'the query returns a blob, which cannot be compared with a bound')
}

function isComparable (value: unknown): value is Parameters<typeof judge>[1] {
  return value === null || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string'
}
