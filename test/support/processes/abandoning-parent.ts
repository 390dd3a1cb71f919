import { sqliteAssessor } from '../../../src/sources/sqlite/assess.ts'

/**
 * Starts a child that computes in SQLite for ever on the database that is its argument: for a test that kills this
 * process.
 */
const sql = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'
await sqliteAssessor(1_000_000)(
  process.argv[2] ?? '',
  [{ name: 'endless', sql }],
  new Date(0),
  new AbortController().signal
)
