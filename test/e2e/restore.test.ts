import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { makeMoney, readMoney, startWriter, TOTAL } from '../support/databases/money.ts'
import { startService, until, type Service } from '../support/processes/service.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

const ENVIRONMENT = { DATABASE_PATH: './shop.db', MAX_BACKUPS: '2' }
const KILLS = 6

interface Bench {
  readonly home: string
  readonly live: string
  readonly service: Service
  /** Backup 1 has no table `late`; the database has it since. */
  readonly id: number
}

async function bench (t: TestContext, entries = 20_000): Promise<Bench> {
  const home = tempDir(t)
  const live = join(home, 'shop.db')
  makeMoney(live, { entries })
  const service = await startService(t, home, ENVIRONMENT, tokenFor('admin'))
  const { body } = await service.call('POST', '/api/backups', { compression: 'zstd' })
  addLate(live)
  return { home, live, service, id: body.backup.id }
}

function addLate (live: string): void {
  const db = new Database(live)
  db.exec('CREATE TABLE late (x)')
  db.close()
}

function hasLate (live: string): boolean {
  const db = new Database(live, { readonly: true })
  try {
    return db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'late'").pluck().get() === 1
  } finally {
    db.close()
  }
}

test('an older backup is restored under a writing application, which sees no error, and the undo brings the newer state back', async t => {
  const { live, service, id } = await bench(t)
  const writer = await startWriter(t, live)
  const reader = new Database(live)
  t.after(() => reader.close())
  const sum = reader.prepare<[], number>('SELECT sum(balance) FROM account').pluck()
  const restoring = service.call('POST', `/api/backups/${id}/restore`, { confirm: true })
  const turn = Promise.withResolvers<undefined>()
  let reads = 0
  const reading = setInterval(() => {
    reads++
    if (sum.get() !== TOTAL) turn.reject(new Error('a reader saw a mixture'))
  }, 1)
  const restored = await Promise.race([restoring, turn.promise]).finally(() => {
    clearInterval(reading)
  })
  assert.ok(restored !== undefined)
  assert.equal(restored.status, 200, JSON.stringify(restored.body))
  assert.ok(reads > 10)
  assert.equal(hasLate(live), false)

  const { backupId, call } = restored.body.undo
  assert.equal(call, `POST /api/backups/${backupId}/restore`)
  assert.equal((await service.call('POST', `/api/backups/${backupId}/restore`, { confirm: true })).status, 200)
  assert.equal(hasLate(live), true)
  assert.deepEqual((await writer.stop()).errors, [])
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
  const { body: { restores } } = await service.call('GET', '/api/restores')
  assert.deepEqual(
    restores.map(
      (one: { status: string, backupId: number, safetyBackupId: number }) => [
        one.status,
        one.backupId,
        one.safetyBackupId
      ]
    ),
    [['completed', 2, 3], ['completed', 1, 2]]
  )
})

test('the file is not replaced while a process has it open, which is named; without one it is, with a stale log beside it', async t => {
  const { home, live, service, id } = await bench(t)
  const holder = await sqliteProcess(t, live, 'INSERT INTO late VALUES (1)')
  const refused = await service.call('POST', `/api/backups/${id}/restore`, { confirm: true, mode: 'replace' })
  assert.deepEqual([refused.status, refused.body.code], [409, 'RESTORE_TARGET_OPEN'])
  assert.match(refused.body.detail, new RegExp(`\\b${holder.pid}\\b`))
  copyFileSync(`${live}-wal`, join(home, 'stale'))
  await holder.stop()
  // Opened and closed, the log goes; one that a killed application left comes back in its place.
  assert.equal(hasLate(live), true)
  rmSync(`${live}-wal`, { force: true })
  copyFileSync(join(home, 'stale'), `${live}-wal`)
  const replaced = await service.call('POST', `/api/backups/${id}/restore`, { confirm: true, mode: 'replace' })
  assert.equal(replaced.status, 200, JSON.stringify(replaced.body))
  assert.deepEqual([existsSync(`${live}-wal`), hasLate(live)], [false, false])
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
  assert.deepEqual(readdirSync(home).filter(name => name.includes('before')), [])
})

test('a database that was deleted comes back', async t => {
  const { live, service, id } = await bench(t)
  for (const suffix of ['', '-wal', '-shm']) rmSync(live + suffix, { force: true })
  const { status, body } = await service.call('POST', `/api/backups/${id}/restore`, { confirm: true })
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual([body.restore.mode, body.undo], ['replace', null])
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
})

test(`after ${KILLS} kills -9 of the service while it restores, the database is the old one or the restored one, whole, and every row is decided`, async t => {
  const { home, live, service, id } = await bench(t, 50_000)
  await service.kill('SIGTERM')
  const outcomes = { old: 0, restored: 0 }
  for (let i = 0; i < KILLS; i++) {
    if (!hasLate(live)) addLate(live)
    const again = await startService(t, home, ENVIRONMENT, tokenFor('admin'))
    const { body: { job } } = await again.call('POST', `/api/backups/${id}/restore`, {
      confirm: true,
      verify: false,
      mode: i % 2 === 0 ? 'live' : 'replace'
    }, { prefer: 'respond-async' })
    await until(
      () => again.call('GET', `/api/jobs/${job.id}`),
      ({ body }) => body.job.phase === 'restoring' || body.job.finishedAt !== null
    )
    // The instant is what is tested; nothing is waited for.
    await new Promise(resolve => {
      setTimeout(resolve, i * 20)
    })
    await again.kill('SIGKILL')
    assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
    outcomes[hasLate(live) ? 'old' : 'restored']++
  }
  const last = await startService(t, home, ENVIRONMENT, tokenFor('admin'))
  const { body: { restores } } = await last.call('GET', '/api/restores')
  assert.equal(restores.length, KILLS)
  assert.deepEqual(restores.filter((one: { status: string }) => one.status === 'running'), [])
  assert.deepEqual(readdirSync(home).filter(name => name.includes('before')), [])
  assert.ok(outcomes.old > 0, JSON.stringify(outcomes))
  t.diagnostic(JSON.stringify(outcomes))
})
