import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenedCatalog } from '../../src/catalog/index.ts'
import type { JobChange, NewJob } from '../../src/core/catalog/catalog.ts'
import type { Job, JobStatus } from '../../src/core/job.ts'
import { addJob, completed, newCatalog, openBeside } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

const at = (second: number): Date => new Date(Date.UTC(2025, 10, 24, 23, 30, second))
const NEW: NewJob = { kind: 'create', source: 'shop', backupId: null, leases: [], createdAt: at(0) }

function change (status: JobStatus, second: number, more: Partial<JobChange> = {}): JobChange {
  return {
    status,
    at: at(second),
    progress: { phase: 'storing', bytesDone: 5, bytesTotal: 10 },
    backupId: null,
    ...more
  }
}

/** One job of every status, in this order. */
async function ofEveryStatus (catalog: OpenedCatalog): Promise<Job[]> {
  const made: Job[] = []
  for (const status of ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const) {
    const { id } = await addJob(catalog, NEW)
    made.push(await catalog.jobs.change(id, change(status, 5)))
  }
  return made
}

test('a new job is queued and waits', async t => {
  const { catalog } = await newCatalog(t)
  const job = await addJob(catalog, NEW)
  assert.deepEqual(job, {
    id: 1,
    kind: 'create',
    source: 'shop',
    backupId: null,
    status: 'queued',
    progress: { phase: 'waiting', bytesDone: 0, bytesTotal: null },
    createdAt: at(0),
    startedAt: null,
    finishedAt: null,
    errorCode: null,
    errorMessage: null
  })
  assert.deepEqual(await catalog.jobs.get(1), job)
})

test('a job remembers when it began and when it ended', async t => {
  const { catalog } = await newCatalog(t)
  const { id: backupId } = await completed(catalog)
  const { id } = await addJob(catalog, NEW)
  const running = await catalog.jobs.change(id, change('running', 1))
  assert.deepEqual([running.startedAt, running.finishedAt, running.progress], [at(1), null, {
    phase: 'storing',
    bytesDone: 5,
    bytesTotal: 10
  }])
  const later = await catalog.jobs.change(id, change('running', 2, { backupId }))
  assert.deepEqual([later.startedAt, later.backupId], [at(1), backupId])
  const ended = await catalog.jobs.change(
    id,
    change('failed', 3, { backupId, errorCode: 'DISK_FULL', errorMessage: 'full' })
  )
  assert.deepEqual([ended.startedAt, ended.finishedAt, ended.errorCode, ended.errorMessage], [
    at(1),
    at(3),
    'DISK_FULL',
    'full'
  ])
})

test('a job that has ended does not change any more', async t => {
  const { catalog } = await newCatalog(t)
  const ended = (await ofEveryStatus(catalog)).slice(2)
  for (const job of ended) {
    await rejectsWith('JOB_FINISHED', catalog.jobs.change(job.id, change('running', 9)))
    assert.deepEqual(await catalog.jobs.get(job.id), job)
  }
})

test('a running job is not queued again', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await addJob(catalog, NEW)
  await catalog.jobs.change(id, change('running', 1))
  await rejectsWith('CATALOG_FAILED', catalog.jobs.change(id, change('queued', 2)))
})

test('an unknown job is JOB_NOT_FOUND', async t => {
  const { catalog } = await newCatalog(t)
  await rejectsWith('JOB_NOT_FOUND', catalog.jobs.get(1))
  await rejectsWith('JOB_NOT_FOUND', catalog.jobs.change(1, change('running', 1)))
})

test('jobs are listed newest first, page by page', async t => {
  const { catalog } = await newCatalog(t)
  await ofEveryStatus(catalog)
  const first = await catalog.jobs.list({ limit: 3 })
  const second = await catalog.jobs.list({ limit: 3, before: first.next! })
  assert.deepEqual([first.jobs.map(job => job.id), second.jobs.map(job => job.id)], [[5, 4, 3], [2, 1]])
  assert.deepEqual([first.next, second.next], [3, null])
})

test('jobs are listed by status', async t => {
  const { catalog } = await newCatalog(t)
  await ofEveryStatus(catalog)
  assert.deepEqual((await catalog.jobs.list({ limit: 3, status: 'failed' })).jobs.map(job => job.id), [4])
})

