import { z } from 'zod'
import type { Details, SnapshotFacts } from '../../core/ports/source.ts'

export { GLOBALS } from './parts.ts'

/**
 * What the manifest keeps of a database for its inspector, its drills and its restores, all of it from the one snapshot
 * that pg_dump used.
 */
const detailsSchema = z.object({
  /** Of the database in the source. */
  database: z.string(),
  owner: z.string(),
  /** `server_version_num`: 150018. */
  serverVersion: z.number().int(),
  /** The version of pg_dump: `15.18`. */
  clientVersion: z.string(),
  /** `system_identifier` of pg_control as text, for it has more digits than a number; null: not readable. */
  systemId: z.string().nullable(),
  /** `pg_current_wal_lsn()`, or the last replayed one of a standby: `0/1A2B3C8`. */
  lsn: z.string(),
  /** How the database was created, for CREATE DATABASE. `localeProvider`: `c`, `i` or `b` (`datlocprovider`). */
  encoding: z.string(),
  localeProvider: z.string(),
  collate: z.string().nullable(),
  ctype: z.string().nullable(),
  /** `daticulocale` or `datlocale`, where the provider has one. */
  locale: z.string().nullable(),
  /** Extensions with their versions, in the order of their names. */
  extensions: z.array(z.object({ name: z.string(), version: z.string() })),
  /** Roles that own objects or have rights on them, and that a drill creates. In the order of their names. */
  roles: z.array(z.string()),
  /** `schema.sequence`, quoted as in `tables` of the facts, and its `last_value`; null: never used. As text. */
  sequences: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
  /** The objects in the archive, class by class (`schemaOf` of schema-digest.ts). */
  schema: z.array(z.object({ name: z.string(), count: z.number().int(), sha256: z.string() })),
  /** `pg_database_size` in bytes. */
  databaseSize: z.number(),
  /** What was left out by choice: schemas, tables, data of tables. As configured. */
  excluded: z.object({
    schemas: z.array(z.string()),
    tables: z.array(z.string()),
    tableData: z.array(z.string())
  }),
  /** Only these schemas are in the archive. Empty: all are. */
  schemas: z.array(z.string()),
  /** Whether `globals` has the password verifiers of the roles; null: there is no such part. */
  globals: z.object({ passwords: z.boolean() }).nullable()
})

export type PostgresDetails = z.infer<typeof detailsSchema>

/** Brings the details into the manifest. */
export function toDetails (details: PostgresDetails): Details {
  return { ...details }
}

/** The details of a backup; null: it does not have those of a PostgreSQL database. */
export function postgresDetails ({ details }: Pick<SnapshotFacts, 'details'>): PostgresDetails | null {
  return detailsSchema.safeParse(details).data ?? null
}
