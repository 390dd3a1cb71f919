import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../src/core/backup.ts'
import { applyRetention, type Retained, type RetentionPolicy } from '../../src/core/retention.ts'
import { firstSuspect, isSuspect } from '../../src/core/suspicion.ts'
import { DAMAGED, NOW, VERIFIED, backupOf } from '../support/backup.ts'

const DAY = 86_400_000
const SUSPECT: Pick<Backup, 'suspicion'> = { suspicion: { reasons: ['rows in "orders" fell 63 %, from 100 to 37'], releasedAt: null, releasedBy: null } }
const RELEASED: Pick<Backup, 'suspicion'> = { suspicion: { reasons: ['x'], releasedAt: NOW, releasedBy: 'ann' } }

/** One backup a day, the last one today; `suspects` says by its number which are what. */
function daily (count: number, given: Readonly<Record<number, Partial<Backup>>> = {}): Backup[] {
  return Array.from({ length: count }, (_, n) => backupOf(n + 1, { startedAt: new Date(NOW.getTime() - (count - 1 - n) * DAY), schedule: 'daily', ...VERIFIED, ...given[n + 1] }))
}

function decide (backups: readonly Backup[], policy: Partial<RetentionPolicy>): readonly Retained[] {
  return applyRetention(backups, { maxBackups: null, rules: null, timeZone: 'UTC', freshSince: null, suspect: firstSuspect(backups), ...policy }, NOW)
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
  assert.deepEqual(reasonsOf(decisions, 1), ['good, and from before backup 6, which is suspect until somebody releases or deletes it'])
  assert.deepEqual(reasonsOf(decisions, 5), ['number 1 of the 2 that maxBackups keeps', 'newest verified backup', 'good, and from before backup 6, which is suspect until somebody releases or deletes it'])
  assert.deepEqual(reasonsOf(decisions, 6), ['newest backup', 'suspect: number 1 of the newest 3', 'suspect: the first one'])
})

test('once it is released it counts, and what is beyond the limit goes', () => {
  assert.deepEqual(kept(decide(daily(6, { 6: RELEASED }), { maxBackups: 2 })), [5, 6])
})

test('backups that are good again follow the rules while a suspect waits', () => {
  const decisions = decide(daily(12, { 6: SUSPECT }), { maxBackups: 2 })
  assert.deepEqual(kept(decisions), [1, 2, 3, 4, 5, 6, 11, 12])
  assert.deepEqual(decisions.filter(({ keep }) => !keep).map(({ removal }) => removal), ['erase', 'erase', 'erase', 'erase'])
})

test('of many suspects the first and the newest three stay, so that the disk does not fill', () => {
  const given = Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, SUSPECT]))
  for (const [policy, removal] of [[{ maxBackups: 2 }, 'erase'], [{ rules: { daily: 30, minBackups: 0 } }, 'trash']] as const) {
    const decisions = decide(daily(12, given), policy)
    assert.deepEqual(kept(decisions), [1, 2, 3, 4, 5, 6, 10, 11, 12])
    assert.deepEqual(decisions.filter(({ keep }) => !keep).map(one => [one.removal, one.reasons]), [9, 8, 7].map(() => [removal, ['suspect, and neither the first nor one of the newest 3']]))
  }
})

test('that holds also while the newest good backup is too old for its schedule', () => {
  const given = Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, SUSPECT]))
  assert.deepEqual(kept(decide(daily(12, given), { maxBackups: 2, freshSince: new Date(NOW.getTime() - DAY) })), [1, 2, 3, 4, 5, 6, 10, 11, 12])
})

test('where nothing limits how many backups stay, every suspect does', () => {
  assert.equal(kept(decide(daily(12, Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, SUSPECT]))), {})).length, 12)
})

test('no rule counts a suspect: neither a tier, nor last, within, nor minBackups', () => {
  const given = { 8: SUSPECT }
  for (const rules of [{ daily: 3, minBackups: 0 }, { last: 3, minBackups: 0 }, { minBackups: 3 }]) {
    const decisions = decide(daily(12, given), { rules })
    assert.deepEqual(kept(decisions), [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12], JSON.stringify(rules))
    assert.ok(reasonsOf(decisions, 8).every(reason => reason.startsWith('suspect')))
  }
  const within = decide(daily(3, { 3: SUSPECT }), { rules: { within: { years: 0, months: 0, days: 9, hours: 0 }, minBackups: 0 } })
  assert.deepEqual(reasonsOf(within, 3), ['newest backup', 'suspect: number 1 of the newest 3', 'suspect: the first one'])
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
  const given = { ...Object.fromEntries([6, 7, 8, 9, 10, 11, 12].map(id => [id, SUSPECT])), 7: { ...SUSPECT, pinned: true } }
  assert.deepEqual(kept(decide(daily(12, given), { maxBackups: 2 })), [1, 2, 3, 4, 5, 6, 7, 10, 11, 12])
})

const histories = fc.array(fc.record({
  suspicion: fc.constantFrom(null, null, SUSPECT.suspicion, RELEASED.suspicion),
  type: fc.constantFrom('scheduled', 'scheduled', 'manual', 'pre-migration'),
  verification: fc.constantFrom('valid', 'valid', 'unverified', 'invalid'),
  pinned: fc.constantFrom(false, false, false, true)
}), { minLength: 1, maxLength: 30 }).map(given => daily(given.length, Object.fromEntries(given.map(({ verification, ...one }, n) => [n + 1, { ...one, verification: { status: verification, checkedAt: null, checks: [] } }]))))
const policies = fc.record({ maxBackups: fc.constantFrom(null, 1, 4), rules: fc.constantFrom(null, { daily: 3, minBackups: 1 }, { last: 2, monthly: 2, minBackups: 2 }) })

test('whatever there is: nothing good from before the first suspect goes, and suspects are no more than so many', () => {
  fc.assert(fc.property(histories, policies, (backups, policy) => {
    const decisions = decide(backups, policy)
    const first = firstSuspect(backups)
    const gone = decisions.filter(({ keep }) => !keep).map(({ backup }) => backup)
    if (first !== null) assert.deepEqual(gone.filter(({ startedAt, suspicion, verification }) => startedAt < first.startedAt && !isSuspect({ suspicion }) && verification.status !== 'invalid'), [])
    const suspects = decisions.filter(({ backup, keep }) => keep && isSuspect(backup) && !backup.pinned).length
    if (policy.maxBackups !== null || policy.rules !== null) assert.ok(suspects <= 4, `${suspects}`)
  }), { numRuns: 500 })
})

test('whatever there is: without a suspect that holds, suspects make no difference to what else stays', () => {
  fc.assert(fc.property(histories, policies, (backups, policy) => {
    const free = backups.map(backup => isSuspect(backup) ? { ...backup, type: 'pre-migration' as const, pinned: false } : backup)
    const good = (decisions: readonly Retained[]): readonly number[] => decisions.filter(({ backup, keep }) => keep && !isSuspect(backup)).map(({ backup }) => backup.id)
    const without = free.filter(backup => !isSuspect(backup))
    const newest = without.at(-1)?.id
    assert.deepEqual(good(decide(free, policy)).filter(id => id !== newest), good(decide(without, policy)).filter(id => id !== newest))
  }), { numRuns: 500 })
})
