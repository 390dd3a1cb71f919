import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCopy, verifyGivenFile } from '../../src/app/offline.ts'
import { validConfig, workDir } from '../support/config/config.ts'
import { filesIn } from '../support/engine/engine.ts'
import { startService } from '../support/processes/service.ts'
import { shopDatabase } from '../support/databases/shop.ts'
import { never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

const QUIET = { phase () {}, bytes () {}, signal: never }

test('a copy of the catalog tells what the running service knows, and leaves everything where it was', async t => {
  const { path } = shopDatabase(t)
  const home = workDir(t)
  const environment = { DATABASE_PATH: path, BACKUP_COMPRESSION: 'gzip' }
  const service = await startService(t, home, environment, tokenFor('admin'))
  assert.equal((await service.call('POST', '/api/backups')).status, 201)
  await service.call('PUT', '/api/backups/config', { maxBackups: 7 })
  const before = filesIn(home)

  const copy = await openCopy(validConfig(environment, home))
  assert.ok(copy !== undefined)
  const [state] = await copy.engine.sources()
  assert.deepEqual([state?.name, state?.statistics.count, copy.engine.settings().settings.maxBackups], ['shop', 1, 7])
  await copy.close()
  assert.deepEqual(filesIn(home), before)
  assert.equal((await service.call('POST', '/api/backups')).status, 201)

  await service.kill('SIGTERM')
  const stopped = filesIn(home)
  const catalog = readFileSync(join(home, 'data/holdfast.db'))
  await (await openCopy(validConfig(environment, home)))?.close()
  assert.deepEqual(filesIn(home), stopped)
  assert.deepEqual(readFileSync(join(home, 'data/holdfast.db')), catalog)
})

test('where there is no catalog none is made', async t => {
  const home = workDir(t)
  assert.equal(await openCopy(validConfig({}, home)), undefined)
  assert.deepEqual(readdirSync(home), [])
})

test('a backup is proven where the service never lived, and nothing is made there', async t => {
  const { path } = shopDatabase(t)
  const home = workDir(t)
  const service = await startService(t, home, { DATABASE_PATH: path, BACKUP_COMPRESSION: 'zstd' }, tokenFor('admin'))
  const { body } = await service.call('POST', '/api/backups')
  const elsewhere = tempDir(t)
  for (const suffix of ['', '.manifest.json']) {
    copyFileSync(
      `${body.backup.filePath as string}${suffix}`,
      join(elsewhere, `${body.backup.fileName as string}${suffix}`)
    )
  }
  const before = readdirSync(elsewhere)
  const file = join(elsewhere, body.backup.fileName)
  const { verdict } = await verifyGivenFile(validConfig({}, elsewhere), file, QUIET)
  assert.equal(verdict, 'valid')
  assert.deepEqual(readdirSync(elsewhere), before)

  // Where it does live, its own directories serve, and are left as they were.
  assert.equal((await verifyGivenFile(validConfig({}, home), file, QUIET)).verdict, 'valid')
  assert.ok(existsSync(join(home, 'data/scratch')))
  assert.equal(readdirSync(join(home, 'data/scratch')).length, 1)
})
