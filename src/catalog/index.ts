import type { Catalog } from '../core/catalog/catalog.ts'
import type { Clock } from '../core/clock.ts'
import type { Presence } from '../core/presence.ts'
import { SqliteAlertLog } from './alerts.ts'
import { SqliteAuditLog } from './audit.ts'
import { SqliteBackupLog } from './backup-log.ts'
import type { JudgeKey } from './backup-row.ts'
import { changeCountOf } from './change-count.ts'
import { Connection } from './connection.ts'
import { markDamaged, markedDamage } from './damage-mark.ts'
import { openDatabase } from './database.ts'
import { SqliteCopyLog } from './copy-log.ts'
import { catalogError } from './errors.ts'
import { healIds } from './heal-ids.ts'
import { SqliteHookLog } from './hooks.ts'
import { SqliteIdempotency } from './idempotency.ts'
import { SqliteJobLog } from './jobs.ts'
import { SqliteKeyLog } from './keys.ts'
import { leasesIn, SqliteLeaseLog } from './leases.ts'
import { migrate, readMigrations } from './migrate.ts'
import { SqliteExternalStoreLog } from './external-stores.ts'
import { SqliteRestoreLog } from './restores.ts'
import { SqliteRunLog } from './runs.ts'
import { SqliteSegmentLog } from './segments.ts'
import { SqliteSettings } from './settings.ts'
import { SqliteStoreIds } from './store-ids.ts'
import { SqliteTokenLog } from './tokens.ts'

export { acquireInstanceLock, findServer, type InstanceLock } from './processes/instance-lock.ts'
export { sqliteVersion } from './database.ts'
export { announce, type Announced } from './processes/presence.ts'
export { INSTANCE_FILE, keptInstanceId } from './kept-instance.ts'
export { setAside } from './set-aside.ts'
export { checkIntegrity, copyDatabase } from './copy.ts'

export interface CatalogOptions {
  /** How long to wait for another process. This one does nothing else meanwhile, so keep it short. */
  readonly busyTimeoutMs: number
  readonly clock: Clock
  /** Whose the leases are that are taken through this catalog. */
  readonly presence: Presence
  /** What a signature of a manifest is worth here. */
  readonly judgeKey: JudgeKey
  /** The directory with `0001_….sql` and what follows. */
  readonly migrationsDir: string
}

export interface OpenedCatalog extends Catalog {
  /** Of the SQLite library that the catalog runs on. */
  readonly sqliteVersion: string
  /** There was no catalog here: everything that the stores know may have to be adopted. */
  readonly isNew: boolean
  /** Whether the whole of it was checked for damage as it was opened; a large catalog is not. */
  readonly isChecked: boolean
  /** The damage that was found and not yet put right, by whatever process; undefined: none. */
  readonly damage: () => string | undefined
  /** Records damage: the next opening then looks at the whole catalog. */
  readonly markDamaged: (finding: string) => void
  /** The versions of the migrations that were applied just now. */
  readonly applied: readonly number[]
}

/**
 * Opens the catalog at `path`, makes it where there is none, and brings its schema up to date. Rejects with
 * `CATALOG_CORRUPT` (`setAside` and open again), `CATALOG_TOO_NEW`, `CATALOG_MIGRATION_CHANGED`, `CATALOG_BUSY`,
 * `DISK_FULL` or `CATALOG_FAILED`; nothing stays open then.
 */
export async function openCatalog (path: string, options: CatalogOptions): Promise<OpenedCatalog> {
  const migrations = await readMigrations(options.migrationsDir)
  const { database, isChecked } = await openDatabase(path, options.busyTimeoutMs)
  try {
    const applied = migrate(database, migrations, options.clock)
    healIds(database)
    const connection = new Connection(database, options.clock)
    const leases = leasesIn(database, options.presence)
    return {
      backups: new SqliteBackupLog(connection, options.judgeKey),
      copies: new SqliteCopyLog(connection),
      externalStores: new SqliteExternalStoreLog(connection),
      storeIds: new SqliteStoreIds(connection),
      changes: changeCountOf(connection),
      keys: new SqliteKeyLog(connection),
      alerts: new SqliteAlertLog(connection),
      jobs: new SqliteJobLog(connection, leases),
      hooks: new SqliteHookLog(connection),
      leases: new SqliteLeaseLog(connection, leases),
      restores: new SqliteRestoreLog(connection),
      runs: new SqliteRunLog(connection),
      segments: new SqliteSegmentLog(connection),
      settings: new SqliteSettings(connection, options.clock),
      idempotency: new SqliteIdempotency(connection),
      audit: new SqliteAuditLog(connection),
      tokens: new SqliteTokenLog(connection),
      version: () => connection.version(),
      close: () => connection.close(),
      sqliteVersion: database.prepare('SELECT sqlite_version()').pluck().get() as string,
      isChecked,
      damage: () => markedDamage(path),
      markDamaged: finding => {
        markDamaged(path, finding)
      },
      isNew: applied.includes(1),
      applied
    }
  } catch (error) {
    database.close()
    throw catalogError(error)
  }
}
