import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { people } from '../../support/cli/person-database.ts'

test('diff shows what was removed, changed and added, and the rows where they are asked for', async t => {
  const { holdfast, deps } = await people(t)
  const { code, out } = await holdfast('diff', '1', '--rows', '5')
  assert.equal(code, 0)
  assert.match(
    out,
    /^TABLE +REMOVED +CHANGED +ADDED +SAME\nperson +1 +1 +1 +1\n\nperson\n {2}- id=1, name="Ann", photo=x'00ff'\n {2}~ id=3, name: "Cid" → "Cyd"\n {2}\+ id=4, name="Dan", photo=null\n\nnot compared: words/
  )
  assert.deepEqual(
    (await deps.catalog.audit.list({ limit: 9 })).entries.map(({ action, target }) => [action, target]),
    [['diff', 'backup 1']]
  )
  assert.match((await holdfast('diff', '1', '1')).out, /✓ backup 1 and backup 1 have the same rows in 1 table/)
  assert.deepEqual([
    (await holdfast('diff', '1', 'dead')).code,
    (await holdfast('diff', '1', '--table', 'no')).code,
    (await holdfast('diff', '1', '--rows', '1001')).code
  ], [2, 4, 2])
})

test('diff --json counts the rows of each table, and of two backups names both', async t => {
  const { holdfast, json, create } = await people(t)
  const live = await json('diff', '1')
  assert.deepEqual(OUTPUTS.diff.parse(live), live)
  await create()
  const { code } = await holdfast('diff', '1', '2')
  const stored = await json('diff', '1', '2', '--table', 'person', '--rows', '1', '--from', '1')
  assert.equal(code, 0)
  assert.deepEqual(OUTPUTS.diff.parse(stored), stored)
  assert.deepEqual([
    stored.tables[0].rows.map(({ change, before }: { change: string, before: { id: number } }) => [change, before.id]),
    stored.tables[0].hasMore
  ], [[['changed', 3]], true])
  assert.deepEqual([(await holdfast('diff', '9')).code, (await holdfast('diff', '1', '9')).code], [4, 4])
})
