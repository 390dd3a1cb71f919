import { BackupError } from '../../core/errors.ts'
import type { SnapshotFacts, TableFacts } from '../../core/ports/source.ts'
import { sameName } from './database-name.ts'
import type { TableName } from './restore-selection.ts'
import type { Session } from './session.ts'

/** Tables that are named in an error. */
const MOST_NAMED = 5

/** A difference between the tables of the backup and those in a database. */
export interface CountDifference {
  readonly table: string
  readonly expected: number
  /** null: there is no such table. */
  readonly found: number | null
}

/**
 * Counts the rows of the tables in the facts, and compares. Names come from the server, not from the facts, before they
 * are part of a statement. Tables without a count are left out, and so are those that are not in `chosen`; null: none.
 */
export async function countDifferences (
  session: Session,
  { tables }: Pick<SnapshotFacts, 'tables'>,
  chosen: readonly TableName[] | null
): Promise<readonly CountDifference[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS name
     FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r'`
  )
  const present = new Map(rows.map(({ name }) => [sameName(name), name]))
  const included = chosen && new Set(chosen.map(({ schema, name }) => JSON.stringify([schema, name])))
  const differences: CountDifference[] = []
  for (const { name: table, rows: expected } of tables) {
    if (expected === null || included?.has(sameName(table)) === false) continue
    const name = present.get(sameName(table))
    const found = name === undefined ? null : await countOf(session, name)
    if (found !== expected) differences.push({ table, expected, found })
  }
  return differences
}

async function countOf (session: Session, name: string): Promise<number> {
  const [row] = await session.query<{ count: string }>(`SELECT count(*) FROM ONLY ${name}`)
  return Number(row?.count)
}

/** The rows of all tables but those of the system and of extensions, in the order of their names. */
export async function tableCounts (session: Session): Promise<readonly TableFacts[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
     ORDER BY 1`
  )
  const counts: TableFacts[] = []
  for (const { name } of rows) counts.push({ name, rows: await countOf(session, name) })
  return counts
}

/** Throws `BACKUP_INVALID` for the first differences, if there are any. */
export function requireSameCounts (differences: readonly CountDifference[]): void {
  if (differences.length === 0) return
  const list = differences.slice(0, MOST_NAMED).map(({ table, expected, found }) =>
    found === null ? `${table} is missing` : `${table} has ${found} rows instead of ${expected}`
  ).join(', ')
  const more = differences.length > MOST_NAMED ? ` and ${differences.length - MOST_NAMED} more` : ''
  throw new BackupError('BACKUP_INVALID', `the restored database differs from the backup: ${list}${more}`, {
    hint: 'Restore another backup. The restored database was removed, and the existing one was not changed.'
  })
}
