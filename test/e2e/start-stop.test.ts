import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { makeMoney } from '../support/databases/money.ts'
import { SECRET, startService, until } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

const SERVER = new URL('../../src/server.ts', import.meta.url).pathname
const CLI = new URL('../../src/cli/main.ts', import.meta.url).pathname

test('with nothing configured it starts, makes its own secret, and the first POST with a token from the command line works', async t => {
  const home = tempDir(t)
  const service = await startService(t, home, { JWT_SECRET: '' }, '')
  const token = spawnSync(process.execPath, [CLI, 'token', 'create', '--role', 'admin'], {
    cwd: home,
    env: {},
    encoding: 'utf8'
  }).stdout.trim()
  const created = await service.call('POST', '/api/backups', undefined, { authorization: `Bearer ${token}` })
  assert.equal(created.status, 201, JSON.stringify(created.body))
  assert.equal(created.body.backup.source, 'holdfast')
  assert.match(service.log(), /token create/)
  assert.equal(service.log().match(/listening/gi)?.length, 1, service.log())
  // What Fastify logs after that is not left out.
  await until(() => service.call('GET', '/health/live'), () => service.log().includes('"path":"/api/backups"'))
  assert.equal(statSync(join(home, 'data', 'jwt-secret')).mode & 0o777, 0o600)
  assert.equal(statSync(join(home, 'backups')).mode & 0o777, 0o700)
  assert.equal(statSync(created.body.backup.filePath as string).mode & 0o777, 0o600)
})

test('a wrong configuration is told whole, on standard error, with exit code 2', t => {
  const run = spawnSync(process.execPath, [SERVER], {
    cwd: tempDir(t),
    env: { PORT: 'abc', MAX_BACKUPS: '0', JWT_SECRET: 'short' },
    encoding: 'utf8'
  })
  assert.equal(run.status, 2)
  for (const name of ['PORT', 'MAX_BACKUPS', 'JWT_SECRET']) assert.match(run.stderr, new RegExp(name))
})

test('a second server on the same data directory does not start and names the first', async t => {
  const home = tempDir(t)
  const service = await startService(t, home, {}, '')
  const run = spawnSync(process.execPath, [SERVER], {
    cwd: home,
    env: { PORT: '0', JWT_SECRET: SECRET },
    encoding: 'utf8'
  })
  assert.equal(run.status, 5, run.stderr)
  assert.match(run.stderr, new RegExp(`process ${service.child.pid ?? 0} `))
})

test('SIGTERM lets a running backup finish, answers whoever waits for it, and ends with 0', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 100_000 })
  const service = await startService(t, home, { DATABASE_PATH: './shop.db' }, tokenFor('admin'))
  const answer = service.call('POST', '/api/backups')
  await until(() => service.call('GET', '/api/backups?source=shop'), list => list.body.backups.length > 0)
  const code = await service.kill('SIGTERM')
  const answered = await answer
  assert.equal(answered.status, 201, JSON.stringify(answered.body))
  assert.equal(code, 0)
})

test('SIGTERM cancels what is not done when the grace period is over, and records it', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 800_000 })
  const environment = { DATABASE_PATH: './shop.db', SHUTDOWN_GRACE_MS: '1', BACKUP_COMPRESSION: 'gzip' }
  const first = await startService(t, home, environment, tokenFor('admin'))
  const answer = first.call('POST', '/api/backups')
  await until(() => first.call('GET', '/api/backups?source=shop'), list => list.body.backups.length > 0)
  assert.equal(await first.kill('SIGTERM'), 0)
  assert.equal((await answer).body.code, 'SHUTTING_DOWN')
  const second = await startService(t, home, environment, tokenFor('admin'))
  const { body } = await second.call('GET', '/api/backups?source=shop')
  assert.equal(body.backups[0].status, 'failed')
  assert.equal(body.backups[0].errorCode, 'SHUTTING_DOWN')
  assert.deepEqual(readdirSync(join(home, 'backups')), ['RESTORE.txt', 'holdfast-instance.json'])
})

