import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { chainOf, chooseParent, isIncrement, type ChainPolicy } from '../../../src/core/recovery/chain.ts'
import { DAMAGED, NOW, backupOf } from '../../support/builders/backup.ts'
import { linked } from '../../support/builders/recovery.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const FULL = linked(1, 10)
const FIRST = linked(2, 20, { depth: 1 }, { parentId: 1 })
const SECOND = linked(3, 30, { depth: 2 }, { parentId: 2 })
const SUSPECT = { suspicion: { reasons: ['odd'], releasedAt: null, releasedBy: null } }

function chain (of: Backup, ...others: readonly Backup[]): readonly [readonly number[], string | null] {
  const { links, broken } = chainOf(of, new Map([of, ...others].map(one => [one.id, one])))
  return [links.map(({ id }) => id), broken]
}

test('a chain is the full backup, then each increment, and last the backup itself', () => {
  assert.deepEqual(chain(SECOND, FULL, FIRST), [[1, 2, 3], null])
  assert.deepEqual(chain(FULL, FIRST, SECOND), [[1], null])
  assert.deepEqual(chain(backupOf(4), FULL), [[4], null])
})

test('a chain without one of its links says which is not there', () => {
  assert.deepEqual(chain(SECOND, FULL), [[3], 'backup 3 depends on backup 2, which is missing'])
  assert.deepEqual(chain({ ...FIRST, parentId: null }), [
    [2],
    'backup 2 depends on an unknown backup, which is missing'
  ])
})

test('links of other chains, lineages and depths do not make a chain', () => {
  for (const link of [{ chain: 'chain-2' }, { lineage: 'lineage-2' }, { depth: 2 }]) {
    const odd = linked(2, 20, { depth: 1, ...link }, { parentId: 1 })
    assert.deepEqual(chain(odd, FULL), [[1, 2], 'backups 1 and 2 belong to different chains'])
  }
})

test('a chain that runs in a circle is broken', () => {
  const [one, two] = [backupOf(1, { parentId: 2 }), backupOf(2, { parentId: 1 })]
  assert.deepEqual(chain(one, two), [[2, 1], 'backup 1 depends on itself'])
})

test('an increment is one by its parent or by its depth', () => {
  assert.deepEqual([FULL, FIRST, { ...FIRST, parentId: null }, backupOf(1)].map(isIncrement), [
    false,
    true,
    true,
    false
  ])
})

/** The id of the chosen parent, or why there is none. */
function chosen (candidates: readonly Backup[], policy: Partial<ChainPolicy> = {}): number | string {
  const { parent, reason } = chooseParent(candidates, { maxLength: 6, maxAge: 30 * DAY, ...policy }, NOW)
  return parent === null ? reason : parent.id
}

test('an increment is built on the newest backup of a chain', () => {
  assert.equal(chosen([FULL, FIRST, SECOND]), 3)
  assert.equal(chosen([FULL, FIRST, SECOND, backupOf(4), linked(5, 40, { chain: 'chain-2' })]), 5)
})

test('nothing that is gone, failed or of the future is built on', () => {
  assert.equal(chosen([FULL, { ...FIRST, trashedAt: NOW }]), 1)
  assert.equal(chosen([FULL, { ...FIRST, status: 'failed' }]), 1)
  assert.equal(chosen([FULL, { ...FIRST, startedAt: new Date(NOW.getTime() + 3_600_000) }]), 1)
  assert.equal(chosen([backupOf(1)]), 'there is no backup yet for an increment')
})

test('a chain with a damaged, suspect or missing link is not gone on with', () => {
  assert.equal(chosen([FULL, FIRST, { ...SECOND, ...DAMAGED }]), 'backup 3 is damaged')
  assert.equal(chosen([FULL, { ...FIRST, ...DAMAGED }, SECOND]), 'backup 2 is damaged')
  assert.equal(chosen([{ ...FULL, ...SUSPECT }, FIRST, SECOND]), 'backup 1 is suspect')
  assert.equal(chosen([FIRST, SECOND]), 'backup 2 depends on backup 1, which is missing')
})

test('a suspect that was declared good is built on', () => {
  assert.equal(chosen([{ ...FULL, suspicion: { reasons: ['odd'], releasedAt: NOW, releasedBy: 'anna' } }]), 1)
})

test('a chain that is as long as it may be is not gone on with', () => {
  assert.equal(chosen([FULL, FIRST, SECOND], { maxLength: 4 }), 3)
  assert.equal(
    chosen([FULL, FIRST, SECOND], { maxLength: 3 }),
    'the chain of backup 3 has reached maxChainLength (3)'
  )
  assert.equal(chosen([FULL], { maxLength: 1 }), 'the chain of backup 1 has reached maxChainLength (1)')
})

test('a chain whose full backup is old is not gone on with, and a run may begin minutes early', () => {
  const age = NOW.getTime() - FULL.startedAt.getTime()
  assert.equal(chosen([FULL, FIRST], { maxAge: age + 6 * MINUTE }), 2)
  for (const maxAge of [age, age + 5 * MINUTE]) {
    assert.equal(
      chosen([FULL, FIRST], { maxAge }),
      `the full backup 1 has reached maxChainAge (${(maxAge / DAY).toFixed(1).replace('.0', '')} days)`
    )
  }
})
