import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { firstSuspect, isSuspect } from '../../../src/core/backup/suspicion.ts'
import { applyRetention, type Retained, type RetentionPolicy } from '../../../src/core/retention/retention.ts'
import { DAMAGED, NOW, VERIFIED, backupOf } from '../../support/builders/backup.ts'
import { naiveKept } from '../../support/core/naive-retention.ts'

const DAY = 86_400_000
const SUSPECT: Pick<Backup, 'suspicion'> = {
  suspicion: { reasons: ['rows in "orders" fell 63 %, from 100 to 37'], releasedAt: null, releasedBy: null }
}
const RELEASED: Pick<Backup, 'suspicion'> = { suspicion: { reasons: ['x'], releasedAt: NOW, releasedBy: 'ann' } }

/** One backup a day, the last one today; `suspects` says by its number which are what. */
function daily (count: number, given: Readonly<Record<number, Partial<Backup>>> = {}): Backup[] {
  return Array.from(
    { length: count },
    (_, n) =>
      backupOf(n + 1, {
        startedAt: new Date(NOW.getTime() - (count - 1 - n) * DAY),
        schedule: 'daily',
        ...VERIFIED,
        ...given[n + 1]
      })
  )
}

function decide (backups: readonly Backup[], policy: Partial<RetentionPolicy>): readonly Retained[] {
  return applyRetention(backups, {
    maxBackups: null,
    rules: null,
    timeZone: 'UTC',
    freshSince: null,
    suspect: firstSuspect(backups),
    ...policy
  }, NOW)
}

function kept (decisions: readonly Retained[]): readonly number[] {
  return decisions.filter(({ keep }) => keep).map(({ backup }) => backup.id).toSorted((a, b) => a - b)
}

function reasonsOf (decisions: readonly Retained[], id: number): readonly string[] {
  return decisions.find(({ backup }) => backup.id === id)?.reasons ?? []
}

test('a suspect fills no place, and nothing good from before it goes', () => {
  const decisions = decide(daily(6, { 6: SUSPECT }), { maxBackups: 2 })
  assert.deepEqual(kept(decisions), [1, 2, 3, 4, 5, 6])
  assert.deepEqual(reasonsOf(decisions, 1), [
    'good, and made before backup 6, which is suspect until it is released or removed'
  ])
  assert.deepEqual(reasonsOf(decisions, 5), [
    'number 1 of 2 (maxBackups)',
    'newest backup',
    'newest verified backup',
    'good, and made before backup 6, which is suspect until it is released or removed'
  ])
  assert.deepEqual(reasonsOf(decisions, 6), [
    'suspect: number 1 of 2 (maxBackups)',
    'suspect: newest backup',
    'suspect: newest verified backup',
    'suspect: the first one'
  ])
})

test('once it is released it counts, and what is beyond the limit goes', () => {
  assert.deepEqual(kept(decide(daily(6, { 6: RELEASED }), { maxBackups: 2 })), [5, 6])
})

test('backups that are good again follow the rules while a suspect waits', () => {
  const decisions = decide(daily(12, { 6: SUSPECT }), { maxBackups: 2 })
  assert.deepEqual(kept(decisions), [1, 2, 3, 4, 5, 6, 11, 12])
  assert.deepEqual(decisions.filter(({ keep }) => !keep).map(({ removal }) => removal), [
    'erase',
    'erase',
    'erase',
    'erase'
  ])
})

const ATTACKED = Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, SUSPECT]))

test('suspects are a series of their own: of them stays what would stay if they were all there is, and the first one', () => {
  for (
    const [policy, expected, removal] of [
      [{ maxBackups: 2 }, [6, 11, 12], 'erase'],
      [{ rules: { daily: 4, minBackups: 0 } }, [6, 9, 10, 11, 12], 'trash'],
      [{ rules: { daily: 30, minBackups: 0 } }, [6, 7, 8, 9, 10, 11, 12], null]
    ] as const
  ) {
    const decisions = decide(daily(12, ATTACKED), policy)
    assert.deepEqual(kept(decisions), [1, 2, 3, 4, 5, ...expected])
    for (const one of decisions.filter(({ keep }) => !keep)) assert.equal(one.removal, removal)
  }
})

test('after a legitimate large change a month of dailies stays as for any other source', () => {
  const month = daily(35, Object.fromEntries(Array.from({ length: 30 }, (_, n) => [n + 6, SUSPECT])))
  for (const policy of [{ maxBackups: 30 }, { rules: { daily: 30, minBackups: 3 } }]) {
    assert.deepEqual(kept(decide(month, policy)), month.map(({ id }) => id))
  }
})

test('suspects made by hand are outside the rules like any other', () => {
  const manual = { ...SUSPECT, type: 'manual', schedule: null } as const
  const backups = daily(12, Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, manual])))
  assert.deepEqual(kept(decide(backups, { rules: { daily: 1, minBackups: 0 } })).slice(-7), [6, 7, 8, 9, 10, 11, 12])
})

test('suspects go as usual while only the newest good backup is too old for its schedule, and stay where there is no newer one at all', () => {
  const freshSince = new Date(NOW.getTime() - DAY)
  assert.deepEqual(kept(decide(daily(12, ATTACKED), { maxBackups: 2, freshSince })), [1, 2, 3, 4, 5, 6, 11, 12])
  assert.equal(kept(decide(daily(12, ATTACKED), { maxBackups: 2, freshSince: new Date(NOW.getTime() + 1) })).length, 12)
})

