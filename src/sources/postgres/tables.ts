import { BackupError } from '../../core/errors.ts'
import { quoteIdent } from './database-name.ts'
import type { Selection } from './fields.ts'
import { schemaPattern, tablePattern } from './patterns.ts'
import type { Session } from './session.ts'

/** A table, view or sequence of a database, as `pg_class` has it. */
export interface Relation {
  readonly oid: string
  readonly schema: string
  /** `schema.table` as SQL writes it, quoted where that is needed. */
  readonly name: string
  /** `r` table, `p` partitioned table, `v` view, `m` materialized view, `f` foreign table, `S` sequence. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | 'S'
  /** Whether pg_dump leaves its rows out on a standby. */
  readonly isUnlogged: boolean
  /** Whether the role may read it. */
  readonly isReadable: boolean
  /** Whether row security hides rows from the role. */
  readonly isFiltered: boolean
}

/** The relations of a database, and what a backup has of them. */
export interface Selected {
  /** In the backup, with or without their rows. */
  readonly kept: readonly Relation[]
  /** Not in the backup, by choice. */
  readonly leftOut: readonly Relation[]
  /** Those of `kept` whose rows are not in the backup, by choice. */
  readonly withoutData: ReadonlySet<Relation>
  /** Schemas that are not in the backup, by choice. */
  readonly withoutSchemas: readonly string[]
  /** Nothing was chosen: all is in the backup. */
  readonly isWhole: boolean
}

const RELATIONS = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS plain, c.relkind AS kind,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, c.relpersistence = 'u' AS "isUnlogged",
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS "isReadable",
    row_security_active(c.oid) AS "isFiltered",
    ARRAY(SELECT inhparent::text FROM pg_inherits WHERE inhrelid = c.oid) AS parents
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )`

interface Row extends Relation {
  readonly plain: string
  readonly parents: readonly string[]
}

/**
 * What is in a backup, without the relations of extensions, which CREATE EXTENSION makes. A partition, or another table
 * that inherits, is left out together with its parent. Throws `SOURCE_MISSING` for a schema of the choice that
 * does not exist.
 */
export async function selectRelations (session: Session, selection: Selection): Promise<Selected> {
  const rows = await session.query<Row>(RELATIONS)
  const names = await session.query<{ readonly name: string }>(
    "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
  )
  const withoutSchemas = schemasLeftOut(names.map(({ name }) => name), selection)
  const matching = (patterns: readonly string[]): ReadonlySet<string> => {
    const parsed = patterns.map(tablePattern).filter(pattern => pattern !== undefined)
    return withDescendants(
      rows,
      new Set(
        rows.filter(row => parsed.some(({ schema, table }) => schema.test(row.schema) && table.test(row.plain)))
          .map(({ oid }) => oid)
      )
    )
  }
  const excluded = matching(selection.excludeTables)
  const isKept = ({ oid, schema }: Relation): boolean => !excluded.has(oid) && !withoutSchemas.includes(schema)
  const empty = matching(selection.excludeTableData)
  const relations = rows.map(({ plain, parents, ...relation }): Relation => relation)
  const kept = relations.filter(isKept)
  return {
    kept,
    leftOut: relations.filter(relation => !isKept(relation)),
    withoutData: new Set(kept.filter(({ oid }) => empty.has(oid))),
    withoutSchemas,
    isWhole: Object.values(selection).every(({ length }) => length === 0)
  }
}

function schemasLeftOut (names: readonly string[], { schemas, excludeSchemas }: Selection): readonly string[] {
  const isIn = (texts: readonly string[], name: string): boolean =>
    texts.some(text => schemaPattern(text)?.test(name) === true)
  const missing = schemas.find(text => !names.some(name => isIn([text], name)))
  if (missing !== undefined) {
    throw new BackupError('SOURCE_MISSING', `there is no schema "${missing}" in the database`, {
      hint: `Correct "schemas"; the database has ${names.toSorted().slice(0, 20).map(name => `"${name}"`).join(', ')}.`
    })
  }
  return names.filter(name => (schemas.length > 0 && !isIn(schemas, name)) || isIn(excludeSchemas, name))
}

function withDescendants (rows: readonly Row[], chosen: ReadonlySet<string>): ReadonlySet<string> {
  const more = rows.filter(({ oid, parents }) => !chosen.has(oid) && parents.some(parent => chosen.has(parent)))
  return more.length === 0 ? chosen : withDescendants(rows, new Set([...chosen, ...more.map(({ oid }) => oid)]))
}

/**
 * The arguments by which pg_dump leaves out the same. A choice of schemas by `-n` would also leave out extensions and
 * large objects, and create the schema `public`, which every new database has.
 */
export function selectionArguments ({ leftOut, withoutData, withoutSchemas }: Selected): readonly string[] {
  return [
    ...withoutSchemas.flatMap(name => ['-N', quoteIdent(name)]),
    ...leftOut.filter(({ schema }) => !withoutSchemas.includes(schema)).flatMap(
      ({ name }) => ['-T', quotedPattern(name)]
    ),
    ...[...withoutData].map(({ name }) => `--exclude-table-data=${quotedPattern(name)}`)
  ]
}

/** A name as SQL writes it, as a pattern of psql that matches it alone: each part in double quotes. */
function quotedPattern (name: string): string {
  return name.split(/\.(?=(?:[^"]*"[^"]*")*[^"]*$)/).map(part => part.startsWith('"') ? part : `"${part}"`).join('.')
}

/** Whether pg_dump writes the rows of a table. A standby has none of unlogged tables. */
export function hasData (relation: Relation, { withoutData }: Selected, isStandby: boolean): boolean {
  return relation.kind === 'r' && !withoutData.has(relation) && !(isStandby && relation.isUnlogged)
}
