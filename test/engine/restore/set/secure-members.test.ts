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

test('backups that were removed to make room for the backup of the set are in the warnings of the restore', async t => {
  const stage = await setStage(t)
  const { engine, deps: { store } } = stage
  const trashed: number[] = []
  for (let n = 0; n < 6; n++) {
    const { id } = await (await engine.create({ source: 'app', type: 'manual' })).result
    stage.clock.move(1000)
    await (await engine.remove(id, { force: true })).result
    trashed.push(id)
  }
  const { diskReserve } = stage.deps
  store.space = async () => ({ free: diskReserve, total: 1e12 })
  const { remove } = store
  store.remove = async (key, signal) => {
    store.space = async () => ({ free: 1e12, total: 1e12 })
    await remove.call(store, key, signal)
  }
  const { warnings, safetyBackupId } = await restored(stage, stage.id, { verify: false })
  assert.ok(safetyBackupId !== null)
  const gone = warnings.filter(text => text.startsWith('removed to make room for the backup of the previous content: '))
  assert.match(gone[0] ?? '', new RegExp(`: backup ${trashed[0] ?? 0}, app-backup-.*: erased \\(`))
})
