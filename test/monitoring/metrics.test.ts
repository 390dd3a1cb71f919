import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Job, JobStatus } from '../../src/core/job.ts'
import { completed, END, failed, INVALID, manifestOf, newBackup, VALID } from '../support/catalog.ts'
import { needTool } from '../support/need.ts'
import { ALERT, observe, type Observation } from '../support/observe.ts'

function jobOf (id: number, status: JobStatus): Job {
  return { id, kind: 'create', source: 'shop', backupId: null, status, progress: { phase: 'waiting', bytesDone: 0, bytesTotal: null }, createdAt: END, startedAt: null, finishedAt: null, errorCode: null, errorMessage: null }
}

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
  emit({ type: 'job.updated', job: jobOf(1, 'running') })
  emit({ type: 'alert.raised', alert: ALERT })
  emit({ type: 'settings.changed' })
  await catalog.restores.start({ kind: 'drill', backupId: backup.id, source: 'shop', target: '/scratch', mode: 'scratch', aside: null, actor: null, startedAt: END })
  const drill = await catalog.restores.conclude(1, { status: 'passed', report: null, bytes: 1000, restoreTime: 2600, code: null, message: null, at: END })
  emit({ type: 'drill.finished', drill })
  Object.assign(told, { alerts: [ALERT], freshSince: END, provenSince: END, prune: { lastDone: END, freshSince: END } })
}

test('promtool finds nothing to say about the metrics', async t => {
  if (!needTool(t, 'promtool')) return
  const observation = await observe(t)
  for (const text of [await observation.metrics.text(), await liveThrough(observation).then(() => observation.metrics.text())]) {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
  }
})

test('every series of the guides is there under its name and with its labels', async t => {
  const observation = await observe(t)
  await liveThrough(observation)
  const text = await observation.metrics.text()
  for (const series of [
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
  ]) assert.ok(text.split('\n').includes(series), `${series} is not in\n${text}`)
  assert.match(text, /^process_cpu_seconds_total /m)
})

test('the content type is that of the text format', async t => {
  const { metrics } = await observe(t)
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/)
})

test('counters of configured sources begin at 0, so that their first event counts', async t => {
  const { value } = await observe(t, ['shop', 'blog'])
  for (const source of ['shop', 'blog']) {
    assert.equal(await value(`backup_runs_total{backup_type="full",status="success",source="${source}"}`), 0)
    assert.equal(await value(`backup_runs_total{backup_type="full",status="failure",source="${source}"}`), 0)
    assert.equal(await value(`backup_attempts_total{source="${source}"}`), 0)
    assert.equal(await value(`backup_success_total{source="${source}"}`), 0)
  }
  assert.equal(await value('backup_verifications_total{status="failed"}'), 0)
})

test('a source without backups counts none and has no age', async t => {
  const { value } = await observe(t)
  assert.equal(await value('backup_total_count{backup_type="full",source="shop"}'), 0)
  assert.equal(await value('backup_last_success_timestamp{source="shop"}'), 0)
  assert.equal(await value('backup_newest_age_seconds{source="shop"}'), undefined)
  assert.equal(await value('backup_oldest_age_seconds{source="shop"}'), undefined)
  assert.equal(await value('backup_size_bytes{backup_type="full",compression="none",source="shop"}'), undefined)
})

test('ages grow with time and are never below 0', async t => {
  const { catalog, clock, value } = await observe(t)
  await completed(catalog)
  await completed(catalog, { startedAt: clock.move(60_000) })
  clock.move(10_000)
  assert.equal(await value('backup_oldest_age_seconds{source="shop"}'), 70)
  assert.equal(await value('backup_newest_age_seconds{source="shop"}'), 10)
  clock.move(-3_600_000)
  assert.equal(await value('backup_newest_age_seconds{source="shop"}'), 0)
})

