import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import type { Backup } from '../../src/core/backup/backup.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { filesOf, testEngine, type TestEngine } from '../support/engine/engine.ts'
import { planted } from '../support/fault-count.ts'
import { rejectsWith } from '../support/rejects.ts'

/** What a disk says that cannot be read or written any more, as the store tells it. */
const broken = new BackupError('STORE_FAILED', 'the disk does not answer', {
  cause: Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
})

for (const compression of ['none', 'gzip', 'zstd'] as const) {
  for (const when of ['before', 0, 1, 1000] as const) {
    test(`an I/O error ${when === 'before' ? 'at the begin' : `after ${when} bytes`} of a verification proves nothing, for or against (${compression})`, async t => {
      const fault = planted(t, `store.get breaks, ${compression}, ${when}`)
      const { engine, faults, create } = await testEngine(t)
      const backup = await create({ compression })
      faults.fail('store.get', { error: broken, on: /^shop-backup[^/]*(?<!\.manifest\.json)$/, when })
      await rejectsWith('STORE_FAILED', engine.verify(backup.id).then(({ result }) => result))
      fault.fired()
      assert.deepEqual((await engine.backup(backup.id)).verification, backup.verification)
      assert.equal((await (await engine.verify(backup.id)).result).verification.valid, true)
    })
  }
}

for (const method of ['store.stat', 'store.space', 'store.put'] as const) {
  test(`an I/O error of ${method} in a backup fails it, and leaves nothing of it`, async t => {
    const fault = planted(t, `${method} breaks within a backup`)
    const { engine, faults, create, files } = await testEngine(t)
    const older = await create()
    faults.fail(method, { error: broken })
    await rejectsWith('STORE_FAILED', create())
    fault.fired()
    assert.deepEqual((await completed(engine)).map(({ id }) => id), [older.id])
    assert.deepEqual(files(), filesOf(older))
    assert.equal((await create()).status, 'completed')
  })
}

for (
  const [verb, method] of [['prune', 'store.remove'], ['rotate', 'store.remove'], ['delete', 'store.move']] as const
) {
  for (const on of [/(?<!\.manifest\.json)$/, /\.manifest\.json$/]) {
    for (const when of ['before', 'after'] as const) {
      test(`an I/O error ${when} ${method} of ${String(on)} within ${verb} leaves files that housekeeping makes fit the rows`, async t => {
        const fault = planted(t, `${method} breaks ${when} ${String(on)} within ${verb}`)
        const { engine, deps, faults, clock, create, files } = await testEngine(t, {
          type: 'scheduled',
          settings: { maxBackups: 20 }
        })
        for (let n = 0; n < 6; n++) await create()
        await engine.changeSettings({ maxBackups: 5 })
        faults.fail(method, { error: broken, on, when })
        if (verb === 'rotate') assert.equal((await create()).status, 'completed')
        else {
          await rejectsWith(
            'STORE_FAILED',
            (verb === 'prune' ? engine.prune({ dryRun: false }) : engine.remove(1, { force: true })).then(
              ({ result }): Promise<unknown> => result
            )
          )
        }
        faults.allUsed()
        fault.fired()
        const left = await completed(engine)
        for (const { id } of left) {
          assert.equal(
            (await (await engine.verify(id)).result).verification.valid,
            id !== 1 || undefined,
            `backup ${id}`
          )
        }
        clock.move(2 * deps.trashGrace)
        await housekeep(deps)
        assert.deepEqual(files(), filesOf(...await completed(engine)))
        assert.ok((await completed(engine)).length >= 5)
      })
    }
  }
}

async function completed (engine: TestEngine['engine']): Promise<readonly Backup[]> {
  return (await engine.backups({ limit: 100, status: 'completed' })).backups
}
