import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { importSchema } from '../../src/cli/views/imported.ts'
import { loadConfig } from '../../src/config/load.ts'
import { makeMoney, readMoney, TOTAL } from '../support/databases/money.ts'
import { assertTruthful } from '../support/engine/assert-truthful.ts'
import { tokenFor } from '../support/http/token.ts'
import { holdfast, startHoldfast } from '../support/processes/holdfast.ts'
import { startService } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'

const ENVIRONMENT = { DATABASE_PATH: './shop.db', TZ: 'UTC', BACKUP_COMPRESSION: 'zstd' }
const NAME = 'shop_20251110_020000.db'

function withOld (t: TestContext, entries: number): string {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 100 })
  mkdirSync(join(home, 'old'))
  makeMoney(join(home, 'old', NAME), { journalMode: 'delete', entries })
  return home
}

function digest (path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

test('a command imports while a service runs on the same catalog, and the service lists, verifies and restores the backup', async t => {
  const home = withOld(t, 5000)
  const service = await startService(t, home, ENVIRONMENT, tokenFor('admin'))
  const made = await service.call('POST', '/api/backups', {})
  const { code, out, err } = await holdfast(['import', 'old', '--source', 'shop', '--json'], home, ENVIRONMENT)
  assert.equal(code, 0, err)
  const { files: [file] } = importSchema.parse(JSON.parse(out))
  assert.deepEqual([file?.outcome, file?.at, file?.backup?.verification.status], [
    'imported',
    '2025-11-10T02:00:00.000Z',
    'valid'
  ])
  const { body } = await service.call('GET', '/api/backups/stats')
  assert.deepEqual([body.statistics.totalBackups, body.statistics.oldestBackup, body.statistics.newestBackup], [
    2,
    '2025-11-10T02:00:00.000Z',
    made.body.backup.startedAt
  ])
  const id = file?.backup?.id ?? 0
  assert.equal((await service.call('POST', `/api/backups/${id}/verify`, {})).body.valid, true)
  const restored = await holdfast(['restore', String(id), '--output', 'then.db'], home, ENVIRONMENT)
  assert.equal(restored.code, 0, restored.err)
  assert.deepEqual(readMoney(join(home, 'then.db')), { sum: TOTAL, integrity: 'ok' })
  await service.kill('SIGTERM')
})

const KILLS = 6

test(`after ${KILLS} kills -9 during imports the file is unchanged and no backup is half`, async t => {
  const home = withOld(t, 60_000)
  const path = join(home, 'old', NAME)
  const changed = new Date('2025-11-10T02:00:10.000Z')
  utimesSync(path, changed, changed)
  const before = digest(path)
  const original = join(home, 'original.db')
  copyFileSync(path, original)
  const config = loadConfig(ENVIRONMENT, home)
  const proven = new Set<number>()
  const phases = ['unpacking', 'probing', 'storing', 'verifying', 'recording', 'unpacking']
  for (const [index, phase] of phases.entries()) {
    // Another time for each, so that none is known already.
    const at = `2025-11-0${index + 1}T00:00:00Z`
    const started = startHoldfast(t, ['import', path, '--source', 'shop', '--at', at, '--remove'], home, ENVIRONMENT)
    started.child.stderr?.on('data', () => {
      if (started.err().includes(phase) && index < phases.length - 1) started.child.kill('SIGKILL')
    })
    if (index === phases.length - 1) {
      await new Promise<void>(resolve => {
        started.child.stderr?.once('data', () => {
          resolve()
        })
      })
      started.child.kill('SIGKILL')
    }
    await started.ended
    const rows = await assertTruthful(config, proven)
    if (existsSync(path)) {
      assert.equal(digest(path), before, `killed while ${phase}`)
      continue
    }
    // The kill came after the end: the file may be gone only where its backup is whole.
    const isMade = rows.some(row => row.startedAt.getTime() === Date.parse(at) && row.verification.status === 'valid')
    assert.ok(isMade, `killed while ${phase}`)
    copyFileSync(original, path)
    utimesSync(path, changed, changed)
  }
  const again = await holdfast(['import', path, '--source', 'shop', '--json'], home, ENVIRONMENT)
  assert.equal(again.code, 0, again.err)
  const { files: [file] } = importSchema.parse(JSON.parse(again.out))
  assert.deepEqual([file?.outcome, file?.backup?.verification.status], ['imported', 'valid'])
  assert.deepEqual(readdirSync(join(home, 'data/scratch')), [])
})
