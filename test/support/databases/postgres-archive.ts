import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import type { Link } from '../../../src/core/restore/restorable.ts'
import { toDetails, type PostgresDetails } from '../../../src/sources/postgres/facts.ts'
import type { PostgresServer } from './postgres.ts'

const run = promisify(execFile)

/** A backup of a database as pg_dump makes it, with the facts of the moment after it. */
export interface ArchivedDatabase extends Link {
  readonly path: string
}

export interface ArchiveChange {
  readonly details?: Partial<PostgresDetails>
  /** Instead of the counts of the database. */
  readonly tables?: Manifest['facts']['tables']
}

/** Writes the archive into `directory`. Nothing else may write to the database meanwhile. */
export async function archiveDatabase (
  server: PostgresServer,
  database: string,
  directory: string,
  change: ArchiveChange = {}
): Promise<ArchivedDatabase> {
  const path = join(directory, `${Buffer.from(database).toString('hex').slice(0, 40)}-${Date.now()}.dump`)
  await run(join(server.programs, 'pg_dump'), ['-w', '-Fc', '-f', path, '-d', server.url(encodeURIComponent(database))])
  const version = (await run(join(server.programs, 'pg_dump'), ['--version'])).stdout
  const [row] = await server.query(
    database,
    `SELECT pg_get_userbyid(datdba) AS owner, current_setting('server_version_num')::int AS version,
       pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datcollate AS collate, datctype AS ctype
     FROM pg_database WHERE datname = current_database()`
  )
  const names = await server.query(
    database,
    `SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS name
     FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`
  )
  const roles = await server.query(
    database,
    `SELECT DISTINCT rolname FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
     WHERE s.refclassid = 'pg_authid'::regclass AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
       AND s.objid <> 0 ORDER BY 1`
  )
  const extensions = await server.query(database, 'SELECT extname AS name, extversion AS version FROM pg_extension')
  const tables = []
  for (const { name } of names) {
    const [{ count }] = await server.query(database, `SELECT count(*) FROM ONLY ${name}`) as [{ count: string }]
    tables.push({ name, rows: Number(count) })
  }
  const details: PostgresDetails = {
    database,
    owner: row.owner,
    serverVersion: row.version,
    clientVersion: /\d+(?:\.\d+)?/.exec(version)?.[0] ?? '',
    systemId: null,
    lsn: '0/0',
    encoding: row.encoding,
    localeProvider: row.provider,
    collate: row.collate,
    ctype: row.ctype,
    locale: null,
    extensions: [...extensions],
    roles: roles.map(({ rolname }) => rolname),
    sequences: [],
    schema: [],
    databaseSize: 0,
    excluded: { schemas: [], tables: [], tableData: [] },
    schemas: [],
    globals: null,
    ...change.details
  }
  const manifest = {
    facts: {
      engine: `PostgreSQL ${server.major}`,
      tables: change.tables ?? tables,
      properties: {},
      details: toDetails(details)
    },
    image: { size: statSync(path).size, sha256: '' }
  } as unknown as Manifest
  return {
    path,
    manifest,
    images: {
      open: async () => await Promise.reject(new Error('the archive is read as a file')),
      file: async () => path
    }
  }
}
