import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JOB_KINDS } from '../../../src/core/job.ts'
import { presentEvent } from '../../../src/present/event.ts'
import { STARTED } from '../../support/builders/backup.ts'
import { aJob } from '../../support/builders/job.ts'
import { as, build } from '../../support/http/server.ts'
import { assertReach, bearer } from '../../support/http/role-access.ts'

const headers = as('admin')

test('jobs are listed newest first and paged', async t => {
  const { app } = await build(t)
  for (let i = 0; i < 3; i++) await app.inject({ method: 'POST', url: '/api/backups', headers })
  const first = (await app.inject({ url: '/api/jobs?limit=2', headers })).json()
  assert.deepEqual(first.jobs.map((job: { id: number }) => job.id), [3, 2])
  const rest = (await app.inject({ url: `/api/jobs?limit=2&cursor=${first.nextCursor}`, headers })).json()
  assert.deepEqual([rest.jobs.map((job: { id: number }) => job.id), rest.nextCursor], [[1], null])
  assert.deepEqual((await app.inject({ url: '/api/jobs?status=failed', headers })).json().jobs, [])
})

test('a job tells how far it is and how fast', async t => {
  const { app, engine, events, clock } = await build(t)
  engine.gate = new Promise(() => {
    // never done
  })
  await app.inject({ method: 'POST', url: '/api/backups', headers: { ...headers, prefer: 'respond-async' } })
  const job = await engine.job(1)
  events.emit({ type: 'job.updated', job })
  clock.move(5000)
  const body = (await app.inject({ url: '/api/jobs/1', headers })).json()
  assert.deepEqual(
    [body.job.phase, body.job.percent, body.job.bytesDone, body.job.bytesTotal, body.job.bytesPerSecond],
    ['storing', 25, 25, 100, 5]
  )
})

test('a job shows the output of the hooks that it ran; the list leaves it out', async t => {
  const { app, engine } = await build(t)
  await app.inject({ method: 'POST', url: '/api/backups', headers })
  assert.deepEqual((await app.inject({ url: '/api/jobs/1', headers })).json().job.log, [])
  engine.output.set(1, [{ at: STARTED, text: 'before: "stop": exit code 0' }])
  const { job } = (await app.inject({ url: '/api/jobs/1', headers })).json()
  assert.deepEqual(job.log, [{ at: STARTED.toISOString(), text: 'before: "stop": exit code 0' }])
  const { jobs: [listed] } = (await app.inject({ url: '/api/jobs', headers })).json()
  assert.deepEqual(Object.keys(listed), Object.keys(job).filter(key => key !== 'log'))
})

test('a job can be cancelled once', async t => {
  const { app } = await build(t)
  await app.inject({ method: 'POST', url: '/api/backups', headers })
  const first = await app.inject({ method: 'DELETE', url: '/api/jobs/1', headers })
  assert.deepEqual([first.statusCode, first.json().message, first.json().job.status], [
    200,
    'Job cancelled',
    'cancelled'
  ])
  const second = await app.inject({ method: 'DELETE', url: '/api/jobs/1', headers })
  assert.deepEqual([second.statusCode, second.json().code], [409, 'JOB_FINISHED'])
})

test('a job that there is not is a 404 with its own code', async t => {
  const { app } = await build(t)
  assert.equal((await app.inject({ url: '/api/jobs/9', headers })).json().code, 'JOB_NOT_FOUND')
  assert.equal((await app.inject({ method: 'DELETE', url: '/api/jobs/9', headers })).json().code, 'JOB_NOT_FOUND')
})

test('a job that ended before it could be cancelled says how', async t => {
  const { app, engine } = await build(t)
  engine.cancel = async () => aJob({ status: 'succeeded', finishedAt: STARTED })
  const answer = await app.inject({ method: 'DELETE', url: '/api/jobs/1', headers })
  assert.deepEqual([answer.statusCode, answer.json().message, answer.json().job.status], [
    200,
    'Job succeeded before it could be cancelled',
    'succeeded'
  ])
})

test('what no job can be is refused', async t => {
  const { app } = await build(t)
  for (const query of ['status=lost', 'limit=0', 'cursor=1', 'source=shop']) {
    assert.equal((await app.inject({ url: `/api/jobs?${query}`, headers })).statusCode, 400, query)
  }
  assert.equal((await app.inject({ url: '/api/jobs/0', headers })).statusCode, 400)
})

test('a job is cancelled by those who may start one of its kind', async t => {
  const { app, engine } = await build(t)
  const byAdmin = ['prune', 'delete', 'undelete', 'rebuild', 'restore', 'rescue', 'export']
  for (const kind of JOB_KINDS) {
    await assertReach(
      async token => {
        engine.jobLog.set(1, aJob({ id: 1, kind }))
        return (await app.inject({ method: 'DELETE', url: '/api/jobs/1', headers: bearer(token) })).statusCode
      },
      byAdmin.includes(kind) ? 'admin' : 'operator',
      kind
    )
  }
})

test('why a job of rows failed is told to admins alone, since it can name rows: to others, and in the events, only the kind of error', async t => {
  const { app, engine } = await build(t)
  const failed = {
    status: 'failed',
    errorCode: 'ROWS_IN_THE_WAY',
    errorMessage: 'in the way: "person" bob@example.org stands there'
  } as const
  engine.jobLog.set(1, aJob({ id: 1, kind: 'rescue', ...failed }))
  for (const [role, isShown] of [['admin', true], ['operator', false], ['viewer', false]] as const) {
    for (const url of ['/api/jobs', '/api/jobs/1']) {
      const { body } = await app.inject({ url, headers: as(role) })
      assert.equal(body.includes('bob@example.org'), isShown, `${role} ${url}`)
      assert.ok(body.includes('ROWS_IN_THE_WAY'))
    }
  }
  assert.ok(
    !JSON.stringify(presentEvent({ type: 'job.updated', job: await engine.job(1) }, () => null)).includes(
      'bob@example.org'
    )
  )
})
