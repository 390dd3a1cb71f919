import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restored, setStage } from '../../../support/engine/set-stage.ts'
import { rejectsWith } from '../../../support/rejects.ts'

test('members that there are not, and members of a backup of one source, are refused', async t => {
  const stage = await setStage(t)
  const { engine, id } = stage
  const { hint } = await rejectsWith('VALIDATION_FAILED', restored(stage, id, { members: ['invoices'] }))
  assert.match(hint ?? '', /"audit", "jobs", "payloads", "config"/)
  await rejectsWith('VALIDATION_FAILED', restored(stage, id, { members: [] }))
  const single = await (await engine.create({ source: 'audit', type: 'manual' })).result
  await rejectsWith('VALIDATION_FAILED', restored(stage, single.id, { members: ['audit'] }))
})
