import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleRestores } from '../../../../src/engine/restore/settle-restores.ts'
import { withRestorers } from '../../../support/engine/restorers.ts'
import { EACH, killing, MEMBERS } from '../../../support/engine/set-killing.ts'
import { all, statesOf } from '../../../support/engine/set-stage.ts'

test('what puts the previous content back goes on where it was interrupted, and holds the members meanwhile', async t => {
  const { app, deps, killAt, names } = await killing(t)
  const before = names()
  killAt(EACH * (MEMBERS - 1))
  const lock = await deps.runner.locks.lock(['source:payloads'])
  assert.deepEqual(await settleRestores(deps), [])
  await lock.release()
  let steps = 0
  for (let end = 0; end < 20; end++) {
    let count = 0
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      if (count++ === end) throw new Error('the process is killed')
      steps++
      return await work()
    }
    const { restores } = deps.catalog
    const catalog = { ...deps.catalog, restores: Object.create(restores) as typeof restores }
    catalog.restores.recordMembers = (...args) => step(() => restores.recordMembers(...args))
    catalog.restores.running = () => restores.running()
    catalog.restores.undoing = () => restores.undoing()
    catalog.restores.get = id => restores.get(id)
    catalog.restores.fail = (...args) => restores.fail(...args)
    const killed = withRestorers({ ...deps, catalog }, restorer => ({
      revert: (...args) => step(() => restorer.revert(...args)),
      place: (...args) => step(() => restorer.place(...args))
    }))
    if ((await settleRestores(killed)).length > 0) break
  }
  assert.deepEqual([statesOf(app), names(), (await deps.catalog.restores.running()).length], [all('after'), before, 0])
  assert.ok(steps >= 9, `${steps} steps`)
})