test('what the catalog knows is right straight after a start', async t => {
  const { catalog, value } = await observe(t)
  const backup = await catalog.backups.start(newBackup({ compression: 'zstd' }))
  await catalog.backups.complete(backup.id, { manifest: manifestOf(backup), filePath: 'p', verification: null, copies: [] })
  assert.equal(await value('backup_size_bytes{backup_type="full",compression="zstd",source="shop"}'), 1000)
  assert.equal(await value('backup_duration_seconds{backup_type="full",operation="create",source="shop"}'), 5)
  assert.equal(await value('backup_success_total{source="shop"}'), 0)
})

test('a size is told for the compression of the last backup alone', async t => {
  const { catalog, value } = await observe(t)
  await completed(catalog, { compression: 'gzip' })
  assert.equal(await value('backup_size_bytes{backup_type="full",compression="gzip",source="shop"}'), 1000)
  await completed(catalog, { compression: 'zstd' })
  assert.equal(await value('backup_size_bytes{backup_type="full",compression="gzip",source="shop"}'), undefined)
  assert.equal(await value('backup_size_bytes{backup_type="full",compression="zstd",source="shop"}'), 1000)
})

test('a method that was used is counted on its own', async t => {
  const { catalog, value } = await observe(t)
  await completed(catalog, { method: 'incremental' })
  assert.equal(await value('backup_total_count{backup_type="incremental",source="shop"}'), 1)
  assert.equal(await value('backup_total_count{backup_type="wal",source="shop"}'), undefined)
})

test('a source that is not configured any more tells nothing', async t => {
  const { catalog, metrics } = await observe(t)
  await completed(catalog, { source: 'gone' })
  assert.doesNotMatch(await metrics.text(), /source="gone"/)
})

test('a catalog that cannot be read leaves the last figures standing and says so', async t => {
  const { catalog, clock, value } = await observe(t)
  await completed(catalog)
  assert.equal(await value('holdfast_catalog_readable'), 1)
  await catalog.close()
  clock.move(30_000)
  assert.equal(await value('holdfast_catalog_readable'), 0)
  assert.equal(await value('backup_total_count{backup_type="full",source="shop"}'), 1)
  assert.equal(await value('backup_newest_age_seconds{source="shop"}'), 30)
})

test('a catalog that could not be read from the start on tells no figures', async t => {
  const { catalog, value } = await observe(t)
  await catalog.close()
  assert.equal(await value('backup_total_count{backup_type="full",source="shop"}'), undefined)
  assert.equal(await value('holdfast_catalog_readable'), 0)
})

test('jobs are told while they are queued or running', async t => {
  const { emit, value } = await observe(t)
  assert.equal(await value('holdfast_jobs{status="queued"}'), 0)
  for (const id of [1, 2, 3]) emit({ type: 'job.updated', job: jobOf(id, 'queued') })
  emit({ type: 'job.updated', job: jobOf(2, 'running') })
  emit({ type: 'job.updated', job: jobOf(3, 'cancelled') })
  assert.equal(await value('holdfast_jobs{status="queued"}'), 1)
  assert.equal(await value('holdfast_jobs{status="running"}'), 1)
})

test('the room of a store that knows none, or cannot tell, is not told', async t => {
  const answers = [async () => ({ free: 1, total: 2 }), async () => undefined, async () => { throw new Error('unmounted') }]
  const { value } = await observe(t, ['shop'], async () => await answers.shift()!())
  assert.equal(await value('holdfast_store_free_bytes{store="local"}'), 1)
  assert.equal(await value('holdfast_store_free_bytes{store="local"}'), undefined)
  assert.equal(await value('holdfast_store_free_bytes{store="local"}'), undefined)
})

