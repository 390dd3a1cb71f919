import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Chains, isFull } from '../../../src/core/retention/chains.ts'
import { DAMAGED, backupOf } from '../../support/builders/backup.ts'
import { linked } from '../../support/builders/recovery.ts'

const FULL = linked(1, 10)
const FIRST = linked(2, 20, { depth: 1 }, { parentId: 1 })
const SECOND = linked(3, 30, { depth: 2 }, { parentId: 2 })

test('an increment goes with its full backup, and what is broken with nothing', () => {
  const chains = new Chains([FULL, FIRST, SECOND])
  assert.deepEqual([FULL, FIRST, SECOND].map(one => chains.headOf(one).id), [1, 1, 1])
  assert.deepEqual(chains.parentOf(SECOND), FIRST)
  const broken = new Chains([FULL, SECOND])
  assert.deepEqual([broken.headOf(SECOND).id, broken.parentOf(SECOND)], [3, undefined])
})

test('what is built on a damaged backup, or on one that is not there, is no more sound', () => {
  const sound = (...live: readonly (typeof FULL)[]): readonly boolean[] =>
    live.map(one => new Chains(live).isSound(one))
  assert.deepEqual(sound(FULL, FIRST, SECOND), [true, true, true])
  assert.deepEqual(sound(FULL, { ...FIRST, ...DAMAGED }, SECOND), [true, false, false])
  assert.deepEqual(sound(FULL, SECOND), [true, false])
})

test('a full backup is one that is built on nothing', () => {
  assert.deepEqual([FULL, FIRST, backupOf(4), { ...FIRST, parentId: null }].map(isFull), [true, false, true, false])
})
