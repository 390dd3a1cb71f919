import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { as, build } from '../../support/http/server.ts'

const headers = as('admin')

test('a made backup says where it is', async t => {
  const { app } = await build(t)
  assert.equal((await app.inject({ method: 'POST', url: '/api/backups', headers })).headers.location, '/api/backups/4')
})

test('a made backup comes with those that were removed for it', async t => {
  const { app, engine } = await build(t)
  const payload = {}
  const before = (await app.inject({ method: 'POST', url: '/api/backups', headers, payload })).json()
  assert.deepEqual([before.removed, before.rotationError], [[], null])
  const backup = await engine.backup(1)
  engine.removals = [{ backup, removal: 'erase', reasons: ['beyond the 10 that maxBackups keeps'] }]
  const { removed } = (await app.inject({ method: 'POST', url: '/api/backups', headers, payload })).json()
  assert.deepEqual(removed, [{
    backupId: 1,
    fileName: backup.key,
    source: 'workstation',
    startedAt: backup.startedAt.toISOString(),
    totalSize: backup.size,
    removal: 'erase',
    reasons: ['beyond the 10 that maxBackups keeps']
  }])
})

test('a body reaches the engine as it was meant', async t => {
  const { app, engine } = await build(t)
  const payload = {
    type: 'pre-migration',
    source: 'workstation',
    method: 'full',
    description: 'before 2.0',
    compression: 'zstd',
    verify: false,
    upload: false
  }
  const answer = await app.inject({ method: 'POST', url: '/api/backups', headers, payload })
  assert.equal(answer.statusCode, 201)
  assert.deepEqual(engine.calls, [
    'create {"source":"workstation","type":"pre-migration","method":"full","description":"before 2.0","compression":"zstd","verify":false,"upload":false,"mayRemove":true}'
  ])
})

test('an increment is asked for by its method, and log is none that can be', async t => {
  const { app, engine } = await build(t)
  const post = async (method: string): Promise<number> =>
    (await app.inject({ method: 'POST', url: '/api/backups', headers, payload: { method } })).statusCode
  assert.deepEqual([await post('incremental'), await post('wal')], [201, 400])
  assert.deepEqual(engine.calls, ['create {"type":"manual","method":"incremental","mayRemove":true}'])
})

test('a backup of an operator is asked for as one by a caller who may not remove any', async t => {
  const { app, engine } = await build(t)
  for (const role of ['operator', 'admin'] as const) {
    assert.equal((await app.inject({ method: 'POST', url: '/api/backups', headers: as(role) })).statusCode, 201)
  }
  assert.deepEqual(engine.calls, [
    'create {"type":"manual","mayRemove":false}',
    'create {"type":"manual","mayRemove":true}'
  ])
})

for (
  const [what, payload, paths] of [
    ['an unknown type', { type: 'weekly' }, ['type']],
    ['the type of the scheduler', { type: 'scheduled' }, ['type']],
    ['a wrong type', { verify: 'yes', description: 7 }, ['description', 'verify']],
    ['a source that is a path', { source: '../etc' }, ['source']],
    ['a null byte', { description: 'a\u0000b' }, ['description']],
    ['half a character', { description: '\ud800' }, ['description']],
    ['an essay', { description: 'x'.repeat(1001) }, ['description']],
    ['an upload that is neither yes nor no', { upload: 's3' }, ['upload']]
  ] as const
) {
  test(`a backup with ${what} is not made, and the answer names what is wrong`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ method: 'POST', url: '/api/backups', headers, payload })
    assert.equal(answer.statusCode, 400, answer.body)
    assert.equal(answer.json().code, 'VALIDATION_FAILED')
    assert.deepEqual(answer.json().errors.map((error: { path: string }) => error.path), paths)
    assert.deepEqual(engine.calls, [])
  })
}

test('compressions are named, and no other is taken', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject({ method: 'POST', url: '/api/backups', headers, payload: { compression: 'rar' } })
  assert.equal(answer.statusCode, 400)
  assert.match(answer.json().errors[0].message, /"none"\|"gzip"\|"zstd"/)
  assert.deepEqual(engine.calls, [])
})

test('a source that there is not is a 404, and one that is busy a 409 with the job to wait for', async t => {
  const { app, engine } = await build(t)
  const create = async (payload: object): Promise<unknown[]> => {
    const answer = await app.inject({ method: 'POST', url: '/api/backups', headers, payload })
    return [answer.statusCode, answer.json().code, answer.json().jobId]
  }
  assert.deepEqual(await create({ source: 'nothing' }), [404, 'SOURCE_NOT_FOUND', undefined])
  engine.refusal = new BackupError('BACKUP_IN_PROGRESS', 'busy', { details: { jobId: 7 } })
  assert.deepEqual(await create({}), [409, 'BACKUP_IN_PROGRESS', 7])
})

test('a viewer makes no backup', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject({ method: 'POST', url: '/api/backups', headers: as('viewer') })
  assert.deepEqual([answer.statusCode, answer.json().code, engine.calls], [403, 'FORBIDDEN', []])
})
