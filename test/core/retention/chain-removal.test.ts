import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { countChains, inOrderOfRemoval, keepBuiltOn } from '../../../src/core/retention/chain-removal.ts'
import type { Retained } from '../../../src/core/retention/retention.ts'
import { backupOf } from '../../support/builders/backup.ts'
import { linked } from '../../support/builders/recovery.ts'

const CHAIN = [
  linked(1, 10),
  linked(2, 20, { depth: 1 }, { parentId: 1 }),
  linked(3, 30, { depth: 2 }, { parentId: 2 })
]

function decided (backups: readonly Backup[], going: readonly number[]): readonly Retained[] {
  return backups.map(backup => {
    const keep = !going.includes(backup.id)
    return { backup, keep, reasons: ['so'], removal: keep ? null : 'trash', isBeyond: !keep }
  })
}

function kept (decisions: readonly Retained[]): readonly number[] {
  return decisions.filter(({ keep }) => keep).map(({ backup }) => backup.id)
}

test('chains are counted by their full backups, and are lost where nothing of them stays', () => {
  const all = [...CHAIN, backupOf(4), linked(5, 50, { chain: 'chain-2' })]
  const count = (...going: readonly number[]) => countChains(decided(all, going), ({ keep }) => !keep)
  assert.deepEqual(count(), { going: 0, of: 3 })
  assert.deepEqual(count(2, 3, 4), { going: 1, of: 3 })
  assert.deepEqual(count(1, 2, 3, 5), { going: 2, of: 3 })
})

test('without chains each backup counts', () => {
  const all = [1, 2, 3].map(id => backupOf(id))
  assert.deepEqual(countChains(decided(all, [1, 3]), ({ keep }) => !keep), { going: 2, of: 3 })
})

test('nothing goes from everywhere while something is built on it that stays anywhere', () => {
  const [full, first, second] = CHAIN as [Backup, Backup, Backup]
  const home = decided([full, first], [1, 2])
  const far = decided([second], [])
  const settled = keepBuiltOn([...home, ...far], CHAIN)
  assert.deepEqual([kept(settled), settled[0]?.reasons, settled[0]?.removal], [
    [1, 2, 3],
    ['backup 3 depends on it'],
    null
  ])
  // Another store keeps it.
  assert.deepEqual(kept(keepBuiltOn([...decided([full], [1]), ...decided([full, first], [])], CHAIN)), [1, 2])
  // Nobody decides on the third, so it stays.
  assert.deepEqual(kept(keepBuiltOn(home, CHAIN)), [1, 2])
  assert.deepEqual(kept(keepBuiltOn(home, [full, first])), [])
})

test('without chains the decisions are what they were', () => {
  const all = [backupOf(1), backupOf(2)]
  const decisions = decided(all, [1])
  assert.equal(keepBuiltOn(decisions, all), decisions)
})

test('the oldest goes first, and of a chain what is built on the rest', () => {
  const newestFirst = [
    linked(6, 60, { depth: 1, chain: 'b' }, { parentId: 4 }),
    backupOf(5),
    linked(4, 40, { chain: 'b' }),
    ...CHAIN.toReversed()
  ]
  const order = (backups: readonly Backup[]): readonly number[] =>
    inOrderOfRemoval(decided(backups, [])).map(({ backup }) => backup.id)
  assert.deepEqual(order(newestFirst), [3, 2, 1, 6, 4, 5])
  assert.deepEqual(order([backupOf(3), backupOf(2), backupOf(1)]), [1, 2, 3])
})
