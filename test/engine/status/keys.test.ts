import assert from 'node:assert/strict'
import { test } from 'node:test'
import { confirmKey, keyStates } from '../../../src/engine/status/keys.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { ageKey, keyring, type AgeKey } from '../../support/pipeline/keys.ts'
import { rejectsWith } from '../../support/rejects.ts'

const [current, ...others] = [await ageKey(), await ageKey(), await ageKey()]
/** In the order of ids the spare one comes first. */
const [spare, old] = others.toSorted((a, b) => a.recipient < b.recipient ? -1 : 1) as [AgeKey, AgeKey]
const before = await keyring({ sealing: { encryption: 'age', ageRecipients: [old.recipient] } })
const after = await keyring({
  identities: [spare.identity],
  sealing: { encryption: 'age', ageRecipients: [current.recipient] }
})

test('keys in use come first, then those that backups need, then the rest', async t => {
  const bench = await testEngine(t, { keyring: before })
  await bench.create()
  await bench.create()
  const deps = { ...bench.deps, keyring: after }
  assert.deepEqual(
    (await keyStates(deps)).map(
      ({ id, isInUse, isPrivate, backups, confirmedAt, confirmedBy }) => [
        id,
        isInUse,
        isPrivate,
        backups,
        confirmedAt,
        confirmedBy
      ]
    ),
    [
      [current.recipient, true, false, 0, null, null],
      [old.recipient, false, false, 2, null, null],
      [spare.recipient, false, true, 0, null, null]
    ]
  )
})

test('a key that is configured and needed is one key', async t => {
  const bench = await testEngine(t, { keyring: before })
  await bench.create()
  assert.deepEqual((await keyStates(bench.deps)).map(({ id, isInUse, backups }) => [id, isInUse, backups]), [[
    old.recipient,
    true,
    1
  ]])
})

test('a confirmation is recorded with the time and the actor, and may be repeated', async t => {
  const bench = await testEngine(t, { keyring: before })
  const at = bench.clock.now()
  const confirmed = await confirmKey(bench.deps, old.recipient, 'ann')
  assert.deepEqual([confirmed.id, confirmed.confirmedAt, confirmed.confirmedBy], [old.recipient, at, 'ann'])
  bench.clock.move(1000)
  assert.equal((await confirmKey(bench.deps, old.recipient, 'ben')).confirmedBy, 'ben')
  assert.deepEqual((await keyStates(bench.deps)).map(({ confirmedAt, confirmedBy }) => [confirmedAt, confirmedBy]), [[
    bench.clock.now(),
    'ben'
  ]])
})

test('a key that is neither configured nor needed is KEY_NOT_FOUND, and one that only backups need can be confirmed', async t => {
  const bench = await testEngine(t, { keyring: before })
  await bench.create()
  const deps = { ...bench.deps, keyring: after }
  await rejectsWith('KEY_NOT_FOUND', confirmKey(deps, old.recipient.slice(0, -1), 'ann'))
  assert.deepEqual(await deps.catalog.keys.confirmations(), [])
  assert.equal((await confirmKey(deps, old.recipient, 'ann')).confirmedBy, 'ann')
})