test('an empty list has no next', async t => {
  const { catalog } = await newCatalog(t)
  assert.deepEqual(await catalog.jobs.list({ limit: 3 }), { jobs: [], next: null })
})

test('after a crash what was queued or running has failed as interrupted', async t => {
  const { catalog: crashed, path } = await newCatalog(t)
  const before = await ofEveryStatus(crashed)
  const catalog = await openBeside(t, path, 'next', () => false)
  assert.equal(await catalog.jobs.interrupt(at(30)), 2)
  const { jobs } = await catalog.jobs.list({ limit: 10 })
  assert.deepEqual(jobs.slice(3).map(job => [job.status, job.errorCode, job.finishedAt]), [[
    'failed',
    'INTERRUPTED',
    at(30)
  ], ['failed', 'INTERRUPTED', at(30)]])
  assert.deepEqual(jobs.slice(0, 3), before.slice(2).toReversed())
  assert.equal(await catalog.jobs.interrupt(at(40)), 0)
})

test('purge forgets what ended before and keeps what is unfinished', async t => {
  const { catalog } = await newCatalog(t)
  await ofEveryStatus(catalog)
  assert.equal(await catalog.jobs.purge(at(5)), 0)
  assert.equal(await catalog.jobs.purge(at(6)), 3)
  assert.deepEqual((await catalog.jobs.list({ limit: 10 })).jobs.map(job => job.status), ['running', 'queued'])
})

test('the id of a forgotten job is not given again', async t => {
  const { catalog } = await newCatalog(t)
  const jobs = await ofEveryStatus(catalog)
  await catalog.jobs.purge(at(6))
  assert.equal((await addJob(catalog, NEW)).id, jobs.length + 1)
})

test('the work of a process that lives is not interrupted, whoever asks', async t => {
  const { catalog, path } = await newCatalog(t)
  await ofEveryStatus(catalog)
  const other = await openBeside(t, path, 'other')
  assert.deepEqual([await catalog.jobs.interrupt(at(30)), await other.jobs.interrupt(at(30))], [0, 0])
})

test('a job takes its leases along, and gives them back when it ends', async t => {
  const { catalog, path } = await newCatalog(t)
  const other = await openBeside(t, path, 'other')
  const { id } = await addJob(catalog, { ...NEW, leases: ['source:shop', 'backup:1'] })
  assert.deepEqual(await other.jobs.add({ ...NEW, leases: ['source:blog', 'backup:1'] }), {
    lease: { name: 'backup:1', jobId: id }
  })
  assert.deepEqual(await other.leases.foreign(), [{ name: 'backup:1', jobId: id }, { name: 'source:shop', jobId: id }])
  await catalog.jobs.change(id, change('running', 1))
  assert.equal((await other.leases.foreign()).length, 2)
  await catalog.jobs.change(id, change('succeeded', 2))
  assert.deepEqual(await other.leases.foreign(), [])
  await addJob(other, { ...NEW, leases: ['source:blog', 'backup:1'] })
})

test('a job that finds a lease taken is not added, and takes none of the others', async t => {
  const { catalog, path } = await newCatalog(t)
  const other = await openBeside(t, path, 'other')
  await catalog.leases.take(['backup:1'], null)
  assert.deepEqual(await other.jobs.add({ ...NEW, leases: ['source:shop', 'backup:1'] }), {
    lease: { name: 'backup:1', jobId: null }
  })
  assert.deepEqual([(await catalog.jobs.list({ limit: 1 })).jobs, await catalog.leases.foreign()], [[], []])
})

test("the leases of a process that died are nobody's, and go when its jobs are ended", async t => {
  const { catalog: crashed, path } = await newCatalog(t)
  await addJob(crashed, { ...NEW, leases: ['source:shop'] })
  await crashed.leases.take(['retention:shop'], 1)
  const next = await openBeside(t, path, 'next', () => false)
  assert.deepEqual(await next.leases.foreign(), [])
  assert.equal(await next.leases.take(['retention:shop'], null), undefined)
  assert.equal(await next.jobs.interrupt(at(30)), 1)
  const third = await openBeside(t, path, 'third')
  assert.deepEqual(await third.leases.foreign(), [{ name: 'retention:shop', jobId: null }])
})
