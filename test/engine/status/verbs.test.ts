import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testSigning } from '../../support/engine/signing.ts'

test('a source and a store that are not configured are refused', async t => {
  const { engine } = await testEngine(t)
  await rejectsWith('SOURCE_NOT_FOUND', engine.source('attic'))
  await rejectsWith('STORE_NOT_FOUND', engine.probe('attic'))
})

test('the version changes when a job begins, when it ends, and with the catalog', async t => {
  const { engine, faults } = await testEngine(t)
  const seen = [engine.version()]
  const pause = faults.pause('source.probe')
  const { result } = await engine.create({ type: 'manual' })
  await pause.reached
  seen.push(engine.version())
  pause.go()
  const { id } = await result
  seen.push(engine.version())
  await engine.edit(id, { pinned: true })
  seen.push(engine.version(), engine.version())
  assert.deepEqual([new Set(seen).size, seen[3]], [4, seen[4]])
})

test('the signing keys are those by which manifests are judged', async t => {
  const signing = testSigning()
  const { engine } = await testEngine(t, { signing })
  assert.deepEqual(engine.signingKeys(), signing.keys)
})
