import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { as, build } from '../../support/http/server.ts'

const headers = as('admin')

test('a backup goes into the trash and comes back', async t => {
  const { app, engine } = await build(t)
  const removed = await app.inject({ method: 'DELETE', url: '/api/backups/1?force=true', headers })
  assert.equal(removed.statusCode, 200)
  assert.notEqual(removed.json().backup.trashedAt, null)
  const back = await app.inject({ method: 'POST', url: '/api/backups/1/undelete', headers })
  assert.equal(back.json().backup.trashedAt, null)
  assert.deepEqual(engine.calls, ['remove 1 true', 'undelete 1'])
})

test('without a word about force nothing is forced', async t => {
  const { app, engine } = await build(t)
  await app.inject({ method: 'DELETE', url: '/api/backups/1', headers })
  assert.deepEqual(engine.calls, ['remove 1 false'])
})

test('a backup that there is not goes into no trash and comes back from none', async t => {
  const { app } = await build(t)
  for (const [method, url] of [['DELETE', '/api/backups/9'], ['POST', '/api/backups/9/undelete']] as const) {
    const answer = await app.inject({ method, url, headers })
    assert.equal(answer.statusCode, 404, `${method} ${url}`)
    assert.equal(answer.json().code, 'BACKUP_NOT_FOUND')
  }
})

for (
  const [method, url, code, status] of [
    ['DELETE', '/api/backups/1', 'BACKUP_PINNED', 409],
    ['DELETE', '/api/backups/1', 'BACKUP_LAST_VALID', 409],
    ['DELETE', '/api/backups/1', 'BACKUP_DELETED', 410],
    ['POST', '/api/backups/1/undelete', 'BACKUP_NOT_IN_TRASH', 409]
  ] as const
) {
  test(`${method} ${url} answers ${status} ${code} with what to do, and the backup stays as it is`, async t => {
    const { app, engine } = await build(t)
    const before = engine.rows.get(1)
    engine.refusal = new BackupError(code, 'it cannot be done', { hint: 'Do this.' })
    const answer = await app.inject({ method, url, headers })
    assert.deepEqual([answer.statusCode, answer.json().code, answer.json().hint], [status, code, 'Do this.'])
    assert.equal(engine.rows.get(1), before)
  })
}

test('only an admin uses the trash, and force is true or false', async t => {
  const { app, engine } = await build(t)
  for (const [method, url] of [['DELETE', '/api/backups/1'], ['POST', '/api/backups/1/undelete']] as const) {
    assert.equal((await app.inject({ method, url, headers: as('operator') })).statusCode, 403, `${method} ${url}`)
  }
  for (const query of ['force=yes', 'force=', 'forced=true']) {
    assert.equal(
      (await app.inject({ method: 'DELETE', url: `/api/backups/1?${query}`, headers })).statusCode,
      400,
      query
    )
  }
  assert.deepEqual(engine.calls, [])
})
