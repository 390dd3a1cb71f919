import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { as, build } from '../support/http/server.ts'
import { until } from '../support/streams.ts'

const headers = as('admin')

for (
  const [method, url] of [
    ['POST', '/api/backups'],
    ['POST', '/api/backups/1/verify'],
    ['POST', '/api/backups/verify'],
    ['DELETE', '/api/backups/1'],
    ['POST', '/api/backups/1/undelete']
  ] as const
) {
  test(`${method} ${url} answers with its job at once where the caller prefers that`, async t => {
    const { app, engine } = await build(t)
    engine.gate = new Promise(() => {
      // never done
    })
    const answer = await app.inject({ method, url, headers: { ...headers, prefer: 'wait=10, Respond-Async; x=1' } })
    assert.equal(answer.statusCode, 202)
    assert.equal(answer.headers.location, '/api/jobs/1')
    assert.equal(answer.headers['preference-applied'], 'respond-async')
    assert.deepEqual(Object.keys(answer.json()), ['success', 'job'])
    assert.deepEqual([answer.json().success, answer.json().job.id, answer.json().job.status], [true, 1, 'running'])
  })
}

test('a preference for something else changes nothing', async t => {
  const { app } = await build(t)
  assert.equal(
    (await app.inject({
      method: 'POST',
      url: '/api/backups',
      headers: { ...headers, prefer: 'respond-asynchronously, return=minimal' }
    })).statusCode,
    201
  )
})

test('work that is refused is refused, also where its job was to be answered', async t => {
  const { app, engine } = await build(t)
  engine.refusal = new BackupError('BACKUP_IN_PROGRESS', 'busy', { details: { jobId: 7 } })
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { ...headers, prefer: 'respond-async' }
  })
  assert.equal(answer.statusCode, 409)
  assert.equal(answer.json().jobId, 7)
})

test('work that fails answers with its error', async t => {
  const { app, engine } = await build(t)
  engine.gate = Promise.reject(new BackupError('SOURCE_MISSING', 'the database is not there', { hint: 'Put it back.' }))
  const answer = await app.inject({ method: 'POST', url: '/api/backups', headers })
  assert.equal(answer.statusCode, 422)
  assert.deepEqual([answer.json().code, answer.json().hint], ['SOURCE_MISSING', 'Put it back.'])
})

test('a caller that hangs up stops nothing', async t => {
  const { app, engine } = await build(t)
  const gate = Promise.withResolvers<undefined>()
  const accepted = Promise.withResolvers<undefined>()
  engine.gate = gate.promise
  const create = engine.create.bind(engine)
  engine.create = async request => {
    accepted.resolve(undefined)
    return await create(request)
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  const hung = once(app.server, 'connection').then(async ([socket]) => {
    await once(socket, 'close')
  })
  const call = ask({ port: (app.server.address() as AddressInfo).port, method: 'POST', path: '/api/backups', headers })
  call.on('error', () => {
    // it is us who hang up
  })
  call.end()
  await accepted.promise
  call.destroy()
  await hung
  gate.resolve(undefined)
  await gate.promise
  await until(() => engine.rows.size !== 3)
  assert.equal(engine.rows.size, 4)
})
