import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { all, setStage, statesOf } from '../../../support/engine/set-stage.ts'
import { rejectsWith } from '../../../support/rejects.ts'

test('a dry run of a set shows each member, its rows and its obstacle, and changes nothing', async t => {
  const { engine, app, home, id } = await setStage(t)
  const found = await (await engine.restoreDryRun(id, {})).result
  assert.deepEqual(found.members?.map(({ name, mode, obstacle }) => [name, mode, obstacle]), [
    ['payloads', 'replace', null],
    ['config', 'replace', null],
    ['audit', 'live', null],
    ['jobs', 'live', null]
  ])
  assert.deepEqual([found.isSecured, found.obstacle, found.rowsUnknown], [true, null, null])
  assert.deepEqual(new Set(found.tables?.map(({ table }) => table.split('.')[0])), new Set(['audit', 'jobs']))
  assert.ok(found.space.every(({ needed }) => needed > 0))

  await rejectsWith('RESTORE_TARGET_INVALID', engine.restoreDryRun(id, { target: app }))
  const copy = await (await engine.restoreDryRun(id, { target: join(home, 'copy') })).result
  assert.deepEqual([copy.isSecured, copy.obstacle, copy.tables], [false, null, null])
  rmSync(join(app, 'payloads'), { recursive: true })
  const missing = await (await engine.restoreDryRun(id, {})).result
  assert.equal(missing.obstacle, null)
  assert.deepEqual(statesOf(app), { ...all('after'), payloads: null })
})
