import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LastReading } from '../../src/monitoring/last-reading.ts'
import { FakeClock } from '../support/fake-clock.ts'

test('a reading that answers is told as it is now', async () => {
  let reading = 0
  const latest = new LastReading(async () => ++reading, new FakeClock())
  assert.deepEqual([await latest.value(500), await latest.value(500)], [1, 2])
})

test('a reading that hangs tells the last one that there was, and is not begun twice', async () => {
  const clock = new FakeClock()
  const hanging = Promise.withResolvers<string>()
  const readings = [Promise.resolve('first'), hanging.promise]
  const latest = new LastReading(async () => await readings.shift()!, clock)
  assert.equal(await latest.value(500), 'first')

  const impatient = [latest.value(500), latest.value(500)]
  clock.move(500)
  assert.deepEqual(await Promise.all(impatient), ['first', 'first'])
  assert.equal(readings.length, 0)

  hanging.resolve('second')
  assert.equal(await latest.value(500), 'second')
})

test('a reading that fails leaves nothing to tell', async () => {
  const readings = [Promise.resolve(1), Promise.reject(new Error('gone'))]
  const latest = new LastReading(async () => await readings.shift()!, new FakeClock())
  assert.deepEqual([await latest.value(500), await latest.value(500)], [1, undefined])
})
