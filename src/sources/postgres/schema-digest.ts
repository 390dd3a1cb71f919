import { createHash } from 'node:crypto'
import type { Session } from './session.ts'

/** The objects of one class in a database: how many, and a digest of their definitions. */
export interface SchemaClass {
  /** `tables`, `indexes`: a key of `CLASSES`. */
  readonly name: string
  readonly count: number
  /** SHA-256 in hex. */
  readonly sha256: string
}

/** Schemas of the system, and of temporary objects of any session. */
const IS_SYSTEM = String
  .raw`(n.nspname ~ '^pg_(?:toast|temp|toast_temp)' OR n.nspname IN ('pg_catalog', 'information_schema'))`

/** Whether the row of the catalog belongs to an extension, which brings it. */
function isOfExtension (catalog: string, alias: string): string {
  return `EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND
    e.objid = ${alias}.oid AND e.deptype = 'e')`
}

const NAME = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
/** From tables that are chosen (`$1`, null: all), as `c`, with their schemas. */
const TABLES = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND NOT ${IS_SYSTEM} AND
  NOT ${isOfExtension('pg_class', 'c')} AND ($1::text[] IS NULL OR ${NAME} = ANY ($1::text[]))`
/** Names of the columns of the table `t` with the numbers in `keys`, in their order. */
function columnNames (table: string, keys: string): string {
  return `ARRAY(SELECT a.attname FROM unnest(${keys}) WITH ORDINALITY k(number, position)
    LEFT JOIN pg_attribute a ON a.attrelid = ${table} AND a.attnum = k.number AND a.attnum > 0
    ORDER BY k.position)`
}

/**
 * A query for each class: one row for each object, and one text for each row. `$1`: names of tables, or null for the
 * whole database.
 *
 * PostgreSQL does not print an expression in the same way after a dump was restored (`CHECK (x IN ('a', 'b'))` gets
 * other casts), and chooses the names of constraints of partitions and the order of inherited columns. So no text of an
 * expression, no number and no object of a partition that its parent creates is among them.
 *
 * The search path of a session is empty: names without a schema are those of `pg_catalog`.
 */
const CLASSES: Readonly<Record<string, { readonly ofTables: boolean, readonly sql: string }>> = {
  schemas: {
    ofTables: false,
    sql: `SELECT n.nspname AS line FROM pg_namespace n
      WHERE NOT ${IS_SYSTEM} AND NOT ${isOfExtension('pg_namespace', 'n')}`
  },
  extensions: { ofTables: false, sql: 'SELECT extname AS line FROM pg_extension' },
  tables: {
    ofTables: true,
    sql: `SELECT ROW(${NAME}, c.relkind, c.relpersistence, c.relispartition, c.relrowsecurity,
        c.relforcerowsecurity)::text AS line
      FROM ${TABLES} WHERE c.relkind IN ('r', 'p', 'f')`
  },
  inheritance: {
    ofTables: true,
    sql: `SELECT ROW(${NAME}, i.inhparent::regclass)::text AS line
      FROM ${TABLES} JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind IN ('r', 'p', 'f')`
  },
  columns: {
    ofTables: true,
    sql: `SELECT ROW(${NAME}, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.atthasdef, a.attidentity, a.attgenerated, co.collname)::text AS line
      FROM ${TABLES} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_collation co ON co.oid = a.attcollation
      WHERE c.relkind IN ('r', 'p', 'f', 'c')`
  },
  constraints: {
    ofTables: true,
    sql: `SELECT ROW(${NAME}, o.conname, o.contype, o.condeferrable, o.condeferred, o.convalidated,
        CASE WHEN o.contype <> 'c' THEN ${columnNames('o.conrelid', 'o.conkey')} END,
        NULLIF(o.confrelid, 0)::regclass, ${columnNames('o.confrelid', 'o.confkey')},
        o.confupdtype, o.confdeltype, o.confmatchtype)::text AS line
      FROM ${TABLES} JOIN pg_constraint o ON o.conrelid = c.oid
      WHERE o.contype IN ('c', 'f', 'p', 'u', 'x') AND o.conparentid = 0 AND
        (o.contype <> 'f' OR $1::text[] IS NULL)`
  },
  indexes: {
    ofTables: true,
    sql: `SELECT ROW(${NAME}, x.relname, m.amname, i.indisunique, i.indisprimary, i.indisexclusion,
        i.indisclustered, i.indisreplident, i.indnkeyatts, ${columnNames('c.oid', 'i.indkey::int2[]')},
        i.indpred IS NOT NULL)::text AS line
      FROM ${TABLES} JOIN pg_index i ON i.indrelid = c.oid
      JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
      WHERE i.indisvalid OR c.relkind = 'p'`
  },
  triggers: {
    ofTables: true,
    sql: `SELECT ROW(${NAME}, t.tgname, t.tgtype, t.tgenabled, p.proname, t.tgnargs)::text AS line
      FROM ${TABLES} JOIN pg_trigger t ON t.tgrelid = c.oid JOIN pg_proc p ON p.oid = t.tgfoid
      WHERE NOT t.tgisinternal AND t.tgparentid = 0`
  },
  policies: {
    ofTables: true,
    sql: `SELECT ROW(${NAME}, p.polname, p.polcmd, p.polpermissive)::text AS line
      FROM ${TABLES} JOIN pg_policy p ON p.polrelid = c.oid`
  },
  rules: {
    ofTables: false,
    sql: `SELECT ROW(${NAME}, r.rulename, r.ev_type, r.is_instead, r.ev_enabled)::text AS line
      FROM ${TABLES} JOIN pg_rewrite r ON r.ev_class = c.oid WHERE r.rulename <> '_RETURN'`
  },
  views: {
    ofTables: false,
    sql: `SELECT ROW(${NAME}, c.relkind, ARRAY(
        SELECT ROW(a.attname, format_type(a.atttypid, a.atttypmod))::text
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum))::text AS line
      FROM ${TABLES} WHERE c.relkind IN ('v', 'm')`
  },
  sequences: {
    ofTables: false,
    sql: `SELECT ROW(${NAME}, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
        s.seqcycle, s.seqcache)::text AS line
      FROM ${TABLES} JOIN pg_sequence s ON s.seqrelid = c.oid`
  },
  functions: {
    ofTables: false,
    sql: `SELECT ROW(n.nspname, f.proname, pg_get_function_identity_arguments(f.oid), f.prokind,
        pg_get_function_result(f.oid), l.lanname, f.provolatile, f.proisstrict, f.prosecdef,
        f.proleakproof, f.prosrc)::text AS line
      FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
      JOIN pg_language l ON l.oid = f.prolang
      WHERE NOT ${IS_SYSTEM} AND NOT ${isOfExtension('pg_proc', 'f')} AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND
          d.objid = f.oid AND d.deptype = 'i')`
  },
  types: {
    ofTables: false,
    sql: `SELECT ROW(n.nspname, t.typname, t.typtype, t.typnotnull,
        CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
        ARRAY(SELECT l.enumlabel FROM pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder),
        (SELECT count(*) FROM pg_constraint o WHERE o.contypid = t.oid))::text AS line
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_class r ON r.oid = t.typrelid
      WHERE NOT ${IS_SYSTEM} AND NOT ${isOfExtension('pg_type', 't')} AND t.typtype IN ('c', 'd', 'e', 'r') AND
        (r.oid IS NULL OR r.relkind = 'c')`
  },
  publications: {
    ofTables: false,
    sql: `SELECT ROW(pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate)::text AS line
      FROM pg_publication`
  },
  eventTriggers: {
    ofTables: false,
    sql: `SELECT ROW(t.evtname, t.evtevent, t.evtenabled)::text AS line
      FROM pg_event_trigger t WHERE NOT ${isOfExtension('pg_event_trigger', 't')}`
  },
  foreignServers: {
    ofTables: false,
    sql: `SELECT ROW(s.srvname, w.fdwname)::text AS line FROM pg_foreign_server s
      JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE NOT ${isOfExtension('pg_foreign_server', 's')}`
  }
}

/**
 * The objects in the database of the session, class by class, in a fixed order: equal for a source and for what was
 * restored of its dump by a server of the same major version. `tables`: names of tables, quoted as `quote_ident` does
 * it, with a dot between schema and table: only these are looked at, and what belongs to them; null: the whole
 * database. Rejects as `Session.query` does.
 */
export async function schemaOf (session: Session, tables: readonly string[] | null): Promise<readonly SchemaClass[]> {
  const found: SchemaClass[] = []
  for (const [name, { ofTables, sql }] of Object.entries(CLASSES)) {
    if (tables !== null && !ofTables) continue
    // Of each line there is a hash of 128 bits; `md5` is not there on systems in FIPS mode.
    const [row] = await session.query<{ readonly count: number, readonly hashes: string | null }>(
      `SELECT count(*)::int AS count, string_agg(hash, ',' ORDER BY hash COLLATE "C") AS hashes
       FROM (SELECT to_hex(hashtextextended(line COLLATE "C", 0)) || '-' ||
           to_hex(hashtextextended(line COLLATE "C", 1)) AS hash FROM (${sql}) lines) hashed`,
      sql.includes('$1') ? [tables] : []
    )
    const { count = 0, hashes = null } = row ?? {}
    found.push({ name, count, sha256: createHash('sha256').update(hashes ?? '').digest('hex') })
  }
  return found
}

/** How what was restored differs from the source: `indexes: 11 instead of 12`; empty: not at all. */
export function schemaDifferences (expected: readonly SchemaClass[], found: readonly SchemaClass[]): readonly string[] {
  const foundOf = new Map(found.map(one => [one.name, one]))
  return expected.flatMap(({ name, count, sha256 }) => {
    const other = foundOf.get(name)
    // A class that this version does not know is of a newer one.
    if (other === undefined || other.sha256 === sha256) return []
    return other.count === count
      ? [`the definitions of its ${wordsOf(name)} differ`]
      : [`${wordsOf(name)}: ${other.count} instead of ${count}`]
  })
}

/** `eventTriggers` → `event triggers`. */
function wordsOf (name: string): string {
  return name.replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}