test('a source that is not watched tells no figures, but while it is', async t => {
  const { told, value } = await observe(t, ['shop', 'holdfast'])
  told.unwatched = ['holdfast']
  assert.equal(await value('backup_last_success_timestamp{source="holdfast"}'), undefined)
  assert.equal(await value('holdfast_alert_active{rule="backup_failed",source="holdfast",severity="critical"}'), undefined)
  assert.equal(await value('backup_last_success_timestamp{source="shop"}'), 0)
  told.unwatched = []
  assert.equal(await value('backup_last_success_timestamp{source="holdfast"}'), 0)
  assert.equal(await value('holdfast_alert_active{rule="backup_failed",source="holdfast",severity="critical"}'), 0)
  told.unwatched = ['holdfast']
  assert.equal(await value('holdfast_alert_active{rule="backup_failed",source="holdfast",severity="critical"}'), undefined)
})

test('a time that nothing is asked since is not told', async t => {
  const { told, value } = await observe(t)
  assert.equal(await value('backup_fresh_since_timestamp{source="shop"}'), undefined)
  assert.equal(await value('holdfast_prune_fresh_since_timestamp'), undefined)
  assert.equal(await value('holdfast_prune_last_success_timestamp'), 0)
  Object.assign(told, { freshSince: END, prune: { lastDone: null, freshSince: END } })
  assert.equal(await value('backup_fresh_since_timestamp{source="shop"}'), END.getTime() / 1000)
  assert.equal(await value('holdfast_prune_fresh_since_timestamp'), END.getTime() / 1000)
  Object.assign(told, { freshSince: null, prune: { lastDone: null, freshSince: null } })
  assert.equal(await value('backup_fresh_since_timestamp{source="shop"}'), undefined)
  assert.equal(await value('holdfast_prune_fresh_since_timestamp'), undefined)
})

test('an alert that is over is told as not active', async t => {
  const { told, value } = await observe(t)
  const series = 'holdfast_alert_active{rule="backup_failed",source="shop",severity="critical"}'
  told.alerts = [ALERT]
  assert.equal(await value(series), 1)
  told.alerts = []
  assert.equal(await value(series), 0)
})

test('a store for copies tells what it holds and what waits for it, and counts how uploads ended', async t => {
  const { catalog, emit, value } = await observe(t)
  const counts = async (): Promise<Array<number | undefined>> => await Promise.all(['holdfast_copies_waiting', 'holdfast_copies_stored', 'holdfast_copies_bytes'].map(name => value(`${name}{destination="far"}`)))
  assert.deepEqual(await counts(), [0, 0, 0])
  assert.equal(await value('backup_uploads_total{destination="far",status="failure"}'), 0)
  const backup = await completed(catalog)
  await catalog.copies.promise(backup.id, [{ store: 'far', location: 'x' }], END)
  assert.deepEqual(await counts(), [1, 0, 0])
  await catalog.copies.stored(backup.id, 'far', { size: 700, location: 'x', at: END })
  emit({ type: 'copy.failed', backup, store: 'far', code: 'STORE_UNAVAILABLE' })
  emit({ type: 'copy.stored', backup, store: 'far', bytes: 700, durationMs: 2500 })
  assert.deepEqual(await counts(), [0, 1, 700])
  assert.equal(await value('backup_uploads_total{destination="far",status="success"}'), 1)
  assert.equal(await value('backup_uploads_total{destination="far",status="failure"}'), 1)
  assert.equal(await value('backup_upload_duration_seconds{destination="far"}'), 2.5)
  assert.equal(await value('backup_errors_total{operation="upload",error_type="store_unavailable"}'), 1)
})

test('a cancelled backup is counted as that, and as no failure and no error', async t => {
  const { catalog, emit, metrics, value } = await observe(t)
  const backup = await failed(catalog)
  emit({ type: 'backup.failed', backup, code: 'CANCELLED' })
  emit({ type: 'operation.failed', operation: 'create', source: 'shop', method: 'full', code: 'CANCELLED' })
  const runs = (status: string): Promise<number | undefined> => value(`backup_runs_total{backup_type="full",status="${status}",source="shop"}`)
  assert.deepEqual([await runs('cancelled'), await runs('failure')], [1, 0])
  assert.doesNotMatch(await metrics.text(), /^backup_errors_total\{/m)
})
