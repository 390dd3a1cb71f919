import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { openEngine, type OpenedEngine } from '../../src/app/open-engine.ts'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type BackupError } from '../../src/core/errors.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { filesIn, filesOf } from '../support/engine/engine.ts'
import { makeMoney } from '../support/databases/money.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { rejectsWith } from '../support/rejects.ts'
import { startService, until as untilAnswer } from '../support/processes/service.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { until } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'
import { assertTruthful } from '../support/engine/assert-truthful.ts'

const CHILD = new URL('./kill-child.ts', import.meta.url).pathname
const silent = { debug () {}, info () {}, warn () {}, error () {} }

function shop (t: TestContext): { readonly home: string, readonly config: Config } {
  const home = tempDir(t)
  // In rollback-journal mode one that holds the database exclusively keeps a backup waiting.
  makeMoney(join(home, 'shop.db'), { journalMode: 'delete', entries: 2000 })
  return {
    home,
    config: loadConfig({
      DATABASE_PATH: `${home}/shop.db`,
      BACKUP_DIR: `${home}/backups`,
      DATA_DIR: `${home}/data`,
      MAX_BACKUPS: '2'
    }, home)
  }
}

/** Where the database is. */
function pathOf ({ sources }: Config): string {
  return String(sources[0]?.values['path'])
}

async function openGuest (t: TestContext, config: Config): Promise<OpenedEngine> {
  const guest = await openEngine(config, { logger: silent, role: 'guest' })
  t.after(() => guest.close(0))
  return guest
}

test('a command and the service at the same source: one runs, the other is told whose job is in the way, and nothing is lost', async t => {
  const { home, config } = shop(t)
  const service = await startService(t, home, {
    DATABASE_PATH: pathOf(config),
    BACKUP_DIR: config.backupDir,
    DATA_DIR: config.dataDir,
    SOURCE_BUSY_TIMEOUT_MS: '30000'
  }, tokenFor('admin'))
  const guest = await openGuest(t, config)

  const blocker = await sqliteProcess(t, pathOf(config), 'BEGIN EXCLUSIVE')
  const { body: { job } } = await service.call('POST', '/api/backups', {}, { prefer: 'respond-async' })
  assert.equal(
    (await rejectsWith('BACKUP_IN_PROGRESS', guest.engine.create({ type: 'manual' }))).details?.['jobId'],
    job.id
  )
  assert.equal((await guest.engine.source('shop')).state, 'busy')
  await blocker.stop()
  await untilAnswer(() => service.call('GET', `/api/jobs/${job.id}`), answer => answer.body.job.status === 'succeeded')

  const again = await sqliteProcess(t, pathOf(config), 'BEGIN EXCLUSIVE')
  const { result } = await guest.engine.create({ type: 'manual' })
  result.catch(() => {})
  const refused = await service.call('POST', '/api/backups')
  assert.deepEqual([refused.status, refused.body.code], [409, 'BACKUP_IN_PROGRESS'])
  await again.stop()
  const { id } = await result
  const { body } = await service.call('GET', '/api/backups')
  assert.deepEqual(body.backups.map((backup: { id: number }) => backup.id), [id, 1])

  await guest.close(0)
  await service.kill('SIGTERM')
  assert.deepEqual((await assertTruthful(config)).map(backup => backup.status), ['completed', 'completed'])
})

test('a command that is killed at any border leaves nothing that the service beside it does not put right', async t => {
  const { home, config } = shop(t)
  const server = await openEngine(config, { logger: silent })
  let killed = 0
  for (let border = 0;; border += 3) {
    if (await run(home, border)) break
    killed++
    await housekeep(server.deps)
    const { backups } = await server.engine.backups({ limit: 100 })
    assert.deepEqual(backups.filter(({ status }) => status === 'in_progress'), [], `at border ${border}`)
    assert.deepEqual(
      filesIn(config.backupDir),
      filesOf(...backups.filter(({ status }) => status === 'completed')),
      `at border ${border}`
    )
    assert.deepEqual(filesIn(config.scratchDir), [])
    assert.deepEqual(await server.deps.catalog.leases.foreign(), [])
    await (await server.engine.create({ type: 'scheduled' })).result
  }
  assert.ok(killed > 5, `only ${killed} borders`)
  tellPlanted(t, 'kill -9 of a command beside the service', killed, killed)
  await server.close(0)
  await assertTruthful(config)
})

/** Whether the command came to its end before the border. */
async function run (home: string, killAt: number): Promise<boolean> {
  try {
    await promisify(execFile)(process.execPath, [CHILD, home, 'create', String(killAt), 'guest'])
    return true
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return false
    throw error
  }
}

test('what a living process has under way is left alone by one that starts beside it', async t => {
  const { config } = shop(t)
  const server = await openEngine(config, { logger: silent })
  const blocker = await sqliteProcess(t, pathOf(config), 'BEGIN EXCLUSIVE')
  const { job, result } = await server.engine.create({ type: 'manual' })
  await until(async () => (await server.engine.backups({ limit: 1 })).count === 1)
  const guest = await openGuest(t, config)
  assert.equal((await guest.engine.backup(1)).status, 'in_progress')
  assert.equal((await guest.engine.job(job.id)).finishedAt, null)
  await rejectsWith('JOB_ELSEWHERE', guest.engine.cancel(job.id))
  await blocker.stop()
  assert.equal((await result).status, 'completed')
  await server.close(0)
})

test('two servers there cannot be, however many commands there are', async t => {
  const { config } = shop(t)
  const server = await openEngine(config, { logger: silent })
  t.after(() => server.close(0))
  await openGuest(t, config)
  await openGuest(t, config)
  await assert.rejects(
    openEngine(config, { logger: silent }),
    (error: BackupError) => error.code === 'INSTANCE_RUNNING'
  )
})
