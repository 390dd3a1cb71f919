import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isLive, type Backup } from '../../../src/core/backup/backup.ts'
import { applyRetention, type Retained, type RetentionPolicy } from '../../../src/core/retention/retention.ts'
import { NOW, backupOf } from '../../support/builders/backup.ts'

const DAY = 86_400_000

const backups = fc.array(
  fc.record({
    age: fc.integer({ min: -2, max: 30 }),
    pinned: fc.boolean(),
    verification: fc.constantFrom('valid', 'invalid', 'unverified'),
    state: fc.constantFrom('live', 'live', 'live', 'failed', 'trashed', 'deleted')
  }),
  { maxLength: 20 }
).map(given =>
  given.map(({ age, pinned, verification, state }, n) =>
    backupOf(n + 1, {
      startedAt: new Date(NOW.getTime() - age * DAY),
      pinned,
      verification: { status: verification, checkedAt: null, checks: [] },
      status: state === 'failed' ? 'failed' : 'completed',
      trashedAt: state === 'trashed' ? NOW : null,
      deletedAt: state === 'deleted' ? NOW : null
    })
  )
)
/** The same, each of them built on whatever one. */
const chained = fc.tuple(
  backups,
  fc.array(fc.option(fc.integer({ min: 1, max: 20 })), { minLength: 20, maxLength: 20 })
)
  .map(([all, parents]) => all.map((backup, n): Backup => ({ ...backup, parentId: parents[n] ?? null })))

function limited (maxBackups: number): RetentionPolicy {
  return { maxBackups, rules: null, timeZone: 'UTC', freshSince: null, suspect: null }
}

const limit = fc.integer({ min: 1, max: 8 })

/** Holds it to what any list of backups may be. */
function always (
  name: string,
  check: (decisions: readonly Retained[], all: readonly Backup[], maxBackups: number) => void,
  given: fc.Arbitrary<readonly Backup[]> = backups
): void {
  test(name, () => {
    fc.assert(
      fc.property(given, limit, (all, maxBackups) => {
        check(applyRetention(all, limited(maxBackups), NOW), all, maxBackups)
      }),
      { numRuns: 500 }
    )
  })
}

function newest (backups: readonly Backup[]): Backup | undefined {
  return backups.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id)[0]
}

function keptIds (decisions: readonly Retained[]): ReadonlySet<number> {
  return new Set(decisions.filter(({ keep }) => keep).map(({ backup }) => backup.id))
}

always('every live backup is decided on once, and nothing else', (decisions, all) => {
  assert.deepEqual(
    decisions.map(({ backup }) => backup.id).toSorted((a, b) => a - b),
    all.filter(isLive).map(({ id }) => id)
  )
})

always('the reasons are never empty', decisions => {
  for (const { reasons } of decisions) assert.ok(reasons.length > 0 && reasons.every(reason => reason !== ''))
})

always('the newest live backup stays', (decisions, all) => {
  const backup = newest(all.filter(isLive))
  assert.ok(backup === undefined || keptIds(decisions).has(backup.id))
})

always('the newest verified backup stays', (decisions, all) => {
  const backup = newest(all.filter(one => isLive(one) && one.verification.status === 'valid'))
  assert.ok(backup === undefined || keptIds(decisions).has(backup.id))
})

always('pinned backups stay', decisions => {
  for (const { backup, keep } of decisions) assert.ok(keep || !backup.pinned)
})

always('what a kept backup is built on stays', decisions => {
  const kept = keptIds(decisions)
  for (const { backup, keep } of decisions) {
    assert.ok(
      !keep || backup.parentId === null || kept.has(backup.parentId) ||
        !decisions.some(other => other.backup.id === backup.parentId)
    )
  }
}, chained)

always('at least maxBackups of the unpinned stay, where there are so many', (decisions, _all, maxBackups) => {
  const unpinned = decisions.filter(({ backup }) => !backup.pinned)
  assert.ok(unpinned.filter(({ keep }) => keep).length >= Math.min(maxBackups, unpinned.length))
})

always('beyond maxBackups only the rules that say so keep one', (decisions, _all, maxBackups) => {
  const counted = decisions.filter(({ reasons }) => reasons.some(reason => reason.startsWith('number ')))
  const countable = decisions.filter(({ backup }) => !backup.pinned && backup.startedAt <= NOW)
  assert.equal(counted.length, Math.min(maxBackups, countable.length))
})

always('no good backup goes while a damaged one takes its number', decisions => {
  const isGood = ({ backup }: Retained): boolean => backup.verification.status !== 'invalid'
  const hasDamagedNumber = decisions.some(decision =>
    !isGood(decision) && decision.reasons.some(reason => reason.startsWith('number '))
  )
  assert.ok(!hasDamagedNumber || decisions.filter(isGood).every(({ keep }) => keep))
})

always('what may go stays within reach: a larger maxBackups keeps no less', (decisions, all, maxBackups) => {
  const more = keptIds(applyRetention(all, limited(maxBackups + 1), NOW))
  for (const id of keptIds(decisions)) assert.ok(more.has(id))
})

always('to decide again after the removal removes nothing more', (decisions, _all, maxBackups) => {
  const left = decisions.filter(({ keep }) => keep).map(({ backup }) => backup)
  assert.equal(keptIds(applyRetention(left, limited(maxBackups), NOW)).size, left.length)
})
