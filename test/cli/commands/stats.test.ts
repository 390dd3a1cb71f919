import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { cancelWhileProbing } from '../../support/engine/cancel-while-probing.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('stats shows totals and the state of each source', async t => {
  const { holdfast, create, clock } = await commandLine(t)
  await create()
  clock.move(3 * 3_600_000)
  assert.match((await holdfast('stats')).out, /^shop +ok +1 +100\.0 kB +3 h ago/m)
  assert.match(
    (await holdfast('stats')).out,
    /\n1 backup, 100\.0 kB, the newest 2025-11-24 23:30:01 UTC \(3 h ago\); 0 failures\n$/
  )
})

test('stats shows when a backup was last proven to restore', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  await holdfast('drill', '1')
  assert.match((await holdfast('stats')).out, /PROVEN +RESTORE.*\n.*just now +0\.0 s/)
  const { statistics } = await json('stats')
  assert.deepEqual([
    statistics.sources[0].lastRestoreSeconds,
    statistics.sources[0].rpoSeconds,
    typeof statistics.sources[0].lastProven
  ], [0, 0, 'string'])
})

test('stats --json counts by source, and stats takes no argument', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  await create()
  const printed = await json('stats')
  assert.deepEqual(OUTPUTS.stats.parse(printed), printed)
  assert.deepEqual([printed.statistics.sources[0].source, printed.statistics.sources[0].totalBackups], ['shop', 2])
  assert.equal((await holdfast('stats', 'shop')).code, 2)
})

test('stats does not count a cancelled backup as a failure', async t => {
  const { holdfast, faults, engine } = await commandLine(t)
  await cancelWhileProbing({ engine, faults })
  assert.match((await holdfast('stats')).out, /; 0 failures/)
})
