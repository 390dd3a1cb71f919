import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Transform } from 'node:stream'
import { test } from 'node:test'
import { throttle } from '../../src/pipeline/throttle.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { never, noise, rejection, through, until } from '../support/streams.ts'

const RATE = 1000

/** Moves the clock from one sleep to the next until the work has ended. Returns the milliseconds that it took. */
async function timeOf (clock: FakeClock, work: Promise<unknown>): Promise<number> {
  const begin = clock.now().getTime()
  const state = { isOver: false }
  const ended = work.finally(() => {
    state.isOver = true
  })
  while (!state.isOver) {
    await until(() => state.isOver || clock.sleeping > 0)
    clock.moveToNext()
  }
  await ended
  return clock.now().getTime() - begin
}

async function send (stage: Transform, chunk: Buffer): Promise<void> {
  await new Promise<void>(resolve => {
    stage.resume().write(chunk, () => {
      resolve()
    })
  })
}

test('bytes go through as they came, evenly, at the rate that is given', async () => {
  const clock = new FakeClock()
  const bytes = noise(5000)
  const sent = through(throttle(RATE, clock, never), [bytes.subarray(0, 1), bytes.subarray(1)])
  const taken = await timeOf(clock, sent)
  assert.deepEqual(await sent, bytes)
  // The first tenth of a second goes at once.
  assert.ok(taken >= 4900 && taken <= 5010, String(taken))
})

test('a pause of the sender is not made up for', async () => {
  const clock = new FakeClock()
  const stage = throttle(RATE, clock, never)
  await timeOf(clock, send(stage, noise(1000)))
  clock.move(3_600_000)
  const taken = await timeOf(clock, send(stage, noise(1000)))
  assert.ok(taken >= 900, String(taken))
})

test('where the clock is set back bytes wait twice as long at most', async () => {
  const clock = new FakeClock()
  const stage = throttle(RATE, clock, never)
  await timeOf(clock, send(stage, noise(1000)))
  clock.move(-3_600_000)
  const taken = await timeOf(clock, send(stage, noise(1000)))
  assert.ok(taken <= 2000, String(taken))
})

test('an abort ends the waiting with its reason', async () => {
  const clock = new FakeClock()
  const abort = new AbortController()
  const stage = throttle(RATE, clock, abort.signal)
  const failed = once(stage, 'error')
  stage.resume().write(noise(1000))
  await until(() => clock.sleeping > 0)
  const reason = new Error('stopped')
  abort.abort(reason)
  assert.deepEqual(await failed, [reason])
  assert.equal(await rejection(stage.toArray()), reason)
})
