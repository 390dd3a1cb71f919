import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { applyRetention, type Retained, type RetentionPolicy } from '../../../src/core/retention/retention.ts'
import { NOW, VERIFIED, backupOf } from '../../support/builders/backup.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

type Given = readonly [age: number, type: Backup['type']]

/** Backups by their age in milliseconds, oldest first. */
function made (...given: readonly Given[]): Backup[] {
  return given.map(([age, type], n) =>
    backupOf(n + 1, {
      startedAt: new Date(NOW.getTime() - age),
      type,
      schedule: type === 'scheduled' ? 'daily' : null,
      ...VERIFIED
    })
  )
}

function decide (backups: readonly Backup[], policy: Partial<RetentionPolicy>): readonly Retained[] {
  return applyRetention(backups, {
    maxBackups: 5,
    rules: null,
    timeZone: 'UTC',
    freshSince: null,
    suspect: null,
    pace: DAY,
    ...policy
  }, NOW)
}

function gone (decisions: readonly Retained[]): ReadonlyArray<readonly [number, string | null, boolean]> {
  return decisions.filter(({ keep }) => !keep).map(({ backup, removal, isBeyond }) =>
    [backup.id, removal, isBeyond] as const
  ).toSorted(([a], [b]) => a - b)
}

const days = (count: number, type: Backup['type']): readonly Given[] =>
  Array.from({ length: count }, (_, n) => [(count - n) * DAY, type])
const burst = (count: number): readonly Given[] =>
  Array.from({ length: count }, (_, n) => [(count - n) * 1000, 'manual'])

test('backups made by hand in a row push nothing out, and what stays over the limit says why', () => {
  for (const type of ['scheduled', 'manual'] as const) {
    const decisions = decide(made(...days(4, type), ...burst(20)), {})
    assert.deepEqual(gone(decisions), [])
    assert.deepEqual(decisions.at(-1)?.reasons, [
      'beyond the limit of maxBackups (5), and kept until an admin prunes, because newer backups were made more often than the schedule requires'
    ])
  }
})

test('an admin who prunes counts every one', () => {
  const decisions = decide(made(...days(4, 'scheduled'), ...burst(6)), { pace: null })
  assert.deepEqual(gone(decisions), [[1, 'erase', true], [2, 'erase', true], [3, 'erase', true], [4, 'erase', true], [
    5,
    'erase',
    true
  ]])
})

test('scheduled backups rotate as ever, at once, however fast the schedule is and whatever was made by hand between', () => {
  assert.deepEqual(gone(decide(made(...days(7, 'scheduled')), {})), [[1, 'erase', true], [2, 'erase', true]])
  const hourly: readonly Given[] = Array.from({ length: 7 }, (_, n) => [(8 - n) * HOUR, 'scheduled'])
  assert.deepEqual(gone(decide(made(...hourly, ...burst(3)), {})), [[1, 'erase', true], [2, 'erase', true], [
    3,
    'trash',
    true
  ]], 'the newest by hand counts for one')
})

test('backups made by hand once a day, give or take, rotate into the trash', () => {
  const given = days(7, 'manual').map(([age, type], n): Given => [age + (n % 2 === 0 ? HOUR : 0), type])
  assert.deepEqual(gone(decide(made(...given), {})), [[1, 'trash', true], [2, 'trash', true]])
})

test('copies of a store and the suspects of a source are counted at the same pace', () => {
  const suspicion = { reasons: ['x'], releasedAt: null, releasedBy: null }
  const all = made(...days(4, 'manual'), ...burst(20)).map(backup => ({ ...backup, suspicion }))
  assert.deepEqual(gone(decide(all, {})), [])
  assert.equal(gone(decide(all, { pace: null })).length, 24 - 5 - 1, 'the first one stays')
})

const histories = fc.array(
  fc.tuple(
    fc.integer({ min: DAY, max: 20 * DAY }),
    fc.constantFrom('scheduled' as const, 'manual' as const, 'pre-migration' as const)
  ),
  { maxLength: 20 }
)
  .map(given => given.toSorted(([a], [b]) => b - a))

test('whatever there is: any number of backups by hand within the pace push out no more than one does', () => {
  fc.assert(
    fc.property(
      histories,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 2, max: 30 }),
      (history, maxBackups, count) => {
        const goneOf = (given: readonly Given[]): readonly number[] =>
          gone(decide(made(...history, ...given), { maxBackups })).map(([id]) => id).filter(id => id <= history.length)
        assert.deepEqual(goneOf(burst(count)), goneOf(burst(1)))
      }
    ),
    { numRuns: 500 }
  )
})

test('whatever there is: where the schedule made all of it, the pace makes no difference', () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 1, max: 8 }), (history, maxBackups) => {
      const all = made(...history.map(([age]): Given => [age, 'scheduled']))
      assert.deepEqual(gone(decide(all, { maxBackups })), gone(decide(all, { maxBackups, pace: null })))
    }),
    { numRuns: 500 }
  )
})

test('whatever there is: what was made by hand is never the reason why something is erased', () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 1, max: 8 }), (history, maxBackups) => {
      const all = made(...history)
      const erased = gone(decide(all, { maxBackups })).filter(([, removal]) => removal === 'erase')
      for (const [id] of erased) {
        assert.ok(all.filter(backup => backup.id > id && backup.type === 'scheduled').length >= maxBackups)
      }
    }),
    { numRuns: 500 }
  )
})
