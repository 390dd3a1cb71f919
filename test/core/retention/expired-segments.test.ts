import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { basesOf, planRecovery } from '../../../src/core/recovery/plan.ts'
import type { Segment } from '../../../src/core/recovery/segment.ts'
import { expiredSegments } from '../../../src/core/retention/expired-segments.ts'
import { NOW } from '../../support/builders/backup.ts'
import { instant, linked, segmentOf } from '../../support/builders/recovery.ts'

const SEGMENTS = [0, 10, 20, 30, 40].map(from => segmentOf(from, from + 10))

function expired (bases: readonly Backup[], since: Date | null, segments: readonly Segment[] = SEGMENTS): string {
  return expiredSegments(segments, basesOf(bases), since).map(({ from, to }) =>
    `${Number.parseInt(from, 16)}-${Number.parseInt(to, 16)}`
  ).join(' ')
}

test('log stays from the oldest kept base on', () => {
  assert.equal(expired([linked(1, 20), linked(2, 40, { chain: 'b' })], null), '0-10 10-20')
  assert.equal(expired([linked(1, 25)], null), '0-10 10-20')
  assert.equal(expired([linked(1, 25, { from: 15 })], null), '0-10')
})

test('with a time, log stays from the newest base on that is older', () => {
  const bases = [linked(1, 10), linked(2, 30, { chain: 'b' }), linked(3, 40, { chain: 'c' })]
  assert.equal(expired(bases, instant(35)), '0-10 10-20 20-30')
  assert.equal(expired(bases, instant(29)), '0-10')
  assert.equal(expired(bases, instant(100)), '0-10 10-20 20-30 30-40')
})

test('log that a kept base needs stays, however old it is', () => {
  const bases = [linked(1, 25, { from: 15 }), linked(2, 40, { chain: 'b' })]
  assert.equal(expired(bases, instant(100)), '0-10 30-40')
})

test('what is younger than the log is kept stays, whatever bases there are', () => {
  assert.equal(expired([linked(1, 50)], instant(30)), '0-10 10-20')
})

test('log of a lineage without a base stays until another lineage has a newer base', () => {
  assert.equal(expired([], null), '')
  const other = (position: number) => linked(1, position, { lineage: 'lineage-2', chain: 'b' })
  assert.equal(expired([other(35)], null), '0-10 10-20 20-30')
  assert.equal(expired([other(35)], instant(15)), '0-10')
})

test('without what expired, each instant since then can be restored as before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(45), fc.nat(8)), { minLength: 1, maxLength: 5 }),
      fc.nat(50),
      (given, since) => {
        const bases = given.map(([from, length], n) => linked(n + 1, from + length, { from, chain: `chain-${n}` }))
        const gone = new Set(expiredSegments(SEGMENTS, basesOf(bases), instant(since)))
        const left = SEGMENTS.filter(segment => !gone.has(segment))
        const can = (segments: readonly Segment[], at: number): boolean => {
          try {
            planRecovery({ backups: bases, segments, until: null }, { kind: 'instant', at: instant(at) }, NOW)
            return true
          } catch {
            return false
          }
        }
        for (let at = since; at <= 50; at++) assert.equal(can(left, at), can(SEGMENTS, at), `position ${at}`)
        for (const { id } of bases) {
          const plan = (segments: readonly Segment[]) =>
            planRecovery({ backups: bases, segments, until: null }, { kind: 'backup', id }, NOW).segments.length
          const before = (() => {
            try {
              return plan(SEGMENTS)
            } catch {
              return undefined
            }
          })()
          if (before !== undefined) assert.equal(plan(left), before)
        }
      }
    ),
    { numRuns: 500 }
  )
})