test('where nothing limits how many backups stay, every suspect does', () => {
  assert.equal(
    kept(decide(daily(12, Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, SUSPECT]))), {})).length,
    12
  )
})

test('no rule counts a suspect: neither a tier, nor last, within, nor minBackups', () => {
  const given = { 8: SUSPECT }
  for (const rules of [{ daily: 3, minBackups: 0 }, { last: 3, minBackups: 0 }, { minBackups: 3 }]) {
    const decisions = decide(daily(12, given), { rules })
    assert.deepEqual(kept(decisions), [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12], JSON.stringify(rules))
    assert.ok(reasonsOf(decisions, 8).every(reason => reason.startsWith('suspect')))
  }
  const within = decide(daily(3, { 3: SUSPECT }), {
    rules: { within: { years: 0, months: 0, days: 9, hours: 0 }, minBackups: 0 }
  })
  assert.deepEqual(reasonsOf(within, 3), [
    'suspect: within 9d',
    'suspect: newest backup',
    'suspect: newest verified backup',
    'suspect: the first one'
  ])
})

test('a suspect from before a migration fills no place either, but holds nothing up', () => {
  const decisions = decide(daily(6, { 6: { ...SUSPECT, type: 'pre-migration' } }), { maxBackups: 2 })
  assert.deepEqual(kept(decisions), [4, 5, 6])
})

test('what is damaged is not held for a suspect', () => {
  assert.deepEqual(kept(decide(daily(6, { 2: DAMAGED, 6: SUSPECT }), { maxBackups: 2 })), [1, 3, 4, 5, 6])
})

test('a suspect in the trash, or that is gone, holds nothing up', () => {
  assert.deepEqual(kept(decide(daily(6, { 6: { ...SUSPECT, trashedAt: NOW } }), { maxBackups: 2 })), [4, 5])
})

test('a pinned suspect stays, whatever comes after it', () => {
  const given = {
    ...Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, SUSPECT])),
    7: { ...SUSPECT, pinned: true }
  }
  assert.deepEqual(kept(decide(daily(12, given), { maxBackups: 2 })), [1, 2, 3, 4, 5, 6, 7, 11, 12])
})

const histories = fc.array(
  fc.record({
    suspicion: fc.constantFrom(null, null, SUSPECT.suspicion, RELEASED.suspicion),
    type: fc.constantFrom('scheduled', 'scheduled', 'manual', 'pre-migration'),
    verification: fc.constantFrom('valid', 'valid', 'unverified', 'invalid'),
    pinned: fc.constantFrom(false, false, false, true)
  }),
  { minLength: 1, maxLength: 30 }
).map(given =>
  daily(
    given.length,
    Object.fromEntries(
      given.map((
        { verification, ...one },
        n
      ) => [n + 1, { ...one, verification: { status: verification, checkedAt: null, checks: [] } }])
    )
  )
)
const policies = fc.record({
  maxBackups: fc.constantFrom(null, 1, 4),
  rules: fc.constantFrom(null, { daily: 3, minBackups: 1 }, { last: 2, monthly: 2, minBackups: 2 }),
  pace: fc.constantFrom(null, DAY, 3 * DAY)
})

test('whatever there is: the good ones and the suspects stay as the naive reference has it, and the good ones from before', () => {
  fc.assert(
    fc.property(histories, policies, (backups, policy) => {
      const whole = { ...policy, timeZone: 'UTC', freshSince: null, suspect: firstSuspect(backups) }
      assert.deepEqual(kept(decide(backups, policy)), [...naiveKept(backups, whole, NOW)].toSorted((a, b) => a - b))
    }),
    { numRuns: 1000 }
  )
})

test('whatever there is: being suspect makes nothing go that would stay otherwise, but for what is damaged', () => {
  fc.assert(
    fc.property(histories, policies, (backups, policy) => {
      const otherwise = kept(decide(backups.map(backup => ({ ...backup, suspicion: null })), policy))
      const now = new Set(kept(decide(backups, policy)))
      // A damaged backup that stays because nothing newer of its series is good takes the place of another damaged one.
      const damaged = new Set(
        backups.filter(({ verification }) => verification.status === 'invalid').map(({ id }) => id)
      )
      assert.deepEqual(otherwise.filter(id => !now.has(id) && !damaged.has(id)), [])
    }),
    { numRuns: 1000 }
  )
})

test('whatever there is: suspects take at most as much again as the policy allows', () => {
  fc.assert(
    fc.property(histories, fc.constantFrom(1, 4, 9), (backups, maxBackups) => {
      const suspects = decide(backups, { maxBackups }).filter(({ backup, keep }) =>
        keep && isSuspect(backup) && !backup.pinned
      ).length
      // The newest, the newest proven and the first stay whatever their number.
      assert.ok(suspects <= maxBackups + 3, `${suspects}`)
    }),
    { numRuns: 500 }
  )
})

test('whatever there is: without a suspect that holds, suspects make no difference to what else stays', () => {
  fc.assert(
    fc.property(histories, policies, (backups, policy) => {
      const free = backups.map(backup =>
        isSuspect(backup) ? { ...backup, type: 'pre-migration' as const, pinned: false } : backup
      )
      const good = (decisions: readonly Retained[]): readonly number[] =>
        decisions.filter(({ backup, keep }) => keep && !isSuspect(backup)).map(({ backup }) => backup.id)
      assert.deepEqual(good(decide(free, policy)), good(decide(free.filter(backup => !isSuspect(backup)), policy)))
    }),
    { numRuns: 500 }
  )
})
