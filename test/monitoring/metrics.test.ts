import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job, JobStatus } from '../../src/core/job.ts'
import { completed, END, manifestOf, newBackup } from '../support/catalog/catalog.ts'
import { ALERT, observe } from '../support/monitoring/observation.ts'

function jobOf (id: number, status: JobStatus): Job {
  return {
    id,
    kind: 'create',
    source: 'shop',
    backupId: null,
    status,
    progress: { phase: 'waiting', bytesDone: 0, bytesTotal: null },
    createdAt: END,
    startedAt: null,
    finishedAt: null,
    errorCode: null,
    errorMessage: null
  }
}

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
  await catalog.backups.complete(backup.id, {
    manifest: manifestOf(backup),
    filePath: 'p',
    verification: null,
    copies: []
  })
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
  const answers = [async () => ({ free: 1, total: 2 }), async () => undefined, async () => {
    throw new Error('unmounted')
  }]
  const { value } = await observe(t, ['shop'], async () => await answers.shift()!())
  assert.equal(await value('holdfast_store_free_bytes{store="local"}'), 1)
  assert.equal(await value('holdfast_store_free_bytes{store="local"}'), undefined)
  assert.equal(await value('holdfast_store_free_bytes{store="local"}'), undefined)
})

test('a source that is not watched tells no figures, but while it is', async t => {
  const { told, value } = await observe(t, ['shop', 'holdfast'])
  told.unwatched = ['holdfast']
  assert.equal(await value('backup_last_success_timestamp{source="holdfast"}'), undefined)
  assert.equal(
    await value('holdfast_alert_active{rule="backup_failed",source="holdfast",severity="critical"}'),
    undefined
  )
  assert.equal(await value('backup_last_success_timestamp{source="shop"}'), 0)
  told.unwatched = []
  assert.equal(await value('backup_last_success_timestamp{source="holdfast"}'), 0)
  assert.equal(await value('holdfast_alert_active{rule="backup_failed",source="holdfast",severity="critical"}'), 0)
  told.unwatched = ['holdfast']
  assert.equal(
    await value('holdfast_alert_active{rule="backup_failed",source="holdfast",severity="critical"}'),
    undefined
  )
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
  const counts = async (): Promise<Array<number | undefined>> =>
    await Promise.all(
      ['holdfast_copies_waiting', 'holdfast_copies_stored', 'holdfast_copies_bytes'].map(name =>
        value(`${name}{destination="far"}`)
      )
    )
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
