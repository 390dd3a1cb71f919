import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { all, restored, setStage, statesOf } from '../../../support/engine/set-stage.ts'

test('a set comes back where nothing of it is left, and where one member is missing', async t => {
  const stage = await setStage(t)
  rmSync(join(stage.app, 'payloads'), { recursive: true })
  const done = await restored(stage, stage.id, { verify: false })
  assert.deepEqual([statesOf(stage.app), done.safetyBackupId], [all('before'), null])
  // Each database in use has a backup of its own then.
  const backups = done.members.map(({ name, safetyBackupId }) => [name, safetyBackupId === null])
  assert.deepEqual(backups, [['payloads', true], ['config', true], ['audit', false], ['jobs', false]])
  const [kept] = done.warnings
  assert.equal(readFileSync(/"(.*?)"/.exec(kept ?? '')?.[1] ?? '', 'utf8'), 'after')
  rmSync(stage.app, { recursive: true })
  mkdirSync(stage.app)
  const again = await restored(stage, stage.id, { verify: false })
  assert.deepEqual([statesOf(stage.app), again.safetyBackupId], [all('before'), null])
  assert.deepEqual(new Set(again.members.map(({ mode }) => mode)), new Set(['replace']))
})
