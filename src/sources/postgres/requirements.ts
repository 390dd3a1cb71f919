import { BackupError } from '../../core/errors.ts'
import { counted } from '../../core/counted.ts'
import type { Database } from './connection.ts'
import { quoteIdent } from './database-name.ts'
import { openSession, type Session } from './session.ts'
import type { Relation, Selected } from './tables.ts'

/** Names that a message has at most. */
const SHOWN = 5
/** Connections that hold a server process each, until a pooler has to give another one to the first connection. */
const HELD = 3
/** The oldest major version of servers that is supported. */
const OLDEST = 13

/** Throws `SOURCE_SETTING` for a server that is older than what is supported. */
export function requireServer (major: number): void {
  if (major >= OLDEST) return
  throw new BackupError('SOURCE_SETTING', `the server is PostgreSQL ${major}, and ${OLDEST} or later is supported`, {
    hint: 'Upgrade the server, which has had no security updates for years.'
  })
}

/**
 * Throws `SOURCE_SETTING` where a pooler changes the process of the server between two transactions of one connection:
 * a snapshot cannot be shared through it. A pooler names a process of its own in the protocol (PgBouncer), so that a
 * direct connection is known by one query.
 */
export async function requireDirect (database: Database, session: Session, signal: AbortSignal): Promise<void> {
  const before = await processOf(session)
  if (before === session.processId) return
  const others: Session[] = []
  try {
    while (others.length < HELD) {
      const other = await openSession(database, signal)
      others.push(other)
      await other.query('BEGIN')
      await processOf(other)
      if (await processOf(session) === before) continue
      throw new BackupError(
        'SOURCE_SETTING',
        'the connection goes through a pooler in transaction mode, and pg_dump needs a session',
        {
          hint:
            'Give "url" the address of the PostgreSQL server itself, or of a pool in session mode (pool_mode = session).'
        }
      )
    }
  } finally {
    await Promise.all(others.map(other => other.close()))
  }
}

async function processOf (session: Session): Promise<number | undefined> {
  const [row] = await session.query<{ readonly pid: number }>('SELECT pg_backend_pid() AS pid')
  return row?.pid
}

/**
 * Throws `SOURCE_FORBIDDEN` with the names of relations that the role may not read, or of which row security hides
 * rows, and for large objects.
 */
export async function requireRights ({ server: { user } }: Database, session: Session, selected: Selected): Promise<
  void
> {
  const read = selected.kept.filter(({ kind }) => kind === 'r' || kind === 'p' || kind === 'S')
  const role = quoteIdent(user)
  const unreadable = read.filter(({ isReadable }) => !isReadable)
  if (unreadable.length > 0) {
    throw new BackupError('SOURCE_FORBIDDEN', `the role "${user}" may not read ${listed(unreadable)}`, {
      hint:
        `Run "GRANT pg_read_all_data TO ${role}" as a superuser (PostgreSQL 14 or later); before that, grant USAGE on ` +
        'the schemas and SELECT on all tables and sequences.'
    })
  }
  const filtered = read.filter(({ isFiltered }) => isFiltered)
  if (filtered.length > 0) {
    throw new BackupError(
      'SOURCE_FORBIDDEN',
      `row security hides rows of ${listed(filtered)} from the role "${user}"`,
      { hint: `Run "ALTER ROLE ${role} BYPASSRLS" as a superuser, or use the owner of the tables.` }
    )
  }
  await requireLargeObjects(session, user)
}

async function requireLargeObjects (session: Session, user: string): Promise<void> {
  const [row] = await session.query<{ readonly count: string }>(`
    SELECT count(*) AS count FROM pg_largeobject_metadata
    WHERE NOT pg_has_role(lomowner, 'USAGE') AND NOT EXISTS (
        SELECT FROM aclexplode(lomacl) WHERE privilege_type = 'SELECT'
          AND CASE WHEN grantee = 0 THEN true ELSE pg_has_role(grantee, 'USAGE') END
      ) AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
      AND current_setting('lo_compat_privileges') <> 'on'`)
  const count = Number(row?.count ?? 0)
  if (count === 0) return
  throw new BackupError('SOURCE_FORBIDDEN', `the role "${user}" may not read ${counted(count, 'large object')}`, {
    hint: 'Use the owner of the large objects or a superuser, or run "GRANT SELECT ON LARGE OBJECT …" for each.'
  })
}

interface Reference {
  /** The relation that needs the other one. */
  readonly from: string
  readonly to: string
  /** Whether it needs its rows as well: a foreign key. */
  readonly isKey: boolean
}

const REFERENCES = `
  SELECT conrelid::text AS from, confrelid::text AS to, true AS "isKey" FROM pg_constraint
  WHERE contype = 'f' AND conrelid <> confrelid
  UNION
  SELECT r.ev_class::text, d.refobjid::text, false
  FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class`

/**
 * Throws `SOURCE_SETTING` where the choice of tables makes a backup that cannot be restored: a foreign key or a view
 * needs what is left out.
 */
export async function requireClosed (session: Session, selected: Selected): Promise<void> {
  if (selected.isWhole) return
  const { kept, leftOut, withoutData, withoutSchemas } = selected
  const extensions = await session.query<{ readonly name: string, readonly schema: string }>(
    'SELECT extname AS name, nspname AS schema FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace'
  )
  const outside = extensions.find(({ schema }) => withoutSchemas.includes(schema))
  if (outside !== undefined) {
    throw unclosed(
      `the extension "${outside.name}" is in the schema "${outside.schema}", which is left out`,
      'Include that schema, or move the extension (ALTER EXTENSION … SET SCHEMA).'
    )
  }
  const keptById = new Map(kept.map(relation => [relation.oid, relation]))
  const leftById = new Map(leftOut.map(relation => [relation.oid, relation]))
  for (const { from, to, isKey } of await session.query<Reference>(REFERENCES)) {
    const [needing, missing] = [keptById.get(from), leftById.get(to)]
    if (needing === undefined) continue
    const emptied = keptById.get(to)
    if (missing !== undefined) {
      throw unclosed(`"${needing.name}" needs "${missing.name}", which is left out`, 'Leave out both, or neither.')
    }
    if (isKey && emptied !== undefined && withoutData.has(emptied) && !withoutData.has(needing)) {
      throw unclosed(
        `"${needing.name}" has a foreign key to "${emptied.name}", whose rows are left out`,
        'Leave out the rows of both, or of neither.'
      )
    }
  }
}

function unclosed (message: string, remedy: string): BackupError {
  return new BackupError('SOURCE_SETTING', `a backup could not be restored: ${message}`, {
    hint: `${remedy} The settings are "schemas", "excludeSchemas", "excludeTables" and "excludeTableData".`
  })
}

function listed (relations: readonly Relation[]): string {
  const more = relations.length - SHOWN
  return relations.slice(0, SHOWN).map(({ name }) => `"${name}"`).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
