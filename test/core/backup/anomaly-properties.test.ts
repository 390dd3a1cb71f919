import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findAnomalies, type Profile } from '../../../src/core/backup/anomaly.ts'
import { profile, type Drawn } from '../../support/builders/profile.ts'

const MiB = 1024 * 1024

/** A source over a few backups: where it begins, and by what each of its parts changes from one to the next. */
const sources = fc.record({
  size: fc.integer({ min: MiB, max: 1000 * MiB }),
  rows: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 8 }),
  density: fc.double({ min: 0.05, max: 0.45, noNaN: true }),
  steps: fc.array(
    fc.record({
      growth: fc.double({ min: 1, max: 1.6, noNaN: true }),
      rows: fc.double({ min: 0.8, max: 1.6, noNaN: true }),
      // Every page may be another: indexes in a random order, or VACUUM.
      changed: fc.double({ min: 0, max: 1, noNaN: true }),
      density: fc.double({ min: 0.85, max: 1.15, noNaN: true })
    }),
    { minLength: 4, maxLength: 15 }
  )
})

function drawn ({ size, rows, density, steps }: typeof sources extends fc.Arbitrary<infer T> ? T
  : never): readonly Drawn[] {
  let last: Drawn = {
    size,
    tables: Object.fromEntries(rows.map((count, n) => [`t${n}`, count])),
    density,
    entropy: 3 + density * 4
  }
  return [
    last,
    ...steps.map((step, n) => {
      const { size, tables, density = 0 } = last
      const denser = Math.min(0.45, Math.max(0.05, density * step.density))
      last = {
        size: Math.min(4000 * MiB, Math.round(size * step.growth)),
        tables: Object.fromEntries(
          Object.entries(tables).map(([name, count]) => [name, Math.round((count ?? 0) * step.rows)])
        ),
        density: denser,
        entropy: 3 + denser * 4,
        changed: step.changed,
        turn: n + 1
      }
      return last
    })
  ]
}

function historyOf (backups: readonly Drawn[]): readonly Profile[] {
  return backups.slice(-10).toReversed().map(profile)
}

test('a source that grows and changes as it pleases is never suspect, at no backup', () => {
  fc.assert(
    fc.property(sources, given => {
      const backups = drawn(given)
      for (let n = 1; n < backups.length; n++) {
        assert.deepEqual(findAnomalies(profile(backups[n]!), historyOf(backups.slice(0, n))), [], `backup ${n}`)
      }
    }),
    { numRuns: 400 }
  )
})

test('one that stays as it is is never suspect, whatever it holds', () => {
  fc.assert(
    fc.property(
      sources,
      fc.double({ min: 0, max: 1.01, noNaN: true }),
      fc.integer({ min: 1, max: 12 }),
      ({ size, rows }, density, count) => {
        const same = profile({ size, tables: Object.fromEntries(rows.map((each, n) => [`t${n}`, each])), density })
        assert.deepEqual(findAnomalies(same, Array.from({ length: count }, () => same)), [])
      }
    ),
    { numRuns: 300 }
  )
})

test('encrypting it in place is always told, after whatever history', () => {
  fc.assert(
    fc.property(sources, fc.double({ min: 0.6, max: 1, noNaN: true }), (given, share) => {
      const backups = drawn(given)
      const last = { ...backups.at(-1)! }
      const density = share * 1 + (1 - share) * (last.density ?? 0)
      const reasons = findAnomalies(
        profile({
          ...last,
          changed: 1,
          turn: 15 - (last.turn ?? 0) % 7,
          density,
          entropy: share * 7.9 + (1 - share) * (last.entropy ?? 0)
        }),
        [profile({ ...last, changed: 0 }), ...historyOf(backups).slice(1)]
      )
      assert.match(reasons.join(), /appears to be encrypted/)
    }),
    { numRuns: 400 }
  )
})

test('deleting three fifths of a large table is always told, after whatever history', () => {
  fc.assert(
    fc.property(
      sources,
      fc.integer({ min: 5000, max: 10_000_000 }),
      fc.double({ min: 0.61, max: 1, noNaN: true }),
      (given, rows, share) => {
        const backups = drawn(given).map(one => ({ ...one, tables: { ...one.tables, orders: rows } }))
        const last = backups.at(-1)!
        const reasons = findAnomalies(
          profile({ ...last, tables: { ...last.tables, orders: Math.floor(rows * (1 - share)) } }),
          historyOf(backups)
        )
        assert.match(reasons.join(), /rows in "orders" fell by \d+ %/)
      }
    ),
    { numRuns: 400 }
  )
})
