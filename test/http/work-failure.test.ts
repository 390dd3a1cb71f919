import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { testEngine, type TestEngine } from '../support/engine/engine.ts'
import { as, build } from '../support/http/server.ts'
import { testOffsite } from '../support/stores/offsite.ts'
import { shopDatabase } from '../support/databases/shop.ts'
import { until } from '../support/streams.ts'
import { unobserved } from '../support/unobserved-rejections.ts'
import { keptRestore, wishesOf } from '../support/http/work-requests.ts'

const headers = { ...as('admin'), prefer: 'respond-async' }
const failure = new BackupError('CATALOG_BUSY', 'another process holds it')

async function ended (engine: TestEngine['engine']): Promise<void> {
  await until(async () => (await engine.jobs({ limit: 100 })).jobs.every(({ finishedAt }) => finishedAt !== null))
}

test('work that fails after its 202 leaves no rejection unobserved, whichever route took it', async t => {
  const { source } = shopDatabase(t)
  const { offsite } = await testOffsite(t, { far: {} })
  const { engine, faults, create, deps } = await testEngine(t, { sources: [source], offsite })
  const { app } = await build(t, { engine })
  const backup = await create()
  const trashed = await create()
  await (await engine.remove(trashed.id, { force: false })).result
  const kept = await keptRestore({ deps }, backup)
  const wishes = wishesOf(
    (await app.inject('/openapi.json')).json(),
    path => path.startsWith('/api/restores') ? kept : path.endsWith('/undelete') ? trashed.id : backup.id
  )
  assert.ok(wishes.length >= 14, String(wishes.length))
  for (const { method, url, payload } of wishes) {
    const found = await unobserved(async () => {
      faults.fail('jobs.change', { error: failure })
      const answer = await app.inject({
        method: method as 'POST',
        url,
        headers,
        ...payload !== undefined && { payload }
      })
      assert.equal(answer.statusCode, 202, `${method} ${url} ${answer.body}`)
      await ended(engine)
    })
    assert.deepEqual(found, [], `${method} ${url} ${JSON.stringify(payload)}`)
  }
  assert.equal((await app.inject('/health/live')).statusCode, 200)
})

test('a backup made after its 202 whose copy fails leaves no rejection unobserved', async t => {
  const far = await testOffsite(t, { far: {} })
  const { engine } = await testEngine(t, { offsite: far.offsite })
  const { app } = await build(t, { engine })
  far.faults.fail('far.put', { error: new BackupError('STORE_FAILED', 'the disk died') })
  const found = await unobserved(async () => {
    assert.equal(
      (await app.inject({ method: 'POST', url: '/api/backups', headers, payload: { upload: true } })).statusCode,
      202
    )
    await until(async () =>
      (await engine.jobs({ limit: 10 })).jobs.filter(({ finishedAt }) => finishedAt !== null).length === 2
    )
  })
  assert.deepEqual(found, [])
  assert.deepEqual((await engine.jobs({ limit: 10 })).jobs.map(({ kind, status }) => [kind, status]), [[
    'upload',
    'failed'
  ], ['create', 'succeeded']])
})
