import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdfast } from '../support/processes/holdfast.ts'
import { shopHome } from '../support/databases/shop-home.ts'

test('a warning of the engine goes to standard error, the result stays what it is', async t => {
  const { cwd, environment } = shopHome(t)
  await holdfast(['backup'], cwd, environment)
  const fresh = { ...environment, DATA_DIR: 'elsewhere', BACKUP_DIR: 'backups' }
  const { code, out, err } = await holdfast(['verify', '--all', '--json'], cwd, fresh)
  assert.deepEqual([code, JSON.parse(out).results], [0, []])
  assert.match(err, /^(holdfast: .*\n)*holdfast: .*listed as foreign.*\(foreign 1\)\n$/)
})
