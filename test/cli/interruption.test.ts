import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { holdfast, startHoldfast } from '../support/processes/holdfast.ts'
import { filesIn } from '../support/engine/engine.ts'
import { shopHome } from '../support/databases/shop-home.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { until } from '../support/streams.ts'
import { assertTruthful } from '../support/engine/assert-truthful.ts'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} during a backup ends it with 130, leaves no files and a row that says so; repeating it changes nothing`, async t => {
    const { cwd, environment } = shopHome(t)
    const blocker = await sqliteProcess(t, join(cwd, 'shop.db'), 'BEGIN EXCLUSIVE')
    const command = startHoldfast(t, ['backup'], cwd, environment)
    await until(async () => command.err().includes('probing'))
    for (let i = 0; i < 3; i++) command.child.kill(signal)
    const { code, out, err } = await command.ended
    assert.deepEqual([code, out], [130, ''])
    assert.match(err, /\nholdfast: interrupted\nhint: Temporary files were removed/)
    await blocker.stop()
    const config = loadConfig({
      ...environment,
      DATABASE_PATH: join(cwd, 'shop.db'),
      BACKUP_DIR: join(cwd, 'backups'),
      DATA_DIR: join(cwd, 'data')
    }, cwd)
    assert.deepEqual(
      [filesIn(config.backupDir), filesIn(config.scratchDir), readdirSync(join(cwd, 'data/processes'))],
      [[], [], []]
    )
    const [row] = await assertTruthful(config)
    assert.deepEqual([row?.status, row?.errorCode], ['failed', 'CANCELLED'])
    assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  })
}
