import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { countSurplus, surplusOf } from '../../../src/core/retention/surplus.ts'
import { NOW, VERIFIED, backupOf } from '../../support/builders/backup.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

/** Dailies of the schedule, then so many by hand within the last minutes. */
function made (dailies: number, byHand: number, given: Partial<Backup> = {}): Backup[] {
  const daily = Array.from(
    { length: dailies },
    (_, n) =>
      backupOf(n + 1, {
        startedAt: new Date(NOW.getTime() - (dailies - n) * DAY),
        type: 'scheduled',
        schedule: 'daily',
        ...VERIFIED
      })
  )
  return [
    ...daily,
    ...Array.from({ length: byHand }, (_, n) =>
      backupOf(dailies + n + 1, {
        startedAt: new Date(NOW.getTime() - HOUR + n * 1000),
        type: 'manual',
        ...VERIFIED,
        ...given
      }))
  ]
}

const ids = (backups: readonly Backup[], maxBackups: number | null = 5, now = NOW): readonly number[] =>
  surplusOf(backups, { maxBackups, pace: DAY }, now).map(({ id }) => id)
const count = (backups: readonly Backup[], maxBackups: number | null = 5): number =>
  countSurplus(backups, { maxBackups, pace: DAY }, NOW)

test('within the limit, or without one, nothing is a surplus', () => {
  assert.deepEqual([ids(made(3, 2)), count(made(3, 2)), ids(made(3, 9), null), count(made(3, 9), null)], [[], 0, [], 0])
})

test('what is over the limit by hand may go, the newest first, but for the very newest', () => {
  assert.deepEqual([ids(made(4, 4)), count(made(4, 4))], [[7, 6, 5], 3])
  assert.deepEqual([ids(made(1, 7)), count(made(1, 7))], [[7, 6, 5], 3])
})

test('scheduled backups, and those by hand once a day, are no surplus, however many there are', () => {
  assert.deepEqual([ids(made(9, 0)), count(made(9, 0))], [[], 0])
  const byHand = made(9, 0).map(backup => ({ ...backup, type: 'manual' as const, schedule: null }))
  assert.deepEqual([ids(byHand), count(byHand)], [[], 0])
})

test('a pin keeps a backup, and hides it from no count', () => {
  assert.deepEqual([ids(made(5, 4, { pinned: true })), count(made(5, 4, { pinned: true }))], [[], 3])
})

test('the newest verified one stays', () => {
  const [one, ...others] = made(0, 4)
  const unverified = others.map(backup => ({
    ...backup,
    verification: { ...backup.verification, status: 'unverified' as const }
  }))
  assert.deepEqual(ids([one!, unverified[0]!, { ...others[1]!, id: 9 }, unverified[2]!], 1), [2, 1])
})

test('what was good before a suspect stays, and so does the first suspect', () => {
  const suspicion = { reasons: ['x'], releasedAt: null, releasedBy: null }
  const backups = made(4, 6).map(backup => backup.id >= 8 ? { ...backup, suspicion } : backup)
  assert.deepEqual(ids(backups, 1), [9])
})

test('whatever there is: without the surplus no more by hand than the limit are there, and nothing scheduled or meant for an undo is in it', () => {
  const types = fc.constantFrom('scheduled' as const, 'manual' as const, 'pre-migration' as const)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 * DAY }), types), { maxLength: 25 }),
      fc.integer({ min: 1, max: 8 }),
      (given, maxBackups) => {
        const backups = given.map(([age, type], n) =>
          backupOf(n + 1, { startedAt: new Date(NOW.getTime() - age), type, ...VERIFIED })
        )
        const surplus = surplusOf(backups, { maxBackups, pace: DAY }, NOW)
        const undoing = backups.filter(({ type }) => type === 'pre-migration').length
        assert.ok(surplus.every(({ type }) => type === 'manual'))
        assert.ok(backups.length - surplus.length >= Math.min(maxBackups, backups.length))
        assert.ok(
          surplus.length <= count(backups, maxBackups) && surplus.length >= count(backups, maxBackups) - 1 - undoing
        )
      }
    )
  )
})

test('increments are not counted, and neither they nor what they are built on are a surplus', () => {
  const backups = made(4, 4)
  const increments = [5, 6].map((parentId, n) =>
    backupOf(20 + n, { startedAt: new Date(NOW.getTime() - HOUR / 2 + n * 1000), type: 'manual', parentId })
  )
  assert.deepEqual([ids([...backups, ...increments]), count([...backups, ...increments])], [[7], 3])
})
