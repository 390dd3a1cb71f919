import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { landingSurvey } from '../../../src/engine/recovery/survey-landing.ts'
import { filesOf, testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

const DAY = 86_400_000

interface Surveyed extends TestEngine {
  /** Housekeeping with the survey of one process. */
  readonly look: () => Promise<void>
  readonly statuses: () => Promise<string[]>
}

async function surveyed (t: TestContext, options: TestEngineOptions = {}): Promise<Surveyed> {
  const bench = await testEngine(t, options)
  const survey = landingSurvey(bench.deps)
  return {
    ...bench,
    look: async () => {
      await housekeep(bench.deps, { survey })
    },
    statuses: async () =>
      (await bench.engine.backups({ limit: 100 })).backups.map(({ id, verification: { status } }) => `${id} ${status}`)
  }
}

/** Takes object and manifest of a backup out of the store. Returns how to put them back. */
function takeAway ({ directory }: TestEngine, key: string): () => void {
  const names = filesOf({ key })
  for (const name of names) renameSync(join(directory, name), join(directory, '..', name))
  return () => {
    for (const name of names) renameSync(join(directory, '..', name), join(directory, name))
  }
}

test('a file that was removed by hand makes its backup invalid within a day, once, as a verification would', async t => {
  const bench = await surveyed(t)
  const [, two] = [await bench.create(), await bench.create(), await bench.create()]
  await bench.look()
  takeAway(bench, two.key)
  await bench.look()
  assert.deepEqual(await bench.statuses(), ['3 valid', '2 valid', '1 valid'])
  for (let day = 0; day < 2; day++) {
    bench.clock.move(DAY)
    await bench.look()
    assert.deepEqual(await bench.statuses(), ['3 valid', '2 invalid', '1 valid'])
  }
  const [last, ...others] = await bench.engine.verifications(two.id)
  assert.deepEqual([others.length, last?.verification.checks[0]], [1, {
    name: 'file_exists',
    status: 'fail',
    reason: `"${two.filePath}" does not exist`
  }])
  assert.deepEqual(
    bench.events.flatMap(event =>
      event.type === 'verification.finished' && !event.verification.valid ? [event.backup.id] : []
    ),
    [two.id]
  )
  assert.equal((await bench.deps.catalog.alerts.evidence('shop')).damaged[0]?.id, two.id)
})

test('a file that is there again makes its backup unverified at the next look, and it can be verified', async t => {
  const bench = await surveyed(t)
  const [one] = [await bench.create(), await bench.create(), await bench.create()]
  const putBack = takeAway(bench, one.key)
  await bench.look()
  assert.deepEqual(await bench.statuses(), ['3 valid', '2 valid', '1 invalid'])
  putBack()
  await bench.look()
  assert.deepEqual(await bench.statuses(), ['3 valid', '2 valid', '1 unverified'])
  assert.equal((await (await bench.engine.verify(one.id)).result).verification.valid, true)
})

test('what was found damaged stays so, although its file is there', async t => {
  const bench = await surveyed(t)
  const [one] = [await bench.create(), await bench.create()]
  await bench.deps.catalog.backups.recordVerification(one.id, {
    valid: false,
    checks: [{ name: 'file_exists', status: 'pass' }, { name: 'checksum', status: 'fail', reason: 'another one' }],
    remedy: null
  }, bench.clock.now())
  await bench.look()
  assert.deepEqual(await bench.statuses(), ['2 valid', '1 invalid'])
})

test('a store that is away, empty, or another one proves nothing', async t => {
  const bench = await surveyed(t)
  for (let n = 0; n < 4; n++) await bench.create()
  const before = await bench.statuses()
  const away = `${bench.directory}.away`
  renameSync(bench.directory, away)
  await bench.look()
  assert.deepEqual(await bench.statuses(), before, 'it is away')
  mkdirSync(bench.directory)
  bench.clock.move(DAY)
  await bench.look()
  assert.deepEqual(await bench.statuses(), before, 'an empty mount point')
  rmSync(bench.directory, { recursive: true })
  renameSync(away, bench.directory)
  for (const file of bench.files()) rmSync(join(bench.directory, file))
  bench.clock.move(DAY)
  await bench.look()
  assert.deepEqual(await bench.statuses(), before, 'its marker alone')
})

test('a store that goes away in the middle of a survey is not believed', async t => {
  const bench = await surveyed(t)
  const [one] = [await bench.create(), await bench.create(), await bench.create(), await bench.create()]
  bench.faults.meanwhile('store.stat', () => {
    renameSync(bench.directory, `${bench.directory}.away`)
    mkdirSync(bench.directory)
  }, new RegExp(`^${one.key}$`))
  await landingSurvey(bench.deps)()
  assert.deepEqual(await bench.statuses(), ['4 valid', '3 valid', '2 valid', '1 valid'])
})

test('a backup that another store holds stays valid, is verified there, and its loss here is told', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const bench = await surveyed(t, { offsite })
  const [one] = [await bench.create({ upload: true }), await bench.create()]
  takeAway(bench, one.key)
  await bench.look()
  assert.deepEqual(await bench.statuses(), ['2 valid', '1 valid'])
  assert.deepEqual(
    bench.events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []),
    [['survey', 'OBJECT_NOT_FOUND']]
  )
  assert.equal((await (await bench.engine.verify(one.id)).result).verification.valid, true)
})

test('a backup whose other store cannot be asked is not judged', async t => {
  const { offsite, directories } = await testOffsite(t, { far: {} })
  const bench = await surveyed(t, { offsite })
  const [one] = [await bench.create({ upload: true }), await bench.create()]
  takeAway(bench, one.key)
  rmSync(directories['far'] ?? '', { recursive: true })
  await bench.look()
  assert.deepEqual(await bench.statuses(), ['2 valid', '1 valid'])
})

test('a file that cannot be asked for hinders none of the others', async t => {
  const bench = await surveyed(t)
  const [one, two] = [await bench.create(), await bench.create(), await bench.create()]
  takeAway(bench, one.key)
  bench.faults.fail('store.stat', {
    error: new BackupError('STORE_FAILED', 'input/output error'),
    on: new RegExp(`^${two.key}$`)
  })
  await landingSurvey(bench.deps)()
  assert.deepEqual(await bench.statuses(), ['3 valid', '2 valid', '1 invalid'])
})
