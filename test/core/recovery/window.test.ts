import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { basesOf } from '../../../src/core/recovery/plan.ts'
import type { Segment } from '../../../src/core/recovery/segment.ts'
import { windowsOf, type Window } from '../../../src/core/recovery/window.ts'
import { at, instant, linked, segmentOf } from '../../support/builders/recovery.ts'

function windows (backups: readonly Backup[], segments: readonly Segment[], until: Date | null = null) {
  return windowsOf(basesOf(backups), segments, until)
}

/** `lineage from-to bases`, positions as numbers. */
function short (found: readonly Window[]): readonly string[] {
  return found.map(({ lineage, from, to, bases }) =>
    `${lineage} ${Number.parseInt(from, 16)}-${Number.parseInt(to, 16)} ${bases.join(',')}`
  )
}

test('a backup without captured log is a window of one position', () => {
  assert.deepEqual(windows([linked(1, 10)], []), [{
    lineage: 'lineage-1',
    from: at(10),
    to: at(10),
    fromAt: instant(10),
    toAt: instant(10),
    bases: [1]
  }])
})

test('a window reaches from its first backup to the end of the log, and ends at a gap', () => {
  const segments = [segmentOf(5, 15), segmentOf(15, 25), segmentOf(26, 40)]
  const found = windows([linked(1, 10), linked(2, 20, { chain: 'b' }), linked(3, 30, { chain: 'c' })], segments)
  assert.deepEqual(short(found), ['lineage-1 10-25 1,2', 'lineage-1 30-40 3'])
  assert.deepEqual(found.map(({ fromAt, toAt }) => [fromAt, toAt]), [[instant(10), instant(25)], [
    instant(30),
    instant(40)
  ]])
})

test('a backup that needs log counts only where all of it is there', () => {
  const base = linked(1, 20, { from: 10 })
  assert.deepEqual(short(windows([base], [])), [])
  assert.deepEqual(short(windows([base], [segmentOf(10, 15), segmentOf(16, 30)])), [])
  assert.deepEqual(short(windows([base], [segmentOf(11, 30)])), [])
  assert.deepEqual(short(windows([base], [segmentOf(8, 15), segmentOf(15, 20)])), ['lineage-1 20-20 1'])
})

test('lineages have windows of their own, oldest first', () => {
  const other = { lineage: 'lineage-2', chain: 'chain-2' }
  const found = windows([linked(2, 5, other), linked(1, 10)], [
    segmentOf(10, 30),
    segmentOf(5, 20, { lineage: 'lineage-2' })
  ])
  assert.deepEqual(short(found), ['lineage-2 5-20 2', 'lineage-1 10-30 1'])
})

test('what is known to be captured extends the window of the head alone', () => {
  const until = instant(100)
  const toAt = (found: readonly Window[]): readonly Date[] => found.map(window => window.toAt)
  const backups = [linked(1, 10), linked(2, 20, { chain: 'b' })]
  assert.deepEqual(toAt(windows(backups, [segmentOf(10, 15), segmentOf(20, 30)], until)), [instant(15), until])
  // The head lies beyond a gap, where nothing can be restored from.
  assert.deepEqual(toAt(windows([linked(1, 10)], [segmentOf(10, 15), segmentOf(20, 30)], until)), [instant(15)])
  assert.deepEqual(toAt(windows(backups, [], instant(1))), [instant(10), instant(20)])
  const other = linked(3, 3, { lineage: 'lineage-2', chain: 'c' }, { completedAt: instant(50) })
  assert.deepEqual(toAt(windows([linked(1, 10), other], [segmentOf(10, 15)], until)), [instant(15), until])
})

test('only whole chains of sound live backups are bases', () => {
  const chain = [linked(1, 10), linked(2, 20, { depth: 1 }, { parentId: 1 })]
  const ids = (backups: readonly Backup[]): readonly number[] => basesOf(backups).map(({ id }) => id)
  assert.deepEqual(ids(chain), [1, 2])
  assert.deepEqual(ids(chain.slice(1)), [])
  assert.deepEqual(
    ids([{ ...chain[0]!, verification: { status: 'invalid', checkedAt: null, checks: [] } }, chain[1]!]),
    []
  )
  assert.deepEqual(ids([chain[0]!, { ...chain[1]!, trashedAt: instant(0) }]), [1])
  assert.deepEqual(ids([{ ...chain[0]!, link: null }]), [])
})

test('the windows cover exactly the positions to which some backup leads, step by step', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(20), fc.nat(4)), { maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(25), fc.integer({ min: 1, max: 6 })), { maxLength: 10 }),
      (bases, spans) => {
        const covers = (position: number): boolean =>
          spans.some(([from, length]) => from <= position && position < from + length)
        const expected = new Set<number>()
        for (const [from, length] of bases) {
          const to = from + length
          if (Array.from({ length }, (_, n) => from + n).some(position => !covers(position))) continue
          expected.add(to)
          for (let position = to; covers(position); position++) expected.add(position + 1)
        }
        const found = windows(
          bases.map(([from, length], n) => linked(n + 1, from + length, { from, chain: `chain-${n}` })),
          spans.map(([from, length]) => segmentOf(from, from + length))
        )
        const covered = found.flatMap(({ from, to }) => {
          const first = Number.parseInt(from, 16)
          return Array.from({ length: Number.parseInt(to, 16) - first + 1 }, (_, n) => first + n)
        })
        assert.deepEqual(covered.toSorted((a, b) => a - b), [...expected].toSorted((a, b) => a - b))
      }
    ),
    { numRuns: 1000 }
  )
})
