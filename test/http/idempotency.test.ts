import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { as, build, MemoryIdempotency, type Json } from '../support/http/server.ts'
import { until } from '../support/streams.ts'

const headers = as('admin')
const create = (key: string, payload: object = {}, caller = headers): object => ({
  method: 'POST',
  url: '/api/backups',
  headers: { ...caller, 'idempotency-key': key },
  payload
})

test('the same key does the work once and answers the same again', async t => {
  const { app, engine } = await build(t)
  const first = await app.inject(create('k1'))
  const second = await app.inject(create('k1'))
  assert.equal(engine.calls.length, 1)
  assert.deepEqual([second.statusCode, second.body, second.headers['content-type'], second.headers.location], [
    201,
    first.body,
    first.headers['content-type'],
    first.headers.location
  ])
  assert.deepEqual([first.headers['idempotency-replayed'], second.headers['idempotency-replayed']], [undefined, 'true'])
})

test('whoever comes with the same key meanwhile gets the same outcome', async t => {
  const { app, engine } = await build(t)
  const gate = Promise.withResolvers<undefined>()
  engine.gate = gate.promise
  const answers = Promise.all([1, 2, 3].map(() => app.inject(create('k1'))))
  await until(() => engine.calls.length > 0)
  gate.resolve(undefined)
  assert.deepEqual(new Set((await answers).map(answer => answer.json().backup.id)), new Set([4]))
  assert.equal(engine.calls.length, 1)
})

test('whoever hung up and comes again with the same key gets what came of it', async t => {
  const { app, engine, idempotency } = await build(t)
  const gate = Promise.withResolvers<undefined>()
  engine.gate = gate.promise
  await app.listen({ port: 0, host: '127.0.0.1' })
  const hung = once(app.server, 'connection').then(async ([socket]) => {
    await once(socket, 'close')
  })
  const call = request({
    port: (app.server.address() as AddressInfo).port,
    method: 'POST',
    path: '/api/backups',
    headers: { ...headers, 'idempotency-key': 'k1' }
  })
  call.on('error', () => {
    // it is us who hang up
  })
  call.end()
  await until(() => engine.calls.length > 0)
  call.destroy()
  await hung
  gate.resolve(undefined)
  await until(() => idempotency.kept.size > 0)
  const again = await app.inject(create('k1'))
  assert.deepEqual([again.statusCode, again.json().backup.id, again.headers['idempotency-replayed']], [201, 4, 'true'])
  assert.equal(engine.calls.length, 1)
})

test('an answer with a job is kept like any other', async t => {
  const { app, engine } = await build(t)
  engine.gate = new Promise(() => {
    // never done
  })
  const ask = (): Promise<Json> =>
    app.inject({
      method: 'POST',
      url: '/api/backups',
      headers: { ...headers, 'idempotency-key': 'k1', prefer: 'respond-async' }
    })
  await ask()
  const second = await ask()
  assert.deepEqual([second.statusCode, second.headers.location, second.headers['preference-applied']], [
    202,
    '/api/jobs/1',
    'respond-async'
  ])
  assert.equal(engine.calls.length, 1)
})

test('the same key with another body is refused', async t => {
  const { app, engine } = await build(t)
  await app.inject(create('k1', { description: 'one' }))
  const second = await app.inject(create('k1', { description: 'two' }))
  assert.equal(second.statusCode, 422)
  assert.equal(second.json().code, 'IDEMPOTENCY_KEY_REUSED')
  assert.equal(engine.calls.length, 1)
})

test('the order of the keys and the defaults make no other body', async t => {
  const { app, engine } = await build(t)
  await app.inject(create('k1', { description: 'one', verify: true }))
  assert.equal((await app.inject(create('k1', { verify: true, type: 'manual', description: 'one' }))).statusCode, 201)
  assert.equal(engine.calls.length, 1)
})

test('another caller, another route and another key are other requests', async t => {
  const { app, engine } = await build(t)
  await app.inject(create('k1'))
  await app.inject(create('k1', {}, as('admin', 'somebody else')))
  await app.inject({ ...create('k1'), url: '/api/backups/1/verify' })
  await app.inject({ ...create('k1'), url: '/api/backups/2/verify' })
  await app.inject(create('k2'))
  assert.equal(engine.calls.length, 5)
})

test('after 24 hours a key is new again', async t => {
  const { app, engine, clock } = await build(t)
  await app.inject(create('k1'))
  clock.move(24 * 3_600_000 - 1)
  await app.inject({ ...create('k1'), headers: { ...as('admin'), 'idempotency-key': 'k1' } })
  assert.equal(engine.calls.length, 1)
})

for (
  const [code, kept] of [['BACKUP_IN_PROGRESS', false], ['DISK_FULL', false], ['SHUTTING_DOWN', false], [
    'SOURCE_NOT_FOUND',
    true
  ], ['SOURCE_NOT_A_DATABASE', true]] as const
) {
  test(`an answer ${code} is ${kept ? 'kept' : 'not kept, so that a retry may succeed'}`, async t => {
    const { app, engine } = await build(t)
    engine.refusal = new BackupError(code, 'no')
    const first = await app.inject(create('k1'))
    const second = await app.inject(create('k1'))
    assert.equal(engine.calls.length, kept ? 1 : 2)
    assert.equal(second.statusCode === first.statusCode, kept)
  })
}

test('a request that was never let through leaves its key free', async t => {
  const { app, engine } = await build(t)
  await app.inject(create('k1', {}, as('viewer', 'ann')))
  await app.inject(create('k1', { type: 'weekly' }, as('admin', 'ann')))
  assert.equal((await app.inject(create('k1', {}, as('admin', 'ann')))).statusCode, 201)
  assert.equal(engine.calls.length, 1)
})

for (const key of ['', 'a b', 'ä', 'x'.repeat(256), 'a\tb']) {
  test(`the key ${JSON.stringify(key.slice(0, 10))} of ${key.length} characters is a 400`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject(create(key))
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json().code, 'VALIDATION_FAILED')
    assert.deepEqual(engine.calls, [])
  })
}

test('a store that cannot be asked fails the request before any work', async t => {
  const idempotency = new MemoryIdempotency()
  const find = idempotency.find.bind(idempotency)
  idempotency.find = async () => {
    throw new BackupError('CATALOG_BUSY', 'busy')
  }
  const { app, engine } = await build(t, { idempotency })
  assert.equal((await app.inject(create('k1'))).statusCode, 503)
  assert.deepEqual(engine.calls, [])
  idempotency.find = find
  assert.equal((await app.inject(create('k1'))).statusCode, 201)
})

test('a store that cannot keep the answer does not spoil it', async t => {
  const idempotency = new MemoryIdempotency()
  idempotency.save = async () => {
    throw new BackupError('CATALOG_BUSY', 'busy')
  }
  const { app } = await build(t, { idempotency })
  assert.equal((await app.inject(create('k1'))).statusCode, 201)
})

test('reading takes no notice of a key', async t => {
  const { app, idempotency } = await build(t)
  assert.equal(
    (await app.inject({ url: '/api/backups', headers: { ...headers, 'idempotency-key': 'k1' } })).statusCode,
    200
  )
  assert.equal(idempotency.kept.size, 0)
})
