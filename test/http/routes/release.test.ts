import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aBackup } from '../../support/builders/backup.ts'
import { as, build } from '../../support/http/server.ts'

const headers = as('admin')

test('a suspect says why, is restored with a warning, and is released once', async t => {
  const { app, engine } = await build(t)
  const reasons = ['rows in "orders" fell 63 %, from 100 to 37']
  engine.put(aBackup({ id: 1, suspicion: { reasons, releasedAt: null, releasedBy: null } }))
  assert.deepEqual((await app.inject({ url: '/api/backups/1', headers })).json().backup.suspicion, {
    reasons,
    releasedAt: null,
    releasedBy: null
  })
  const restore = () =>
    app.inject({ method: 'POST', url: '/api/backups/1/restore', headers, payload: { confirm: true } })
  assert.equal(
    (await restore()).json().warning,
    'Backup 1 is suspect and not released: rows in "orders" fell 63 %, from 100 to 37'
  )
  const release = () => app.inject({ method: 'POST', url: '/api/backups/1/release', headers })
  const { success, message, backup } = (await release()).json()
  assert.deepEqual([success, message, backup.suspicion.reasons, backup.suspicion.releasedAt === null], [
    true,
    'Backup declared good',
    reasons,
    false
  ])
  assert.deepEqual([(await release()).statusCode, (await release()).json().code], [409, 'BACKUP_NOT_SUSPECT'])
  assert.equal((await restore()).json().warning, null)
})

test('only an admin declares a backup good, under the name of its token', async t => {
  const { app, engine } = await build(t)
  engine.put(aBackup({ id: 1, suspicion: { reasons: ['x'], releasedAt: null, releasedBy: null } }))
  const release = (caller: { authorization: string }) =>
    app.inject({ method: 'POST', url: '/api/backups/1/release', headers: caller })
  assert.deepEqual([(await release(as('operator'))).statusCode, engine.calls], [403, []])
  assert.equal((await release(as('admin', 'ann'))).json().backup.suspicion.releasedBy, 'ann')
  assert.deepEqual(engine.calls, ['release 1 ann'])
})

test('a backup that there is not cannot be declared good', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ method: 'POST', url: '/api/backups/9/release', headers })
  assert.deepEqual([answer.statusCode, answer.json().code], [404, 'BACKUP_NOT_FOUND'])
})
