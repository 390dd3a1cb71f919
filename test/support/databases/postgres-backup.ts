import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SnapshotFacts } from '../../../src/core/ports/source.ts'
import type { Restorable } from '../../../src/core/restore/restorable.ts'
import type { ChildLimits } from '../../../src/sources/subprocess.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import type { PostgresContext } from '../../../src/sources/postgres/context.ts'
import { toDetails, type PostgresDetails } from '../../../src/sources/postgres/facts.ts'
import { schemaOf } from '../../../src/sources/postgres/schema-digest.ts'
import { openSession } from '../../../src/sources/postgres/session.ts'
import { imagesOf, manifestOfFile } from '../sources/images.ts'
import { digestOf } from '../streams.ts'
import { RICH, RICH_ROLES } from './rich-postgres.ts'
import type { PostgresServer } from './postgres.ts'

const run = promisify(execFile)

/** A dump of a database that nobody writes to, with the facts of its manifest. */
export interface PostgresBackup {
  readonly path: string
  readonly facts: SnapshotFacts
  readonly details: PostgresDetails
}

export async function dumped (
  server: PostgresServer,
  database: string,
  path: string,
  args: readonly string[] = []
): Promise<PostgresBackup> {
  const details = await detailsOf(server, database)
  await run(join(server.programs, 'pg_dump'), ['-d', server.url(database), '-Fc', '-f', path, ...args])
  const names: readonly string[] = (await server.query(
    database,
    `SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS name FROM pg_class c
     JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND NOT EXISTS (
       SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1`
  )).map(({ name }) => name)
  const tables = []
  for (const name of names) {
    const [{ count }] = await server.query(database, `SELECT count(*)::int AS count FROM ONLY ${name}`) as [any]
    tables.push({ name, rows: count })
  }
  const facts = { engine: `PostgreSQL ${server.major}`, tables, properties: {}, details: toDetails(details) }
  return { path, facts, details }
}

async function detailsOf (server: PostgresServer, database: string): Promise<PostgresDetails> {
  const session = await openSession(parseUrl(server.url(database)), new AbortController().signal)
  try {
    const schema = await schemaOf(session, null)
    const [row] = await server.query(
      database,
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS client,
        pg_database_size(current_database())::float8 AS size, pg_encoding_to_char(encoding) AS encoding, datlocprovider,
        datcollate, datctype, pg_get_userbyid(datdba) AS owner,
        (SELECT array_agg(rolname::text ORDER BY rolname) FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%') AS roles,
        (SELECT json_agg(json_build_object('name', extname, 'version', extversion) ORDER BY extname)
          FROM pg_extension) AS extensions,
        (SELECT coalesce(json_agg(json_build_object('name', quote_ident(schemaname) || '.' || quote_ident(sequencename),
          'value', last_value::text) ORDER BY 1), '[]') FROM pg_sequences) AS sequences
       FROM pg_database WHERE datname = current_database()`
    ) as [any]
    return {
      database,
      owner: row.owner,
      serverVersion: row.version,
      clientVersion: row.client.split(' ')[0],
      systemId: null,
      lsn: '0/0',
      encoding: row.encoding,
      localeProvider: row.datlocprovider,
      collate: row.datcollate,
      ctype: row.datctype,
      locale: null,
      extensions: row.extensions,
      roles: row.roles,
      sequences: row.sequences,
      schema: [...schema],
      databaseSize: row.size,
      excluded: { schemas: [], tables: [], tableData: [] },
      schemas: [],
      globals: null
    }
  } finally {
    await session.close()
  }
}

/** The same with other details in the manifest. */
export function withDetails (backup: PostgresBackup, given: Partial<PostgresDetails>): PostgresBackup {
  const details = { ...backup.details, ...given }
  return { ...backup, details, facts: { ...backup.facts, details: toDetails(details) } }
}

/** What a drill is given. */
export function restorableBackup ({ path, facts }: Pick<PostgresBackup, 'path' | 'facts'>): Restorable {
  const image = digestOf(readFileSync(path))
  return { links: [{ manifest: manifestOfFile(path, { facts, image }), images: imagesOf(path) }] }
}

/** A server with the database `shop`, which has one of everything. */
export async function richDatabase (server: PostgresServer): Promise<void> {
  await server.create('shop')
  await server.query('postgres', RICH_ROLES)
  await server.query('shop', RICH)
}

export function contextOf (
  server: Pick<PostgresServer, 'programs'>,
  scratchDir: string,
  given: Partial<PostgresContext> = {}
): PostgresContext {
  const limits: ChildLimits = { timeout: 120_000, memory: 2 ** 30 }
  return { scratchDir, limits, programs: [server.programs], runAs: undefined, ...given }
}
