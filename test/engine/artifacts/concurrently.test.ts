import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sideBySide } from '../../../src/engine/artifacts/concurrently.ts'
import { rejection, until } from '../../support/streams.ts'

async function* itemsOf<T> (items: readonly T[]): AsyncIterable<T> {
  yield* items
}

/** Work that goes on until it is ended, by item. */
function heldWork () {
  const begun: number[] = []
  const gates = new Map<number, PromiseWithResolvers<undefined>>()
  return {
    begun,
    work: (item: number): Promise<undefined> => {
      const gate = Promise.withResolvers<undefined>()
      begun.push(item)
      gates.set(item, gate)
      return gate.promise
    },
    end: (item: number): void => {
      gates.get(item)?.resolve(undefined)
    },
    fail: (item: number, error: Error): void => {
      gates.get(item)?.reject(error)
    }
  }
}

test('the work is done once for each item, and for at most as many at once as the limit', async () => {
  const { begun, work, end } = heldWork()
  const done = sideBySide(itemsOf([1, 2, 3, 4]), 2, work)
  await until(() => begun.length === 2)
  await new Promise(setImmediate)
  assert.deepEqual(begun, [1, 2])
  end(2)
  await until(() => begun.length === 3)
  end(1)
  await until(() => begun.length === 4)
  for (const item of begun) end(item)
  await done
  assert.deepEqual(begun, [1, 2, 3, 4])
})

test('the first failure is thrown after all that was begun has ended, and nothing more is begun', async () => {
  const { begun, work, end, fail } = heldWork()
  const [first, second] = [new Error('first'), new Error('second')]
  let isOver = false
  const thrown = rejection(
    sideBySide(itemsOf([1, 2, 3, 4]), 3, work).finally(() => {
      isOver = true
    })
  )
  await until(() => begun.length === 3)
  fail(2, first)
  await new Promise(setImmediate)
  assert.equal(isOver, false)
  fail(1, second)
  end(3)
  assert.equal(await thrown, first)
  assert.deepEqual(begun, [1, 2, 3])
})

test('a list that fails is an error after the work that was begun has ended', async () => {
  const { begun, work, end } = heldWork()
  const dead = new Error('the list died')
  let isOver = false
  const thrown = rejection(
    sideBySide(
      (async function* () {
        yield 1
        throw dead
      })(),
      3,
      work
    ).finally(() => {
      isOver = true
    })
  )
  await until(() => begun.length === 1)
  await new Promise(setImmediate)
  assert.equal(isOver, false)
  end(1)
  assert.equal(await thrown, dead)
})
