import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { completed, END, INVALID, VALID } from '../support/catalog/catalog.ts'
import { needTool } from '../support/skip-without.ts'
import { ALERT, observe, type Observation } from '../support/monitoring/observation.ts'
import { aJob } from '../support/builders/job.ts'

/** Everything that can happen to one source, so that every series has something to tell. */
async function liveThrough ({ catalog, emit, told }: Observation): Promise<void> {
  const backup = await completed(catalog, { compression: 'gzip' }, { verification: VALID })
  emit({ type: 'backup.started', backup })
  emit({ type: 'backup.completed', backup, durationMs: 5000 })
  emit({ type: 'backup.started', backup })
  emit({ type: 'backup.failed', backup, code: 'DISK_FULL' })
  emit({ type: 'operation.failed', operation: 'create', source: 'shop', method: 'full', code: 'DISK_FULL' })
  emit({ type: 'verification.finished', backup, verification: VALID, durationMs: 1500 })
  emit({ type: 'verification.finished', backup, verification: INVALID, durationMs: 2500 })
  emit({ type: 'job.updated', job: aJob() })
  emit({ type: 'alert.raised', alert: ALERT })
  emit({ type: 'settings.changed' })
  await catalog.restores.start({
    kind: 'drill',
    backupId: backup.id,
    source: 'shop',
    target: '/scratch',
    mode: 'scratch',
    aside: null,
    actor: null,
    startedAt: END
  })
  const drill = await catalog.restores.conclude(1, {
    status: 'passed',
    report: null,
    bytes: 1000,
    restoreTime: 2600,
    code: null,
    message: null,
    at: END
  })
  emit({ type: 'drill.finished', drill })
  Object.assign(told, { alerts: [ALERT], freshSince: END, provenSince: END, prune: { lastDone: END, freshSince: END } })
}

test('promtool finds nothing to say about the metrics', async t => {
  if (!needTool(t, 'promtool')) return
  const observation = await observe(t)
  for (
    const text of [
      await observation.metrics.text(),
      await liveThrough(observation).then(() => observation.metrics.text())
    ]
  ) {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
  }
})

test('every series of the guides is there under its name and with its labels', async t => {
  const observation = await observe(t)
  await liveThrough(observation)
  const text = await observation.metrics.text()
  for (
    const series of [
      'backup_runs_total{backup_type="full",status="success",source="shop"} 1',
      'backup_runs_total{backup_type="full",status="failure",source="shop"} 1',
      'backup_duration_seconds{backup_type="full",operation="create",source="shop"} 5',
      'backup_duration_seconds{backup_type="full",operation="verify",source="shop"} 2.5',
      'backup_size_bytes{backup_type="full",compression="gzip",source="shop"} 1000',
      'backup_oldest_age_seconds{source="shop"} 0',
      'backup_newest_age_seconds{source="shop"} 0',
      'backup_total_count{backup_type="full",source="shop"} 1',
      'backup_errors_total{operation="create",error_type="disk_full"} 1',
      'backup_verifications_total{status="passed"} 1',
      'backup_verifications_total{status="failed"} 1',
      'backup_success_total{source="shop"} 1',
      'backup_attempts_total{source="shop"} 2',
      `backup_last_success_timestamp{source="shop"} ${END.getTime() / 1000}`,
      'holdfast_jobs{status="running"} 1',
      'holdfast_store_free_bytes{store="local"} 60',
      'holdfast_store_size_bytes{store="local"} 100',
      `backup_fresh_since_timestamp{source="shop"} ${END.getTime() / 1000}`,
      `backup_last_proven_timestamp{source="shop"} ${END.getTime() / 1000}`,
      'backup_restore_seconds{source="shop"} 2.6',
      'backup_rpo_seconds{source="shop"} 0',
      'backup_drills_total{status="passed",source="shop"} 1',
      'backup_drills_total{status="failed",source="shop"} 0',
      `holdfast_drill_fresh_since_timestamp{source="shop"} ${END.getTime() / 1000}`,
      `holdfast_prune_last_success_timestamp ${END.getTime() / 1000}`,
      `holdfast_prune_fresh_since_timestamp ${END.getTime() / 1000}`,
      'holdfast_alert_active{rule="backup_failed",source="shop",severity="critical"} 1',
      'holdfast_alert_active{rule="backup_damaged",source="shop",severity="critical"} 0',
      'holdfast_alert_active{rule="disk_low",source="",severity="warning"} 0',
      'holdfast_alerts_raised_total{rule="backup_failed"} 1',
      'holdfast_alerts_raised_total{rule="disk_low"} 0',
      'holdfast_catalog_readable 1',
      'holdfast_build_info{version="1.2.3",node="v26.0.0",sqlite="3.54.1"} 1',
      '# TYPE backup_total_count untyped',
      '# TYPE backup_uploads_total counter',
      '# TYPE backup_upload_duration_seconds gauge'
    ]
  ) assert.ok(text.split('\n').includes(series), `${series} is not in\n${text}`)
  assert.match(text, /^process_cpu_seconds_total /m)
})
