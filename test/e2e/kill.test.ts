import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { makeMoney } from '../support/databases/money.ts'
import { startService } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'
import { assertTruthful } from '../support/engine/assert-truthful.ts'

const KILLS = 8
/** The longest time that a backup of this size takes, and then some. Milliseconds. */
const LONGEST = 900

test(`after ${KILLS} kills -9 at random instants of a running service no row lies, no orphan stays, and every completed backup verifies`, async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 50_000 })
  const environment = { DATABASE_PATH: './shop.db', MAX_BACKUPS: '2' }
  const config = loadConfig(environment, home)
  const proven = new Set<number>()
  let interrupted = 0
  for (let i = 0; i < KILLS; i++) {
    const service = await startService(t, home, environment, tokenFor('admin'))
    // One in each part of that time, so that a few are as good as many.
    const after = (i + Math.random()) / KILLS * LONGEST
    const answers = ['zstd', 'none'].map(compression =>
      service.call('POST', '/api/backups', { compression, source: compression === 'none' ? 'holdfast' : 'shop' }).catch(
        () => {}
      )
    )
    // The instant is what is tested; nothing is waited for.
    await new Promise(resolve => {
      setTimeout(resolve, after)
    })
    await service.kill('SIGKILL')
    await Promise.all(answers)
    const rows = await assertTruthful(config, proven)
    interrupted = rows.filter(row => row.errorCode === 'INTERRUPTED').length
  }
  t.diagnostic(`${interrupted} backups were interrupted, ${proven.size} completed`)
  assert.ok(interrupted > 0, 'no kill came while a backup was under way')
})
