import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine } from '../../support/cli/command-line.ts'

const HOLDS = { name: 'there are ledgers', sql: 'the ledger', min: 1 }

test('a drill shows each check and each assertion, and ends well where all is well', async t => {
  const { holdfast, create } = await commandLine(t, { assertions: { shop: [HOLDS] } })
  await create()
  const { code, out } = await holdfast('drill', '1')
  assert.equal(code, 0)
  assert.match(out, /^Backup 1 of "shop" was restored and verified in 0\.0 s$/m)
  assert.match(out, /✓ checksum/)
  assert.match(out, /✓ there are ledgers: \d+, at least 1$/m)
})

test('without an id the backup is drilled whose turn it is, and the reason told', async t => {
  const { holdfast, create, deps } = await commandLine(t)
  await create()
  await create()
  assert.match((await holdfast('drill')).out, /backup 2: the newest verified backup without a drill/)
  assert.match((await holdfast('drill', '--source', 'shop')).out, /backup 1: /)
  const { entries } = await deps.catalog.audit.list({ limit: 10 })
  assert.deepEqual(entries.map(({ action, target, actor }) => [action, target, actor]), [[
    'drill',
    'source shop',
    'ann'
  ], ['drill', 'source shop', 'ann']])
})

test('a drill ends with 6 where something is wrong with the backup, and otherwise as what was in its way', async t => {
  const { holdfast, create, faults } = await commandLine(t, { assertions: { shop: [{ ...HOLDS, min: 1e9 }] } })
  const { filePath } = await create()
  const failing = await holdfast('drill', '1')
  assert.equal(failing.code, 6)
  assert.match(failing.out, /✗ there are ledgers: \d+, at least 1000000000/)
  faults.fail('scratch.file', { error: new BackupError('DISK_FULL', 'no room') })
  const hindered = await holdfast('drill', '1')
  assert.deepEqual([hindered.code, hindered.out], [7, 'The drill is inconclusive: no room\n'])
  writeFileSync(filePath, 'other bytes')
  assert.equal((await holdfast('drill', '1')).code, 6)
  assert.equal((await holdfast('drill', '9')).code, 4)
  assert.equal((await holdfast('drill', '1', '--source', 'shop')).code, 2)
})
