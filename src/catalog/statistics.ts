import type { Database } from 'better-sqlite3'
import type { SourceStatistics, Statistics } from '../core/catalog/catalog.ts'
import { IS_OWN } from './backup-row.ts'
import { toDate } from './json.ts'

interface Row {
  readonly source: string
  readonly count: number
  readonly size: number
  readonly failed: number
  readonly oldest: string | null
  readonly newest: string | null
  readonly last_success: string | null
  readonly last_failure: string | null
  readonly last_verified: string | null
  readonly last_scheduled: string | null
  readonly last_proven: string | null
  readonly restore_ms: number | null
  readonly newest_proven: string | null
}

/** What `backup_counts` counts of others. Few rows, mostly none. */
const FOREIGN = `FROM foreign_backups CROSS JOIN backup_log ON id = backup_id
  WHERE source = counts.source AND place = 'present' AND status = 'completed'`

/** One row a source: totals from `backup_counts`, each first and last from one step in an index. */
const SELECT_SOURCES = `
  SELECT source,
    coalesce(sum(backups) FILTER (WHERE place = 'present' AND status = 'completed'), 0) - (SELECT count(*) ${FOREIGN}) AS count,
    coalesce(sum(bytes) FILTER (WHERE place = 'present' AND status = 'completed'), 0) - (SELECT coalesce(sum(file_size_bytes), 0) ${FOREIGN}) AS size,
    coalesce(sum(backups) FILTER (WHERE status = 'failed'), 0) - (SELECT count(*) FROM backup_log INDEXED BY backup_log_cancelled
      WHERE source = counts.source AND status = 'failed' AND error_code = 'CANCELLED') AS failed,
    (SELECT min(started_at) FROM backup_log INDEXED BY backup_log_span WHERE source = counts.source AND place = 'present' AND status = 'completed' AND ${IS_OWN}) AS oldest,
    (SELECT max(started_at) FROM backup_log INDEXED BY backup_log_span WHERE source = counts.source AND place = 'present' AND status = 'completed' AND ${IS_OWN}) AS newest,
    (SELECT max(completed_at) FROM backup_log INDEXED BY backup_log_outcome WHERE source = counts.source AND status = 'completed' AND ${IS_OWN}) AS last_success,
    (SELECT max(completed_at) FROM backup_log INDEXED BY backup_log_outcome WHERE source = counts.source AND status = 'failed' AND error_code IS NOT 'CANCELLED' AND is_import = 0) AS last_failure,
    (SELECT max(verified_at) FROM backup_log INDEXED BY backup_log_proven WHERE source = counts.source AND verification_status = 'valid' AND ${IS_OWN}) AS last_verified,
    (SELECT max(started_at) FROM backup_log INDEXED BY backup_log_scheduled WHERE source = counts.source AND backup_type = 'scheduled' AND ${IS_OWN}) AS last_scheduled,
    (SELECT max(finished_at) FROM restores INDEXED BY restores_proven WHERE source = counts.source AND status IN ('passed', 'completed')) AS last_proven,
    (SELECT restore_ms FROM restores INDEXED BY restores_proven WHERE source = counts.source AND status IN ('passed', 'completed') ORDER BY finished_at DESC LIMIT 1) AS restore_ms,
    (SELECT max(started_at) FROM backup_log INDEXED BY backup_log_newest_proven WHERE source = counts.source AND verification_status = 'valid' AND place = 'present' AND status = 'completed' AND ${IS_OWN}) AS newest_proven
  FROM backup_counts AS counts GROUP BY source HAVING sum(backups) > 0 ORDER BY source`

/** Prepares the statement once; what it returns reads the statistics. */
export function statisticsOf (database: Database): () => Statistics {
  const select = database.prepare<[], Row>(SELECT_SOURCES)
  return () => {
    const rows = select.all()
    return {
      totalBackups: sum(rows.map(row => row.count)),
      totalSize: sum(rows.map(row => row.size)),
      oldestBackup: toDate(rows.flatMap(row => row.oldest ?? []).toSorted()[0] ?? null),
      newestBackup: toDate(rows.flatMap(row => row.newest ?? []).toSorted().at(-1) ?? null),
      failedBackups: sum(rows.map(row => row.failed)),
      sources: rows.map(toSource)
    }
  }
}

function toSource (row: Row): SourceStatistics {
  return {
    source: row.source,
    lastSuccess: toDate(row.last_success),
    lastFailure: toDate(row.last_failure),
    lastVerified: toDate(row.last_verified),
    lastScheduled: toDate(row.last_scheduled),
    lastProven: toDate(row.last_proven),
    restoreTime: row.restore_ms,
    newestProven: toDate(row.newest_proven),
    oldest: toDate(row.oldest),
    newest: toDate(row.newest),
    count: row.count,
    size: row.size
  }
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
