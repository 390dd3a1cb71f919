import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { never, rejection } from '../support/streams.ts'

test('the clock of the system tells the time of now', () => {
  const before = Date.now()
  const now = systemClock.now().getTime()
  assert.ok(now >= before && now <= Date.now())
})

test('it wakes after the time', async () => {
  await systemClock.sleep(1, never)
})

test("an abort wakes it with the signal's reason", async () => {
  const reason = new Error('enough')
  const abort = new AbortController()
  const slept = rejection(systemClock.sleep(1_000_000, abort.signal))
  abort.abort(reason)
  assert.equal(await slept, reason)
  assert.equal(await rejection(systemClock.sleep(1_000_000, abort.signal)), reason)
})

test('a time that cannot be waited for is the error of the system', async () => {
  assert.equal(
    (await rejection(systemClock.sleep('soon' as unknown as number, never)) as { code: string }).code,
    'ERR_INVALID_ARG_TYPE'
  )
})
