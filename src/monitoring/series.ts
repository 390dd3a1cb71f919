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
    runs: counter('backup_runs_total', 'Backups that ended, by how they ended.', 'backup_type', 'status', 'source'),
    attempts: counter('backup_attempts_total', 'Backups that were begun.', 'source'),
    successes: counter('backup_success_total', 'Backups that completed.', 'source'),
    verifications: counter(
      'backup_verifications_total',
      'Verifications that ran to a conclusion, by what they found.',
      'status'
    ),
    errors: counter(
      'backup_errors_total',
      'Operations that failed, by the code of the error.',
      'operation',
      'error_type'
    ),
    duration: gauge(
      'backup_duration_seconds',
      'How long the last operation of its kind took.',
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
      'When the last backup completed, in seconds since 1970; 0 if none ever did.',
      'source'
    ),
    uploads: counter(
      'backup_uploads_total',
      'Copies sent to another store, by how that ended.',
      'destination',
      'status'
    ),
    uploadDuration: gauge(
      'backup_upload_duration_seconds',
      'How long the last copy to another store took.',
      'destination'
    ),
    copiesWaiting: gauge('holdfast_copies_waiting', 'Copies that are not in their store yet.', 'destination'),
    copiesStored: gauge('holdfast_copies_stored', 'Copies that the store holds.', 'destination'),
    copiesBytes: gauge('holdfast_copies_bytes', 'Bytes of the copies that the store holds.', 'destination'),
    jobs: gauge('holdfast_jobs', 'Jobs that have not ended.', 'status'),
    storeFree: gauge('holdfast_store_free_bytes', 'Bytes that can still be written where backups are kept.', 'store'),
    storeSize: gauge('holdfast_store_size_bytes', 'Bytes there are where backups are kept.', 'store'),
    freshSince: gauge(
      'backup_fresh_since_timestamp',
      'A good backup started at or after this must exist, or the schedule was not kept, in seconds since 1970; there is none where nothing is asked.',
      'source'
    ),
    lastProven: gauge(
      'backup_last_proven_timestamp',
      'When a backup was last restored, or drilled and passed, in seconds since 1970; 0 if none ever was.',
      'source'
    ),
    restoreTime: gauge(
      'backup_restore_seconds',
      'How long that restore took to have the content in its place.',
      'source'
    ),
    rpo: gauge(
      'backup_rpo_seconds',
      'Time since the newest backup that was proven valid was begun: what a restore now would lose.',
      'source'
    ),
    drills: counter('backup_drills_total', 'Drills that ended, by what came of them.', 'status', 'source'),
    drillFreshSince: gauge(
      'holdfast_drill_fresh_since_timestamp',
      'That a backup restores must have been proven at or after this, in seconds since 1970; there is none where nothing is asked.',
      'source'
    ),
    pruneLastSuccess: gauge(
      'holdfast_prune_last_success_timestamp',
      'When the last prune was done, in seconds since 1970; 0 if none ever was.'
    ),
    pruneFreshSince: gauge(
      'holdfast_prune_fresh_since_timestamp',
      'A prune done at or after this must exist, in seconds since 1970; there is none where nothing is asked.'
    ),
    alerts: gauge(
      'holdfast_alert_active',
      'Whether an alert is open (1) or its rule does not hold (0).',
      'rule',
      'source',
      'severity'
    ),
    alertsRaised: counter('holdfast_alerts_raised_total', 'Alerts that were raised.', 'rule'),
    sourcesOmitted: gauge(
      'holdfast_sources_without_series',
      'Configured sources beyond METRICS_MAX_SOURCES: their counters and alerts are added up under an empty label.'
    ),
    connectionsRefused: counter(
      'holdfast_connections_refused_total',
      'Connections that were closed since there were as many as there may be.'
    ),
    catalogReadable: gauge(
      'holdfast_catalog_readable',
      'Whether the figures on backups are of this moment (1) or the last that could be read (0).'
    ),
    build: gauge('holdfast_build_info', 'What is running here.', 'version', 'node', 'sqlite')
  }
}

export type Series = ReturnType<typeof makeSeries>
