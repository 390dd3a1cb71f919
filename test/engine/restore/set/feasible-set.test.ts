import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { all, restored, setStage, statesOf } from '../../../support/engine/set-stage.ts'
import { rejectsWith } from '../../../support/rejects.ts'

test('a set is restored to a new or empty directory, and to no other', async t => {
  const stage = await setStage(t)
  const [target, empty, full] = ['new', 'empty', 'full'].map(name => join(stage.home, name))
  mkdirSync(empty!)
  mkdirSync(full!)
  writeFileSync(join(full!, 'mine'), 'mine')
  for (const directory of [target!, empty!]) {
    await restored(stage, stage.id, { target: directory })
    assert.deepEqual(readdirSync(directory).toSorted(), ['audit.db', 'config.yaml', 'jobs.db', 'payloads'])
    assert.deepEqual(
      statesOf(directory, { audit: 'audit.db', jobs: 'jobs.db', config: 'config.yaml' }),
      all('before')
    )
  }
  await rejectsWith('RESTORE_TARGET_EXISTS', restored(stage, stage.id, { target: full! }))
  await rejectsWith('RESTORE_TARGET_INVALID', restored(stage, stage.id, { target: join(full!, 'none/in') }))
  await rejectsWith('RESTORE_TARGET_INVALID', restored(stage, stage.id, { target: join(stage.app, 'payloads/in') }))
  await rejectsWith('VALIDATION_FAILED', restored(stage, stage.id, { target: target!, overwrite: true }))
  await rejectsWith('VALIDATION_FAILED', restored(stage, stage.id, { target: target!, paths: ['one'] }))
  assert.deepEqual([statesOf(stage.app), readdirSync(full!)], [all('after'), ['mine']])
})
