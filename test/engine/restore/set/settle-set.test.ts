import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleRestores } from '../../../../src/engine/restore/settle-restores.ts'
import { EACH, killing, MEMBERS } from '../../../support/engine/set-killing.ts'
import { all, statesOf } from '../../../support/engine/set-stage.ts'

/** Kills are so many borders apart. */
const STRIDE = 3

test('killed at any step of its restore, a set has the previous content or the restored one in all members', async t => {
  const { app, deps, killAt, names } = await killing(t)
  const before = names()
  const outcomes = { before: 0, after: 0 }
  for (let border = 1; border < EACH * MEMBERS; border += STRIDE) {
    killAt(border)
    const [restore, ...others] = await settleRestores(deps)
    assert.deepEqual([restore?.status, restore?.errorCode, others], ['failed', 'INTERRUPTED', []], `border ${border}`)
    const state = statesOf(app).audit === 'before' ? 'before' : 'after'
    assert.deepEqual([statesOf(app), names()], [all(state), before], `border ${border}`)
    outcomes[state]++
  }
  assert.ok(outcomes.before > 0 && outcomes.after > 0, JSON.stringify(outcomes))
})
