import { collectDefaultMetrics, Counter, Gauge, type Registry } from 'prom-client'
import { UntypedGauge } from './untyped-gauge.ts'

/** Gauges among the library's own whose names say that they are counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total'
] as const

/**
 * Every series there is. Names and labels are those of the guides that operators have their queries and alerts from;
 * `source` comes last where several sources would otherwise be one number. `backup_type` is the method.
 */
export function makeSeries (registry: Registry) {
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)

  const registers = [registry]
  const counter = <T extends string>(name: string, help: string, ...labelNames: T[]): Counter<T> =>
    new Counter({ name, help, labelNames, registers })
  const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]): Gauge<T> =>
    new Gauge({ name, help, labelNames, registers })
  return {
    runs: counter('backup_runs_total', 'Finished backups by outcome.', 'backup_type', 'status', 'source'),
    attempts: counter('backup_attempts_total', 'Started backups.', 'source'),
    successes: counter('backup_success_total', 'Completed backups.', 'source'),
    verifications: counter(
      'backup_verifications_total',
      'Finished verifications by result.',
      'status'
    ),
    errors: counter(
      'backup_errors_total',
      'Failed operations by error code.',
      'operation',
      'error_type'
    ),
    duration: gauge(
      'backup_duration_seconds',
      'Duration of the last operation of this kind.',
      'backup_type',
      'operation',
      'source'
    ),
    size: gauge('backup_size_bytes', 'Stored size of the last backup.', 'backup_type', 'compression', 'source'),
    oldestAge: gauge('backup_oldest_age_seconds', 'Age of the oldest backup that still exists.', 'source'),
    newestAge: gauge('backup_newest_age_seconds', 'Age of the newest backup that still exists.', 'source'),
    count: new UntypedGauge({
      name: 'backup_total_count',
      help: 'Completed backups that still exist.',
      labelNames: ['backup_type', 'source'],
      registers
    }),
    lastSuccess: gauge(
      'backup_last_success_timestamp',
      'Unix time of the last completed backup; 0 if there is none.',
      'source'
    ),
    uploads: counter(
      'backup_uploads_total',
      'Uploads of copies to another store by outcome.',
      'destination',
      'status'
    ),
    uploadDuration: gauge(
      'backup_upload_duration_seconds',
      'Duration of the last upload of a copy.',
      'destination'
    ),
    copiesWaiting: gauge('holdfast_copies_waiting', 'Copies that are not in the store yet.', 'destination'),
    copiesStored: gauge('holdfast_copies_stored', 'Copies in the store.', 'destination'),
    copiesBytes: gauge('holdfast_copies_bytes', 'Size of the copies in the store.', 'destination'),
    jobs: gauge('holdfast_jobs', 'Unfinished jobs.', 'status'),
    storeFree: gauge('holdfast_store_free_bytes', 'Free space of the store.', 'store'),
    storeSize: gauge('holdfast_store_size_bytes', 'Total space of the store.', 'store'),
    freshSince: gauge(
      'backup_fresh_since_timestamp',
      'Unix time since which the schedule requires a good backup; absent if no schedule requires one.',
      'source'
    ),
    lastProven: gauge(
      'backup_last_proven_timestamp',
      'Unix time of the last successful restore or passed drill; 0 if there is none.',
      'source'
    ),
    restoreTime: gauge(
      'backup_restore_seconds',
      'Duration of that restore until the content was in place.',
      'source'
    ),
    rpo: gauge(
      'backup_rpo_seconds',
      'Age of the newest valid backup by its start time: the changes of this period are lost in a restore.',
      'source'
    ),
    drills: counter('backup_drills_total', 'Finished drills by result.', 'status', 'source'),
    drillFreshSince: gauge(
      'holdfast_drill_fresh_since_timestamp',
      'Unix time since which the schedule requires a passed drill; absent if no schedule requires one.',
      'source'
    ),
    pruneLastSuccess: gauge(
      'holdfast_prune_last_success_timestamp',
      'Unix time of the last successful prune; 0 if there is none.'
    ),
    pruneFreshSince: gauge(
      'holdfast_prune_fresh_since_timestamp',
      'Unix time since which the schedule requires a prune; absent if no schedule requires one.'
    ),
    alerts: gauge(
      'holdfast_alert_active',
      'Whether an alert is open (1) or not (0).',
      'rule',
      'source',
      'severity'
    ),
    alertsRaised: counter('holdfast_alerts_raised_total', 'Raised alerts.', 'rule'),
    sourcesOmitted: gauge(
      'holdfast_sources_without_series',
      'Configured sources beyond METRICS_MAX_SOURCES: their counters and alerts are summed under an empty label.'
    ),
    connectionsRefused: counter(
      'holdfast_connections_refused_total',
      'Connections that were refused because the maximum was reached.'
    ),
    catalogReadable: gauge(
      'holdfast_catalog_readable',
      'Whether the metrics of backups are current (1) or from the last successful read of the catalog (0).'
    ),
    build: gauge('holdfast_build_info', 'Versions of Holdfast, Node.js and SQLite.', 'version', 'node', 'sqlite')
  }
}

export type Series = ReturnType<typeof makeSeries>
