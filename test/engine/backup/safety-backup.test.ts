import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError, type ErrorCode } from '../../../src/core/errors.ts'
import type { Task } from '../../../src/core/job.ts'
import type { Created } from '../../../src/engine/backup/created.ts'
import { makeSafetyBackup } from '../../../src/engine/backup/safety-backup.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { TASK } from '../../support/engine/task.ts'

function secured (
  { deps }: TestEngine,
  { mayBeDamaged = false, task = TASK }: { readonly mayBeDamaged?: boolean, readonly task?: Task } = {}
): Promise<Created | undefined> {
  return makeSafetyBackup(deps, deps.sources.get('shop')!, { before: 'the restore of backup 12', mayBeDamaged }, task)
}

function failing (bench: TestEngine, code: ErrorCode): void {
  bench.faults.fail('source.probe', { error: new BackupError(code, 'as planned') })
}

test('what stands there is backed up as "pre-migration", and the job goes on to be about what it was started for', async t => {
  const bench = await testEngine(t)
  const subjects: number[] = []
  const phases: string[] = []
  const backup = await secured(bench, {
    task: {
      ...TASK,
      setBackup: id => {
        subjects.push(id)
      },
      phase: phase => {
        phases.push(phase)
      }
    }
  })
  assert.deepEqual([backup?.type, backup?.description, backup?.status, backup?.verification.status], [
    'pre-migration',
    'before the restore of backup 12',
    'completed',
    'valid'
  ])
  assert.deepEqual([subjects, phases.includes('storing')], [[], true])
})

for (const code of ['SOURCE_MISSING', 'SOURCE_EMPTY'] as const) {
  test(`where the source is ${code} nothing has to be backed up`, async t => {
    const bench = await testEngine(t)
    failing(bench, code)
    assert.equal(await secured(bench), undefined)
  })
}

for (const code of ['SOURCE_MALFORMED', 'VERIFICATION_FAILED', 'PROCESS_TIMED_OUT'] as const) {
  test(`a source that is ${code} is passed over only where what stands there may be damaged`, async t => {
    const bench = await testEngine(t)
    failing(bench, code)
    await rejectsWith(code, secured(bench))
    failing(bench, code)
    assert.equal(await secured(bench, { mayBeDamaged: true }), undefined)
  })
}

// The kind of the source takes SOURCE_ENCRYPTED and SOURCE_FAILED neither for damage nor for no content.
for (const code of ['SOURCE_ENCRYPTED', 'SOURCE_FAILED', 'SOURCE_LOCKED', 'DISK_FULL', 'STORE_FAILED'] as const) {
  test(`${code} is thrown, also where what stands there may be damaged`, async t => {
    const bench = await testEngine(t)
    failing(bench, code)
    await rejectsWith(code, secured(bench, { mayBeDamaged: true }))
  })
}

test('a job that is cancelled is not taken for a source without content', async t => {
  const bench = await testEngine(t)
  const abort = new AbortController()
  bench.faults.meanwhile('source.probe', () => {
    abort.abort(new BackupError('SOURCE_MISSING', 'cancelled with this reason'))
  })
  await rejectsWith('SOURCE_MISSING', secured(bench, { mayBeDamaged: true, task: { ...TASK, signal: abort.signal } }))
})

test('it removes no backup beyond maxBackups; the next backup does', async t => {
  const bench = await testEngine(t, { settings: { maxBackups: 1 } })
  const { id } = await bench.create()
  bench.clock.move(86_400_000)
  const safety = await secured(bench)
  assert.deepEqual([safety?.removed, safety?.rotationError], [[], null])
  assert.deepEqual([(await bench.engine.backup(id)).deletedAt, (await bench.engine.backup(id)).trashedAt], [null, null])
  bench.clock.move(86_400_000)
  const { removed } = await (await bench.engine.create({ type: 'manual' })).result
  assert.deepEqual(removed.map(({ backup }) => backup.id), [1, 2])
})
