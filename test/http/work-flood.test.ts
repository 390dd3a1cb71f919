import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endless, running } from '../support/engine/endless-job.ts'
import { testEngine } from '../support/engine/engine.ts'
import { as, build } from '../support/http/server.ts'
import { MemorySource } from '../support/sources/memory-source.ts'
import { testOffsite } from '../support/stores/offsite.ts'
import { shopDatabase } from '../support/databases/shop.ts'
import { until } from '../support/streams.ts'
import { keptRestore, wishesOf } from '../support/http/work-requests.ts'

const headers = { ...as('operator'), prefer: 'respond-async' }

test('whichever route starts work answers 429 and when to come again, once too many jobs wait', async t => {
  const { source } = shopDatabase(t)
  const { offsite } = await testOffsite(t, { far: {} })
  const bench = await testEngine(t, {
    sources: [source],
    offsite,
    maxConcurrent: 1,
    maxQueued: { all: 1, perSource: 1 }
  })
  const { app } = await build(t, { engine: bench.engine })
  const backup = await bench.create()
  const trashed = await bench.create()
  await (await bench.engine.remove(trashed.id, { force: false })).result
  const kept = await keptRestore(bench, backup)
  await running(bench.deps.runner, 'another')
  const waiting = await endless(bench.deps.runner, 'another')
  await endless(bench.deps.runner, 'another', { isUrgent: true })
  const wishes = wishesOf(
    (await app.inject('/openapi.json')).json(),
    path => path.startsWith('/api/restores') ? kept : path.endsWith('/undelete') ? trashed.id : backup.id
  )
  const admin = { ...as('admin'), prefer: 'respond-async' }
  const before = (await bench.engine.jobs({ limit: 100 })).jobs.length
  for (const { method, url, payload } of wishes) {
    const answer = await app.inject({
      method: method as 'POST',
      url,
      headers: admin,
      ...payload !== undefined && { payload }
    })
    assert.equal(answer.statusCode, 429, `${method} ${url} ${answer.body}`)
    assert.deepEqual([answer.json().code, answer.headers['retry-after']], ['QUEUE_FULL', '10'], `${method} ${url}`)
  }
  assert.equal((await bench.engine.jobs({ limit: 100 })).jobs.length, before, 'nothing was put in line')
  await bench.engine.cancel(waiting.job.id)
  const answer = await app.inject({ method: 'POST', url: '/api/backups', headers })
  assert.equal(answer.statusCode, 202, 'there is room again')
})

test('a restore is accepted although as many other jobs wait as may', async t => {
  const { source } = shopDatabase(t)
  const bench = await testEngine(t, { sources: [source], maxConcurrent: 1, maxQueued: { all: 1, perSource: 1 } })
  const { app } = await build(t, { engine: bench.engine })
  const { id } = await bench.create()
  const first = await running(bench.deps.runner, 'another')
  await endless(bench.deps.runner, 'another')
  const answer = await app.inject({
    method: 'POST',
    url: `/api/backups/${id}/restore`,
    headers: { ...as('admin'), prefer: 'respond-async' },
    payload: { confirm: true }
  })
  assert.equal(answer.statusCode, 202, answer.body)
  await bench.engine.cancel(first.job.id)
  await until(async () => (await bench.engine.job(answer.json().job.id as number)).status === 'succeeded')
})

test('of a flood of backups as many are accepted as may wait', async t => {
  const names = ['one', 'two', 'three', 'four', 'five', 'six']
  const bench = await testEngine(t, {
    sources: names.map(name => new MemorySource(name)),
    maxConcurrent: 1,
    maxQueued: { all: 3, perSource: 3 }
  })
  const { app } = await build(t, { engine: bench.engine })
  const first = await running(bench.deps.runner, 'another')
  const answers = await Promise.all(
    names.map(source => app.inject({ method: 'POST', url: '/api/backups', headers, payload: { source } }))
  )
  assert.deepEqual(answers.map(({ statusCode }) => statusCode).toSorted(), [202, 202, 202, 429, 429, 429])
  assert.match(answers.find(({ statusCode }) => statusCode === 429)?.json().hint, /MAX_QUEUED_JOBS\.$/)
  await bench.engine.cancel(first.job.id)
  await until(async () => (await bench.engine.jobs({ limit: 10, status: 'succeeded' })).jobs.length === 3)
})

test('a flood of jobs of one source is refused after its share, and a backup of another is answered meanwhile', async t => {
  const bench = await testEngine(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')],
    maxConcurrent: 2,
    maxQueued: { all: 100, perSource: 2 }
  })
  const { app } = await build(t, { engine: bench.engine })
  for (let made = 0; made < 4; made++) await bench.create()
  await running(bench.deps.runner, 'shop')
  const answers = []
  for (const id of [1, 2, 3, 4]) {
    answers.push((await app.inject({ method: 'POST', url: `/api/backups/${id}/verify`, headers })).statusCode)
  }
  assert.deepEqual(answers, [202, 202, 429, 429])
  assert.equal(
    (await app.inject({ method: 'POST', url: '/api/backups', headers: as('operator'), payload: { source: 'bank' } }))
      .statusCode,
    201
  )
})