test('settings changed through the API hold after a restart', async t => {
  const home = tempDir(t)
  const first = await startService(t, home, {}, tokenFor('admin'))
  await first.call('PUT', '/api/backups/config', { maxBackups: 4 })
  await first.kill('SIGTERM')
  const second = await startService(t, home, { MAX_BACKUPS: '9' }, tokenFor('admin'))
  const { body } = await second.call('GET', '/api/backups/config')
  assert.equal(body.config.maxBackups, 4)
  assert.equal(body.config.origins.maxBackups, 'api')
})

test('a corrupt catalog is set aside, told loudly, and rebuilt from the manifests', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 100 })
  const environment = { DATABASE_PATH: './shop.db' }
  const first = await startService(t, home, environment, tokenFor('admin'))
  const { body: { backup } } = await first.call('POST', '/api/backups', { description: 'kept' })
  await first.kill('SIGTERM')
  writeFileSync(join(home, 'data', 'holdfast.db'), 'this is no database'.repeat(500))
  const second = await startService(t, home, environment, tokenFor('admin'))
  assert.match(second.log(), /THE CATALOG IS DAMAGED/)
  const { body } = await second.call('GET', `/api/backups/${backup.id as number}`)
  assert.deepEqual({ ...body.backup, verification: null, durationMs: null }, {
    ...backup,
    verification: null,
    durationMs: null
  })
  assert.equal((await second.call('POST', `/api/backups/${backup.id as number}/verify`)).body.valid, true)
  assert.ok(readdirSync(join(home, 'data')).some(name => name.startsWith('holdfast.db.corrupt-')))
})

test('a catalog that another process holds is a clear 503, and the service lives on', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 100 })
  const service = await startService(t, home, { DATABASE_PATH: './shop.db' }, tokenFor('admin'))
  assert.equal((await service.call('POST', '/api/backups')).status, 201)
  const db = new Database(join(home, 'data', 'holdfast.db'))
  db.exec('BEGIN IMMEDIATE')
  const refused = await service.call('POST', '/api/backups')
  db.exec('ROLLBACK')
  db.close()
  assert.equal(refused.status, 503)
  assert.equal(refused.body.code, 'CATALOG_BUSY')
  assert.equal((await service.call('POST', '/api/backups')).status, 201)
  assert.equal((await service.call('POST', '/api/backups/verify')).status, 200)
})

test('a backup directory that cannot be used is told at the start, with exit code 7', t => {
  const home = tempDir(t)
  mkdirSync(join(home, 'backups'))
  writeFileSync(join(home, 'file'), '')
  const run = spawnSync(process.execPath, [SERVER], {
    cwd: home,
    env: { BACKUP_DIR: './file/backups', PORT: '0', JWT_SECRET: SECRET },
    encoding: 'utf8'
  })
  assert.equal(run.status, 7, run.stderr)
  assert.match(run.stderr, /backup directory/)
  chmodSync(join(home, 'backups'), 0o700)
  assert.ok(!existsSync(join(home, 'data', 'holdfast.lock.json')), 'the lock was not let go')
})

test('with the backups gone from where they were the service lists them, makes none there, and works again when they are back', async t => {
  const home = tempDir(t)
  const first = await startService(t, home, {}, tokenFor('admin'))
  const { body: { backup } } = await first.call('POST', '/api/backups')
  await first.kill('SIGTERM')
  for (const isMountPoint of [false, true]) {
    renameSync(join(home, 'backups'), join(home, 'unmounted'))
    if (isMountPoint) mkdirSync(join(home, 'backups'))
    const service = await startService(t, home, {}, tokenFor('admin'))
    assert.equal((await service.call('GET', '/api/backups')).body.count, 1)
    const refused = await service.call('POST', '/api/backups')
    assert.deepEqual([refused.status, refused.body.code], [503, 'STORE_UNAVAILABLE'])
    assert.equal(await service.kill('SIGTERM'), 0)
    if (isMountPoint) rmdirSync(join(home, 'backups'))
    assert.ok(!existsSync(join(home, 'backups')))
    renameSync(join(home, 'unmounted'), join(home, 'backups'))
  }
  const again = await startService(t, home, {}, tokenFor('admin'))
  assert.equal((await again.call('POST', `/api/backups/${backup.id as number}/verify`)).body.valid, true)
})
