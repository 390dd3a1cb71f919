import type { TableFacts } from '../../core/ports/source.ts'
import type { PostgresDetails } from './facts.ts'
import type { Session } from './session.ts'
import { hasData, type Selected } from './tables.ts'

/** Tables that are counted by one statement. */
const BATCH = 100

/** The server and the database, as a snapshot has them. */
export interface ServerFacts {
  /** `15.18` */
  readonly version: string
  /** `server_version_num`: 150018. */
  readonly versionNumber: number
  readonly isStandby: boolean
  /** Whether the role may read the password verifiers of roles. */
  readonly readsPasswords: boolean
  /** `pg_database_size`. Bytes. */
  readonly databaseSize: number
}

export function majorOf ({ versionNumber }: Pick<ServerFacts, 'versionNumber'>): number {
  return Math.floor(versionNumber / 10_000)
}

export async function serverFacts (session: Session): Promise<ServerFacts> {
  const [row] = await session.query<
    Record<'version' | 'number' | 'size', string> & Record<'standby' | 'reads', boolean>
  >(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
       pg_is_in_recovery() AS standby, has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS reads,
       pg_database_size(current_database())::text AS size`
  )
  const { version = '', number = '0', standby = false, reads = false, size = '0' } = row ?? {}
  return {
    version: version.split(' ', 1)[0] ?? version,
    versionNumber: Number(number),
    isStandby: standby,
    readsPasswords: reads,
    databaseSize: Number(size)
  }
}

/**
 * `system_identifier` of pg_control as text; null: the role may not call the function. Outside of a transaction, which
 * the check would otherwise end.
 */
export async function systemId (session: Session): Promise<string | null> {
  const [may] = await session.query<{ readonly may: boolean }>(
    "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may"
  )
  if (may?.may !== true) return null
  const [row] = await session.query<{ readonly id: string }>(
    'SELECT system_identifier::text AS id FROM pg_control_system()'
  )
  return row?.id ?? null
}

type SnapshotDetails = Pick<
  PostgresDetails,
  | 'database'
  | 'owner'
  | 'lsn'
  | 'encoding'
  | 'localeProvider'
  | 'collate'
  | 'ctype'
  | 'locale'
  | 'extensions'
  | 'roles'
  | 'sequences'
>

/** Before PostgreSQL 15 there was one provider of locales, and before 17 the locale of ICU had another name. */
const DATABASE = `
  SELECT d.datname AS database, pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding,
    coalesce(to_jsonb(d)->>'datlocprovider', 'c') AS "localeProvider", d.datcollate AS collate, d.datctype AS ctype,
    coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') AS locale,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn
  FROM pg_database d WHERE d.datname = current_database()`

/** The catalogs of objects that have an owner, each with the column of the owner. */
const OWNED = [
  ['pg_class', 'relowner'],
  ['pg_collation', 'collowner'],
  ['pg_conversion', 'conowner'],
  ['pg_default_acl', 'defaclrole'],
  ['pg_event_trigger', 'evtowner'],
  ['pg_foreign_data_wrapper', 'fdwowner'],
  ['pg_foreign_server', 'srvowner'],
  ['pg_language', 'lanowner'],
  ['pg_largeobject_metadata', 'lomowner'],
  ['pg_namespace', 'nspowner'],
  ['pg_opclass', 'opcowner'],
  ['pg_operator', 'oprowner'],
  ['pg_opfamily', 'opfowner'],
  ['pg_proc', 'proowner'],
  ['pg_publication', 'pubowner'],
  ['pg_statistic_ext', 'stxowner'],
  ['pg_ts_config', 'cfgowner'],
  ['pg_ts_dict', 'dictowner'],
  ['pg_type', 'typowner']
] as const

/**
 * Whether the role that initdb made, whose oid is 10 (BOOTSTRAP_SUPERUSERID), owns an object of the database: the
 * server records no dependencies on it. Objects with an oid below 16384 (FirstNormalObjectId) come with every database,
 * and those of an extension or of another object, such as the array type of a type, with that one.
 */
const SUPERUSER_OWNS = OWNED.map(([catalog, owner]) =>
  `EXISTS (
    SELECT FROM pg_catalog.${catalog} o WHERE o.${owner} = 10 AND o.oid >= 16384 AND NOT EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_catalog.${catalog}'::regclass AND d.objid = o.oid AND d.deptype IN ('e', 'i')
    )
  )`
).join(' OR ')

const ROLES = `
  SELECT r.rolname AS name FROM pg_roles r JOIN pg_shdepend s ON s.refobjid = r.oid
  WHERE s.refclassid = 'pg_authid'::regclass
    AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  UNION SELECT rolname FROM pg_roles WHERE oid = 10 AND (${SUPERUSER_OWNS})
  UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()`

/** What a backup records of the database, in the transaction of the snapshot. Sequences as they are now. */
export async function snapshotDetails (session: Session, { kept }: Selected): Promise<SnapshotDetails> {
  const [database] = await session.query<Omit<SnapshotDetails, 'extensions' | 'roles' | 'sequences'>>(DATABASE)
  if (database === undefined) throw new Error('pg_database has no row of the current database')
  const extensions = await session.query<{ readonly name: string, readonly version: string }>(
    'SELECT extname AS name, extversion AS version FROM pg_extension'
  )
  const roles = await session.query<{ readonly name: string }>(ROLES)
  const sequences = await session.query<{ readonly name: string, readonly value: string | null }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename) AS name, last_value::text AS value
     FROM pg_sequences`
  )
  const names = new Set(kept.filter(({ kind }) => kind === 'S').map(({ name }) => name))
  return {
    ...database,
    extensions: [...extensions].toSorted(byName),
    roles: roles.map(({ name }) => name).toSorted(),
    sequences: sequences.filter(({ name }) => names.has(name)).toSorted(byName)
  }
}

/** The rows of each table that is in the backup, counted one by one: 0 where only the rows are left out. */
export async function countRows (
  session: Session,
  selected: Selected,
  isStandby: boolean
): Promise<readonly TableFacts[]> {
  const tables = selected.kept.filter(({ kind }) => kind === 'r')
  const counted = tables.filter(table => hasData(table, selected, isStandby)).map(({ name }) => name)
  const facts: TableFacts[] = tables.filter(table => !hasData(table, selected, isStandby)).map(({ name }) => ({
    name,
    rows: 0
  }))
  for (let from = 0; from < counted.length; from += BATCH) {
    const batch = counted.slice(from, from + BATCH)
    const rows = await session.query<{ readonly at: number, readonly rows: string }>(
      batch.map((name, at) => `SELECT ${at} AS at, count(*)::text AS rows FROM ONLY ${name}`).join(' UNION ALL ')
    )
    for (const { at, rows: count } of rows) facts.push({ name: batch[at] ?? '', rows: Number(count) })
  }
  return facts.toSorted(byName)
}

function byName (one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0
}
