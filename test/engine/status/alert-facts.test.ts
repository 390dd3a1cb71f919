import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { INSTANCE_MARKER } from '../../../src/core/instance.ts'
import type { NewRun } from '../../../src/core/schedule/run.ts'
import { alertFacts, pruneFacts } from '../../../src/engine/status/alert-facts.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { NOTHING_AROUND } from '../../support/engine/alert-facts.ts'

/** The clock of the tests starts on 2025-11-24 at 23:30. */
const DAILY = { pattern: '30 4 * * *', timeZone: 'UTC' }
const RULE = { kind: 'prune', source: null, rule: 'prune' } as const
const LONG_AGO = new Date('2025-01-01T00:00:00.000Z')

const at = (text: string): Date => new Date(`${text}.000Z`)

/** Writes the rule down, as it is since `since`, and one run of it that ended. */
async function record (
  { deps }: TestEngine,
  since: Date,
  ...runs: ReadonlyArray<Pick<NewRun, 'status' | 'dueAt' | 'finishedAt'>>
): Promise<void> {
  const added = runs.map(run => ({
    ...RULE,
    tier: null,
    method: 'full' as const,
    nextAttemptAt: null,
    reason: run.status === 'failed' ? 'it would not' : null,
    ...run
  }))
  await deps.catalog.runs.record({ rules: [{ ...RULE, definition: 'daily', since }], dropped: [], added, changed: [] })
}

test('the facts of each source are what its state asks and what the catalog knows', async t => {
  const bench = await testEngine(t)
  await bench.create()
  const [state] = await bench.engine.sources()
  const { sources } = await alertFacts(bench.deps, [{ ...state!, freshSince: LONG_AGO }], DAILY, NOTHING_AROUND)
  assert.deepEqual(sources, [{
    name: 'shop',
    freshSince: LONG_AGO,
    provenSince: null,
    isAutomationUnset: false,
    isMissing: false,
    drills: { lastProven: null, failed: null },
    copies: [],
    hookError: null,
    overLimit: null,
    ...await bench.deps.catalog.alerts.evidence('shop')
  }])
  assert.equal(sources[0]!.good, 1)
})

test('a backup that somebody cancelled is no evidence of a failure, one that failed is', async t => {
  const bench = await testEngine(t)
  const pause = bench.faults.pause('source.probe')
  const { job, result } = await bench.engine.create({ type: 'manual' })
  await pause.reached
  const cancelled = bench.engine.cancel(job.id)
  pause.go()
  await cancelled
  await rejectsWith('CANCELLED', result)
  assert.equal((await bench.deps.catalog.alerts.evidence('shop')).lastFailure, null)
  bench.faults.fail('source.probe', { error: new BackupError('SOURCE_MISSING', 'it is gone') })
  await rejectsWith('SOURCE_MISSING', bench.create())
  assert.deepEqual((await bench.deps.catalog.alerts.evidence('shop')).lastFailure, {
    at: bench.clock.now(),
    code: 'SOURCE_MISSING',
    message: 'it is gone'
  })
})

test('before a prune was ever due nothing is asked of it', async t => {
  const bench = await testEngine(t)
  assert.deepEqual(await pruneFacts(bench.deps, DAILY), { lastDone: null, freshSince: null, failure: null })
  await record(bench, at('2025-11-24T04:30:01'))
  assert.deepEqual(await pruneFacts(bench.deps, DAILY), { lastDone: null, freshSince: null, failure: null })
})

test('a prune is asked for since its last time, an hour after it', async t => {
  const bench = await testEngine(t)
  await record(bench, LONG_AGO)
  assert.deepEqual((await pruneFacts(bench.deps, DAILY)).freshSince, at('2025-11-24T04:30:00'))
  bench.clock.move(6 * 3_600_000 - 1)
  assert.deepEqual((await pruneFacts(bench.deps, DAILY)).freshSince, at('2025-11-24T04:30:00'))
  bench.clock.move(1)
  assert.deepEqual((await pruneFacts(bench.deps, DAILY)).freshSince, at('2025-11-25T04:30:00'))
})

test('the last prune that was done is told, and one that failed until the next is done', async t => {
  const bench = await testEngine(t)
  await record(
    bench,
    LONG_AGO,
    { status: 'done', dueAt: at('2025-11-22T04:30:00'), finishedAt: at('2025-11-22T04:31:00') },
    { status: 'failed', dueAt: at('2025-11-23T04:30:00'), finishedAt: at('2025-11-23T04:32:00') },
    { status: 'skipped', dueAt: at('2025-11-24T04:30:00'), finishedAt: at('2025-11-24T04:33:00') }
  )
  const failed = await pruneFacts(bench.deps, DAILY)
  assert.deepEqual([failed.lastDone, failed.failure], [at('2025-11-22T04:31:00'), {
    code: null,
    reason: 'it would not'
  }])
  await record(bench, LONG_AGO, {
    status: 'done',
    dueAt: at('2025-11-24T05:30:00'),
    finishedAt: at('2025-11-24T05:31:00')
  })
  const done = await pruneFacts(bench.deps, DAILY)
  assert.deepEqual([done.lastDone, done.failure], [at('2025-11-24T05:31:00'), null])
})

test('a landing store that has lost all its backups and kept its marker is refused by nobody, and is an alert until it is accepted', async t => {
  const bench = await testEngine(t)
  await bench.create()
  await bench.create()
  const refused = async (): Promise<string[]> =>
    (await alertFacts(bench.deps, [], DAILY, NOTHING_AROUND)).refused.map(({ code, message }) => `${code}: ${message}`)
  assert.deepEqual(await refused(), [])
  for (const name of readdirSync(bench.directory)) {
    if (name !== INSTANCE_MARKER) rmSync(join(bench.directory, name), { recursive: true })
  }
  const [found = '', ...others] = await refused()
  assert.deepEqual(others, [])
  assert.match(found, /^STORE_UNAVAILABLE: the store ".*" at ".*" is empty, but the catalog lists 2 backups in it$/)
  await bench.create()
  assert.deepEqual(await refused(), [])
})

test('automatic backups are unset until somebody says anything of them, and for the own catalog never', async t => {
  const bench = await testEngine(t, { settings: { autoBackupEnabled: false } })
  const unset = async (ownSource = 'holdfast'): Promise<boolean | undefined> =>
    (await alertFacts(bench.deps, await bench.engine.sources(), DAILY, { ...NOTHING_AROUND, ownSource })).sources[0]
      ?.isAutomationUnset
  assert.deepEqual([await unset(), await unset('shop')], [true, false])
  await bench.engine.changeSettings({ autoBackupEnabled: false })
  assert.equal(await unset(), false)
})

test('a source that itself says that it is not backed up automatically is not unset', async t => {
  const bench = await testEngine(t, { settings: { autoBackupEnabled: false }, policies: { shop: { enabled: false } } })
  const { sources } = await alertFacts(bench.deps, await bench.engine.sources(), DAILY, NOTHING_AROUND)
  assert.equal(sources[0]?.isAutomationUnset, false)
})

test('a missing database is a fact of its source', async t => {
  const bench = await testEngine(t)
  const { sources } = await alertFacts(bench.deps, await bench.engine.sources(), DAILY, {
    ...NOTHING_AROUND,
    missing: new Set(['shop'])
  })
  assert.equal(sources[0]?.isMissing, true)
})
