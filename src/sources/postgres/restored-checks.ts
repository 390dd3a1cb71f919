import { execFile } from 'node:child_process'
import { counted } from '../../core/counted.ts'
import type { SnapshotFacts } from '../../core/ports/source.ts'
import type { Check } from '../../core/ports/verification.ts'
import { shortened } from '../../core/shortened.ts'
import type { Cluster } from './cluster.ts'
import type { Database } from './connection.ts'
import { compareCounts } from './counts-check.ts'
import { quoteIdent } from './database-name.ts'
import type { PostgresDetails } from './facts.ts'
import { lastMessage } from './messages.ts'
import { programPath, type Installation } from './programs.ts'
import { schemaDifferences, schemaOf } from './schema-digest.ts'
import { openSession, type Session } from './session.ts'

type Finding = Omit<Check, 'name'>

/** Exit code of pg_amcheck that found damage (PostgreSQL source, `pg_amcheck.c`). */
const DAMAGE = 2
/** Characters of the output of pg_amcheck in a reason. */
const SHOWN = 1000

export interface RestoredDatabase {
  readonly database: Database
  readonly details: PostgresDetails
  readonly facts: SnapshotFacts
  readonly installation: Installation
}

/** Compares a restored database with the manifest of its backup, and checks its tables and indexes. */
export async function restoredChecks (
  cluster: Cluster,
  { database, details, facts, installation }: RestoredDatabase,
  signal: AbortSignal
): Promise<readonly Check[]> {
  const session = await openSession(database, signal)
  let checks: Check[]
  try {
    checks = [
      { name: 'row_counts', ...compareCounts(facts.tables, { rows: await countRows(session), unreadable: 0 }) },
      { name: 'schema', ...await compareSchema(session, cluster.major, details, facts) },
      { name: 'sequences', ...await compareSequences(session, details) }
    ]
  } finally {
    await session.close()
  }
  return [...checks, { name: 'amcheck', ...await amcheck(database, installation, signal) }]
}

/** Rows by `tableKey`. */
async function countRows (session: Session): Promise<ReadonlyMap<string, number>> {
  const tables = await session.query<{ schema: string, name: string }>(
    `SELECT nspname AS schema, relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname <> 'information_schema' AND nspname !~ '^pg_'`
  )
  const rows = new Map<string, number>()
  for (const { schema, name } of tables) {
    const [row] = await session.query<{ count: string }>(
      `SELECT count(*) AS count FROM ONLY ${quoteIdent(schema)}.${quoteIdent(name)}`
    )
    rows.set(`${schema}\0${name}`, Number(row?.count))
  }
  return rows
}

async function compareSchema (
  session: Session,
  major: number,
  { schema, serverVersion }: PostgresDetails,
  { tables }: SnapshotFacts
): Promise<Finding> {
  const before = Math.floor(serverVersion / 10_000)
  if (before !== major) {
    return {
      status: 'skipped',
      reason: `the source is PostgreSQL ${before}, and the drill used ${major}: their definitions cannot be compared`
    }
  }
  // With a choice of tables the source recorded only them and what belongs to them.
  const isChosen = !schema.some(({ name }) => name === 'schemas')
  const differences = schemaDifferences(
    schema,
    await schemaOf(session, isChosen ? tables.map(({ name }) => name) : null)
  )
  const objects = schema.reduce((sum, { count }) => sum + count, 0)
  return differences.length === 0
    ? { status: 'pass', reason: counted(objects, 'definition') }
    : { status: 'fail', reason: differences.join('; ') }
}

/**
 * A sequence is no part of a snapshot: the dump has a value that it had at that time or later. `CYCLE` begins again.
 */
async function compareSequences (session: Session, { sequences }: PostgresDetails): Promise<Finding> {
  const rows = await session.query<{ name: string, value: string | null, increment: string, cycle: boolean }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename) AS name, last_value AS value,
       increment_by AS increment, cycle FROM pg_sequences`
  )
  const found = new Map(rows.map(row => [row.name, row]))
  const wrong = sequences.flatMap(({ name, value }) => {
    const row = found.get(name)
    if (row === undefined) return [`the sequence ${name} is missing`]
    if (value === null || row.cycle) return []
    const isBehind = row.value === null ||
      (BigInt(row.increment) > 0n ? BigInt(row.value) < BigInt(value) : BigInt(row.value) > BigInt(value))
    return isBehind ? [`the sequence ${name} is at ${row.value ?? 'its start'}, and was at ${value}`] : []
  })
  return wrong.length === 0
    ? { status: 'pass', reason: counted(sequences.length, 'sequence') }
    : { status: 'fail', reason: shortened(wrong.join('; '), SHOWN) }
}

async function amcheck ({ server, name }: Database, installation: Installation, signal: AbortSignal): Promise<Finding> {
  if (!installation.programs.has('pg_amcheck')) {
    return { status: 'skipped', reason: `PostgreSQL ${installation.version} is installed without "pg_amcheck"` }
  }
  const { code, output, messages } = await new Promise<{ code: unknown, output: string, messages: string }>(
    resolve => {
      execFile(programPath(installation, 'pg_amcheck'), [
        '-h',
        server.host,
        '-p',
        String(server.port),
        '-U',
        server.user,
        '-w',
        '--heapallindexed',
        '--install-missing',
        '--jobs=2',
        name
      ], {
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
        maxBuffer: 64 * 1024 ** 2,
        signal
      }, (error, output, messages) => {
        resolve({ code: error === null ? 0 : error.code, output, messages })
      })
    }
  )
  signal.throwIfAborted()
  if (code === 0) return { status: 'pass', reason: 'tables and indexes agree' }
  if (code === DAMAGE) return { status: 'fail', reason: shortened(output.trim(), SHOWN) }
  return { status: 'skipped', reason: `pg_amcheck could not be used: ${lastMessage(messages) || String(code)}` }
}
