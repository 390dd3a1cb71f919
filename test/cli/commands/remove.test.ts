import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('remove puts a backup into the trash; the last valid one only with --force', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  assert.equal((await holdfast('remove', '1')).code, 5)
  assert.match(
    (await holdfast('remove', '1', '--force')).out,
    /Moved backup 1 of shop to the trash; within 1 d "holdfast restore-from-trash 1" restores it from there/
  )
  assert.deepEqual([(await json('list')).length, (await json('list', '--trashed')).length], [0, 1])
})

test('remove --json prints the backup as it is in the trash', async t => {
  const { json, create, clock } = await commandLine(t)
  await create()
  await create()
  const printed = await json('remove', '1')
  assert.deepEqual(OUTPUTS.remove.parse(printed), printed)
  assert.deepEqual([printed.backup.id, printed.backup.trashedAt], [1, clock.now().toISOString()])
})

test('a backup that is not there, is pinned or has no number is not removed', async t => {
  const { holdfast, create, engine } = await commandLine(t)
  await create()
  await engine.edit(1, { pinned: true })
  assert.deepEqual([
    (await holdfast('remove', '9')).code,
    (await holdfast('remove', '1', '--force')).code,
    (await holdfast('remove', 'one')).code
  ], [4, 5, 2])
  assert.equal((await engine.backup(1)).trashedAt, null)
})
