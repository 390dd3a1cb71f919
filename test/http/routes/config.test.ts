import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, build } from '../../support/http/server.ts'

const headers = as('admin')
const put = (payload: unknown): object => ({
  method: 'PUT',
  url: '/api/backups/config',
  headers: { ...headers, 'content-type': 'application/json' },
  payload: JSON.stringify(payload)
})

test('the configuration shows each value in force and where it came from', async t => {
  const { app } = await build(t)
  const body = (await app.inject({ url: '/api/backups/config', headers })).json()
  assert.deepEqual(
    Object.entries(body.config),
    Object.entries({
      autoBackupEnabled: false,
      autoBackupInterval: 86_400_000,
      maxBackups: 10,
      compression: 'none',
      verifyAfterBackup: true,
      backupDir: '/backups',
      databasePath: null,
      origins: {
        autoBackupEnabled: 'default',
        autoBackupInterval: 'default',
        maxBackups: 'environment',
        compression: 'default',
        verifyAfterBackup: 'default',
        backupDir: 'environment',
        databasePath: 'default'
      }
    })
  )
})

test('a change names what it changes and leaves the rest', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject(put({ autoBackupEnabled: true, autoBackupInterval: 86_400_000 }))
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(Object.keys(answer.json()), ['success', 'message', 'config'])
  assert.deepEqual([answer.json().config.autoBackupEnabled, answer.json().config.maxBackups], [true, 10])
  assert.deepEqual(engine.calls, ['changeSettings {"autoBackupEnabled":true,"autoBackupInterval":86400000}'])
})

test('one wrong key refuses the whole body, and every wrong one is named with its remedy', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject(put({ maxBackups: 5, backupDir: '/elsewhere', port: 80, maxBackup: 3 }))
  assert.equal(answer.statusCode, 400)
  const errors = new Map<string, string>(
    answer.json().errors.map((error: { path: string, message: string }) => [error.path, error.message])
  )
  assert.deepEqual([...errors.keys()], ['backupDir', 'port', 'maxBackup'])
  assert.match(errors.get('backupDir')!, /set BACKUP_DIR in its environment/)
  assert.match(errors.get('port')!, /set PORT in its environment/)
  assert.match(errors.get('maxBackup')!, /is not a configuration key.*maxBackups/)
  assert.deepEqual(engine.calls, [])
})

for (
  const body of [
    { maxBackups: 0 },
    { maxBackups: 1.5 },
    { maxBackups: '5' },
    { maxBackups: null },
    { autoBackupInterval: 999 },
    { autoBackupInterval: 1e300 },
    { compression: 'rar' },
    { compression: true },
    { autoBackupEnabled: 1 },
    null,
    [],
    'x'
  ]
) {
  test(`the change ${JSON.stringify(body)} is a 400`, async t => {
    const { app, engine } = await build(t)
    assert.equal((await app.inject(put(body))).statusCode, 400)
    assert.deepEqual(engine.calls, [])
  })
}
