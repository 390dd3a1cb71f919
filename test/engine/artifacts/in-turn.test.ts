import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTurn } from '../../../src/engine/artifacts/in-turn.ts'
import { rejection } from '../../support/streams.ts'

test('each step begins after the one before it has ended, also after a failure, and the first error is thrown', async () => {
  const seen: string[] = []
  const step = (name: string, error?: Error) => async (): Promise<void> => {
    seen.push(`${name} begins`)
    await Promise.resolve()
    seen.push(`${name} ends`)
    if (error !== undefined) throw error
  }
  const first = new Error('first')
  assert.equal(await rejection(inTurn([step('a'), step('b', first), step('c', new Error('second')), step('d')])), first)
  assert.deepEqual(seen, ['a', 'b', 'c', 'd'].flatMap(name => [`${name} begins`, `${name} ends`]))
})

test('without an error, and without a step, it resolves', async () => {
  await inTurn([])
  await inTurn([async () => 'done'])
})
