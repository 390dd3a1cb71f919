import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { aBackup } from '../../support/builders/backup.ts'
import { as, build, type Json } from '../../support/http/server.ts'

const headers = as('operator')
const url = '/api/backups/1/upload'

test('an upload answers where the backup is now, and is recorded', async t => {
  const { app, engine, audit } = await build(t)
  const { copies: [local] } = aBackup()
  engine.put(
    aBackup({
      copies: [local!, { ...local!, store: 'far' }, {
        ...local!,
        store: 'cold',
        status: 'failed',
        error: 'STORE_UNAVAILABLE'
      }]
    })
  )
  const answer = await app.inject({ method: 'POST', url, headers })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual([answer.json().success, answer.json().message, answer.json().backup.id], [
    true,
    'Backup is in "local", "far"',
    1
  ])
  assert.deepEqual(answer.json().backup.copies.map(({ store, status }: Json) => [store, status]), [
    ['local', 'stored'],
    ['far', 'stored'],
    ['cold', 'failed']
  ])
  assert.deepEqual(engine.calls, ['upload 1 {}'])
  assert.deepEqual(audit.entries.map(({ action, target, outcome }) => [action, target, outcome]), [[
    'backup upload',
    'backup 1',
    'done'
  ]])
})

test('one store can be named, and one that there is not is a 404', async t => {
  const { app, engine } = await build(t)
  assert.equal((await app.inject({ method: 'POST', url, headers, payload: { store: 'far' } })).statusCode, 200)
  assert.deepEqual(engine.calls, ['upload 1 {"store":"far"}'])
  const answer = await app.inject({ method: 'POST', url, headers, payload: { store: 'nowhere' } })
  assert.deepEqual([answer.statusCode, answer.json().code], [404, 'STORE_NOT_FOUND'])
})

for (const payload of [{ store: '../etc' }, { store: '' }, { store: ['far'] }, { stores: ['far'] }]) {
  test(`the upload ${JSON.stringify(payload)} is a 400, and nothing is copied`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ method: 'POST', url, headers, payload })
    assert.deepEqual([answer.statusCode, answer.json().code, engine.calls], [400, 'VALIDATION_FAILED', []])
  })
}

test('an upload that fails answers with the error of its store', async t => {
  const { app, engine } = await build(t)
  engine.gate = Promise.reject(new BackupError('STORE_UNAVAILABLE', 'the store does not answer'))
  const answer = await app.inject({ method: 'POST', url, headers })
  assert.deepEqual([answer.statusCode, answer.json().code], [503, 'STORE_UNAVAILABLE'])
})

test('a caller that does not want to wait gets the job', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ method: 'POST', url, headers: { ...headers, prefer: 'respond-async' } })
  assert.deepEqual([answer.statusCode, answer.json().job.kind], [202, 'upload'])
})

test('a viewer copies nothing, and a backup that there is not cannot be copied', async t => {
  const { app, engine } = await build(t)
  assert.equal((await app.inject({ method: 'POST', url, headers: as('viewer') })).statusCode, 403)
  assert.deepEqual(engine.calls, [])
  const answer = await app.inject({ method: 'POST', url: '/api/backups/9/upload', headers })
  assert.deepEqual([answer.statusCode, answer.json().code], [404, 'BACKUP_NOT_FOUND'])
})
