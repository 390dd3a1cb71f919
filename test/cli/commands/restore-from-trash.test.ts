import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('restore-from-trash brings a backup back, and once only', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  await holdfast('remove', '1', '--force')
  assert.match((await holdfast('restore-from-trash', '1')).out, /Restored backup 1 from the trash/)
  assert.equal((await holdfast('restore-from-trash', '1')).code, 5)
  assert.deepEqual([(await json('list')).length, (await json('list', '--trashed')).length], [1, 0])
  assert.deepEqual([(await holdfast('restore-from-trash', '9')).code, (await holdfast('restore-from-trash')).code], [
    4,
    2
  ])
})

test('restore-from-trash --json prints those that came back and why the others did not', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  await create()
  await holdfast('remove', '1')
  const printed = await json('restore-from-trash', '1', '9')
  assert.deepEqual(OUTPUTS['restore-from-trash'].parse(printed), printed)
  assert.deepEqual([
    printed.backups.map(({ id, trashedAt }: { id: number, trashedAt: string | null }) => [id, trashedAt]),
    printed.failures
  ], [[[1, null]], [{ backupId: 9, code: 'BACKUP_NOT_FOUND', message: 'there is no backup 9' }]])
})

test('of several, those that can be brought back are, and the exit code is 3 where not all were', async t => {
  const { holdfast, create, engine } = await commandLine(t)
  await create()
  await create()
  await holdfast('remove', '1')
  const { code, out } = await holdfast('restore-from-trash', '2', '1')
  assert.equal(code, 3)
  assert.match(out, /✓ Restored backup 1 from the trash[^]*! backup 2: backup 2 is not in the trash/)
  assert.equal((await engine.backup(1)).trashedAt, null)
})
