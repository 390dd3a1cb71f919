import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('drills are listed newest first, with the age of their backup', async t => {
  const { holdfast, create, clock, json } = await commandLine(t)
  assert.equal((await holdfast('drills')).out, 'no drills\n')
  await create()
  clock.move(3 * 86_400_000)
  await holdfast('drill', '1')
  await holdfast('drill', '1')
  const { out } = await holdfast('drills')
  assert.match(out, /ID +STARTED \(UTC\) .*\n +2 .* 3 d +passed .* ann/)
  assert.deepEqual((await json('drills', '--limit', '1')).drills.map(({ id }: { id: number }) => id), [2])
})

test('drills --json is as its schema says, of one source where one is named, and wrong usage ends with 2', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  await holdfast('drill', '1')
  await holdfast('restore', '1', '--output', '/copy.db')
  const printed = await json('drills')
  assert.deepEqual(OUTPUTS.drills.parse(printed), printed)
  assert.deepEqual(printed.drills.map(({ id }: { id: number }) => id), [1], 'a restore is no drill')
  assert.equal((await holdfast('drills', '--limit', '0')).code, 2)
})
