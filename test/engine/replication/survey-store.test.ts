import assert from 'node:assert/strict'
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { emptied, surveyStore } from '../../../src/engine/replication/survey-store.ts'
import type { OffsiteStore } from '../../../src/engine/deps.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

interface Made extends TestEngine {
  readonly far: TestOffsite
  readonly offsite: OffsiteStore
}

async function make (t: TestContext, given: Parameters<typeof testOffsite>[1][string] = {}): Promise<Made> {
  const far = await testOffsite(t, { far: given })
  return { ...await testEngine(t, { offsite: far.offsite }), far, offsite: far.offsite.get('far')! }
}

async function status ({ engine }: Made, id: number): Promise<string | undefined> {
  return (await engine.backup(id)).copies.find(({ store }) => store === 'far')?.status
}

function failures ({ events }: Made): unknown[] {
  return events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : [])
}

test('a list that does not show an object is not believed', async t => {
  const made = await make(t)
  const backup = await made.create({ upload: true })
  await made.create({ upload: true })
  const { store } = made.offsite
  const stale: typeof store = {
    ...store,
    list: async function* (prefix, signal) {
      for await (const object of store.list(prefix, signal)) if (!object.key.startsWith(backup.key)) yield object
    }
  }
  assert.equal(await surveyStore(made.deps, { ...made.offsite, store: stale }, never), 0)
  assert.equal(await status(made, backup.id), 'stored')
})

test('a store that should hold copies and holds nothing is another place: a survey of it is refused', async t => {
  const made = await make(t)
  const backup = await made.create({ upload: true })
  for (const file of made.far.files('far')) rmSync(join(made.far.directories['far']!, file))
  const { message } = await rejectsWith('STORE_UNAVAILABLE', surveyStore(made.deps, made.offsite, never))
  assert.equal(message, emptied(made.offsite.store, 1).message)
  assert.equal(await status(made, backup.id), 'stored')
})

test('a store that holds captured log is not another place, though all its copies are gone', async t => {
  const made = await make(t)
  const backup = await made.create({ upload: true })
  for (const file of made.far.files('far')) rmSync(join(made.far.directories['far']!, file))
  mkdirSync(join(made.far.directories['far']!, 'log/shop/lineage-1'), { recursive: true })
  writeFileSync(join(made.far.directories['far']!, 'log/shop/lineage-1/000000010000000000000002'), 'a segment')
  assert.equal(await surveyStore(made.deps, made.offsite, never), 1)
  assert.equal(await status(made, backup.id), 'missing')
})

test('a survey marks the copies whose object or manifest is gone, or that have another length, and counts them', async t => {
  const made = await make(t)
  const [whole, gone, bare, short] = [
    await made.create({ upload: true }),
    await made.create({ upload: true }),
    await made.create({ upload: true }),
    await made.create({ upload: true })
  ]
  const at = (name: string): string => join(made.far.directories['far']!, name)
  rmSync(at(gone.key))
  rmSync(at(`${bare.key}.manifest.json`))
  truncateSync(at(short.key), 5)
  assert.equal(await surveyStore(made.deps, made.offsite, never), 3)
  const copies = await Promise.all(
    [whole, gone, bare, short].map(async ({ id }) =>
      (await made.engine.backup(id)).copies.find(({ store }) => store === 'far')
    )
  )
  assert.deepEqual(copies.map(copy => [copy?.status, copy?.error]), [
    ['stored', null],
    ['missing', 'the object no longer exists'],
    ['missing', 'the manifest no longer exists'],
    ['missing', `the object has 5 bytes instead of ${short.size}`]
  ])
  assert.deepEqual(failures(made), Array(3).fill(['survey', 'OBJECT_NOT_FOUND']))
  assert.equal(await surveyStore(made.deps, made.offsite, never), 0, 'what is missing is not missed again')
})

test('a survey that the store ends throws what the store throws, and marks nothing', async t => {
  const made = await make(t)
  const backup = await made.create({ upload: true })
  await made.create({ upload: true })
  rmSync(join(made.far.directories['far']!, backup.key))
  made.far.faults.fail('far.stat', {
    error: new BackupError('STORE_UNAVAILABLE', 'it is down'),
    on: new RegExp(`^${backup.key}$`)
  })
  await rejectsWith('STORE_UNAVAILABLE', surveyStore(made.deps, made.offsite, never))
  assert.equal(await status(made, backup.id), 'stored')
})
