import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { mountDisk } from '../support/files/mounted-disk.ts'
import { filesIn } from '../support/engine/engine.ts'
import { makeMoney } from '../support/databases/money.ts'
import { needRoot } from '../support/skip-without.ts'
import { planted } from '../support/fault-count.ts'
import { openShop } from '../support/engine/open-shop.ts'
import { startService } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

/** A table of bytes that no compression makes smaller. */
function fillWithRandom (path: string, megabytes: number): void {
  const db = new Database(path)
  db.exec('CREATE TABLE blob (x)')
  const insert = db.prepare('INSERT INTO blob VALUES (randomblob(1000000))')
  for (let i = 0; i < megabytes; i++) insert.run()
  db.close()
}

test('a backup that does not fit is refused with 507 before a byte is written, and the reserve is told', async t => {
  if (!needRoot(t)) return
  const fault = planted(t, 'a disk too small')
  const home = tempDir(t)
  const disk = mountDisk(t, '20m')
  makeMoney(join(home, 'shop.db'), { entries: 1000 })
  const environment = { DATABASE_PATH: './shop.db', BACKUP_DIR: disk, DISK_RESERVE_BYTES: '10000000' }
  const service = await startService(t, home, environment, tokenFor('admin'))
  const { body: { backup: older } } = await service.call('POST', '/api/backups')
  fillWithRandom(join(home, 'shop.db'), 12)
  const files = readdirSync(disk).toSorted()

  const refused = await service.call('POST', '/api/backups')
  assert.equal(refused.status, 507)
  assert.equal(refused.body.code, 'DISK_FULL')
  fault.fired()
  assert.deepEqual(readdirSync(disk).toSorted(), files)
  const { body: { backup } } = await service.call('GET', `/api/backups/${older.id as number + 1}`)
  assert.match(backup.errorMessage as string, /10000000 must stay free/)
  assert.equal((await service.call('POST', `/api/backups/${older.id as number}/verify`)).body.valid, true)
  assert.equal((await service.call('GET', '/health/ready')).status, 200)
})

test('a disk that fills up midway is DISK_FULL: nothing is left of the new backup, and the older one is whole', async t => {
  if (!needRoot(t)) return
  const fault = planted(t, 'a disk that fills up midway')
  const home = tempDir(t)
  const disk = mountDisk(t, '20m')
  makeMoney(join(home, 'shop.db'), { entries: 50_000 })
  const { engine } = await openShop(t, home, { BACKUP_DIR: disk, DISK_RESERVE_BYTES: '0', BACKUP_COMPRESSION: 'zstd' })
  const older = await (await engine.create({ type: 'manual' })).result
  // By the ratio of the last one there is room; but what came since cannot be compressed.
  fillWithRandom(join(home, 'shop.db'), 30)
  const files = readdirSync(disk).toSorted()
  await assert.rejects(async () => await (await engine.create({ type: 'manual' })).result, {
    code: 'DISK_FULL',
    message: /has no space left/
  })
  fault.fired()
  assert.deepEqual(readdirSync(disk).toSorted(), files)
  assert.equal((await engine.backups({ limit: 1 })).backups[0]?.errorCode, 'DISK_FULL')
  assert.equal((await (await engine.verify(older.id)).result).verification.valid, true)
})

test('a scratch disk that fills up is DISK_FULL and keeps no backup of rollback-journal mode half done', async t => {
  if (!needRoot(t)) return
  const fault = planted(t, 'a scratch disk that fills up')
  const home = tempDir(t)
  const scratch = mountDisk(t, '2m')
  makeMoney(join(home, 'shop.db'), { journalMode: 'delete', entries: 50_000 })
  const { engine } = await openShop(t, home, { SCRATCH_DIR: scratch, DISK_RESERVE_BYTES: '0' })
  await assert.rejects(async () => await (await engine.create({ type: 'manual' })).result, { code: 'DISK_FULL' })
  fault.fired()
  assert.deepEqual(filesIn(scratch), [])
  assert.deepEqual(readdirSync(join(home, 'backups')), ['RESTORE.txt', 'holdfast-instance.json'])
})

test('a disk that turns read-only is STORE_UNAVAILABLE, and serves again when it is writable again', async t => {
  if (!needRoot(t)) return
  const fault = planted(t, 'a disk that turns read-only')
  const home = tempDir(t)
  const disk = mountDisk(t, '20m')
  makeMoney(join(home, 'shop.db'), { entries: 1000 })
  const { engine } = await openShop(t, home, { BACKUP_DIR: disk, DISK_RESERVE_BYTES: '0' })
  const older = await (await engine.create({ type: 'manual' })).result
  execFileSync('mount', ['-o', 'remount,ro', disk])
  await assert.rejects(async () => await (await engine.create({ type: 'manual' })).result, {
    code: 'STORE_UNAVAILABLE'
  })
  fault.fired()
  assert.equal((await (await engine.verify(older.id)).result).verification.valid, true)
  execFileSync('mount', ['-o', 'remount,rw', disk])
  assert.equal((await (await engine.create({ type: 'manual' })).result).status, 'completed')
})

test('a backup directory that is gone is STORE_UNAVAILABLE and is not made anew in its place', async t => {
  const fault = planted(t, 'a backup directory that is gone')
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 1000 })
  const { engine } = await openShop(t, home)
  await (await engine.create({ type: 'manual' })).result
  renameSync(join(home, 'backups'), join(home, 'unmounted'))
  await assert.rejects(async () => await (await engine.create({ type: 'manual' })).result, {
    code: 'STORE_UNAVAILABLE'
  })
  fault.fired()
  assert.ok(!readdirSync(home).includes('backups'))
  renameSync(join(home, 'unmounted'), join(home, 'backups'))
  assert.equal((await (await engine.create({ type: 'manual' })).result).status, 'completed')
})

test('a source that is gone fails each backup with its own code and is backed up again when it is back', async t => {
  const fault = planted(t, 'a source that is gone')
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 1000 })
  const { engine } = await openShop(t, home)
  const older = await (await engine.create({ type: 'manual' })).result
  renameSync(join(home, 'shop.db'), join(home, 'gone.db'))
  await assert.rejects(async () => await (await engine.create({ type: 'manual' })).result, { code: 'SOURCE_MISSING' })
  fault.fired()
  renameSync(join(home, 'gone.db'), join(home, 'shop.db'))
  assert.equal((await (await engine.create({ type: 'manual' })).result).status, 'completed')
  assert.equal((await (await engine.verify(older.id)).result).verification.valid, true)
})
