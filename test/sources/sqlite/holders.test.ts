import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeHolders, type Budget } from '../../../src/sources/proc.ts'
import { mayBeHeld } from '../../../src/sources/sqlite/holders.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('of many processes that have a database open a message names some, and counts the rest', () => {
  const holders = Array.from(
    { length: 12 },
    (_, index) => ({ pid: index + 1, command: index === 0 ? 'node server.js' : '' })
  )
  assert.equal(describeHolders(holders.slice(0, 2)), '1 (node server.js), 2')
  assert.equal(describeHolders(holders), '1 (node server.js), 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more')
})

test('a file is held where another process has it open, and may be where there are more descriptors than are looked at', async t => {
  const path = join(tempDir(t), 'app.db')
  makeMoney(path, { journalMode: 'wal', entries: 1 })
  const enough = (): Budget => ({ left: 1_000_000 })
  assert.deepEqual([mayBeHeld(path, enough()), mayBeHeld(path, { left: 1 }), mayBeHeld(`${path}-none`, { left: 0 })], [
    false,
    true,
    false
  ])
  await sqliteProcess(t, path, 'SELECT 1')
  assert.equal(mayBeHeld(path, enough()), true)
})
