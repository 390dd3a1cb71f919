import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'

/** One step of the schema: the file `0001_catalog.sql` is version 1. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

type Applied = Pick<Migration, 'version' | 'name' | 'sha256'>

const REINSTALL = 'Install the release again, with the files in "migrations" unchanged.'
const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/

/** Reads the migrations of a directory, in order; throws `CATALOG_FAILED`. Line endings do not count as a change. */
export async function readMigrations (directory: string): Promise<readonly Migration[]> {
  try {
    const names = (await readdir(directory)).filter(name => FILE.test(name)).toSorted()
    return await Promise.all(names.map(name => readMigration(directory, name)))
  } catch (cause) {
    throw new BackupError('CATALOG_FAILED', `the migrations in "${directory}" cannot be read`, {
      hint: REINSTALL,
      cause
    })
  }
}

async function readMigration (directory: string, name: string): Promise<Migration> {
  const sql = (await readFile(join(directory, name), 'utf8')).replaceAll('\r\n', '\n')
  return { version: Number(name.slice(0, 4)), name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
}

/**
 * Brings the schema up to the last of `migrations`, each one transaction together with its record, so that a crash
 * leaves it before or after one. Returns the versions that were applied. Throws, with nothing written,
 * `CATALOG_TOO_NEW` for a schema that knows more than `migrations`, and `CATALOG_MIGRATION_CHANGED` where what was
 * applied is no longer what the file says.
 */
export function migrate (database: Database, migrations: readonly Migration[], clock: Clock): readonly number[] {
  const applied = appliedTo(database)
  checkApplied(applied, migrations)
  // A catalog that is up to date is not locked.
  return migrations.slice(applied.length).filter(migration => apply(database, migration, migrations, clock)).map(
    migration => migration.version
  )
}

/** Returns whether there was anything to do: another process may have done it since. */
function apply (database: Database, migration: Migration, all: readonly Migration[], clock: Clock): boolean {
  return database.transaction(() => {
    const applied = appliedTo(database)
    checkApplied(applied, all)
    if (applied.some(({ version }) => version === migration.version)) return false
    database.exec(migration.sql)
    database.exec(
      'CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT'
    )
    database.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, ?)').run(
      migration.version,
      migration.name,
      migration.sha256,
      clock.now().toISOString()
    )
    return true
  }).immediate()
}

function appliedTo (database: Database): readonly Applied[] {
  const begun =
    database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'").get() !==
      undefined
  return begun
    ? database.prepare<[], Applied>('SELECT version, name, sha256 FROM schema_migrations ORDER BY version').all()
    : []
}

function checkApplied (applied: readonly Applied[], migrations: readonly Migration[]): void {
  const known = migrations.at(-1)?.version ?? 0
  const newest = applied.at(-1)?.version ?? 0
  if (newest > known) {
    throw new BackupError(
      'CATALOG_TOO_NEW',
      `the catalog has schema version ${newest}, and this program supports ${known}`,
      {
        hint:
          'Run the newer version of the program, or move the catalog elsewhere and let this version build a new one from the manifests.'
      }
    )
  }
  for (const [index, migration] of migrations.entries()) {
    const record = applied[index]
    if (migration.version !== index + 1) throw changed(`migration ${index + 1} is missing from the program`)
    if (record !== undefined && record.version !== migration.version) {
      throw changed(`migration ${migration.version} was never applied, though later ones were`)
    }
    if (record !== undefined && record.sha256 !== migration.sha256) {
      throw changed(`migration "${record.name}" differs from the applied one`)
    }
  }
}

function changed (message: string): BackupError {
  return new BackupError('CATALOG_MIGRATION_CHANGED', message, { hint: REINSTALL })
}
