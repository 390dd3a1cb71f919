import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { applyRetention, type RetentionPolicy } from '../../../src/core/retention/retention.ts'
import { DAMAGED, NOW, backupOf } from '../../support/builders/backup.ts'
import { linkOf } from '../../support/builders/recovery.ts'

const HOUR = 3_600_000

/** A full backup, and the increments on it an hour apart, the first so many hours ago. */
function chain (id: number, hours: number, increments: number, given: Partial<Backup> = {}): readonly Backup[] {
  return Array.from({ length: increments + 1 }, (_, depth) =>
    backupOf(id + depth, {
      startedAt: new Date(NOW.getTime() - (hours - depth) * HOUR),
      parentId: depth === 0 ? null : id + depth - 1,
      link: linkOf({ chain: `chain-${id}`, depth }),
      ...given
    }))
}

function decide (backups: readonly Backup[], policy: Partial<RetentionPolicy>) {
  return applyRetention(
    backups,
    { maxBackups: null, rules: null, timeZone: 'UTC', freshSince: null, suspect: null, ...policy },
    NOW
  )
}

function kept (backups: readonly Backup[], policy: Partial<RetentionPolicy>): readonly number[] {
  return decide(backups, policy).filter(({ keep }) => keep).map(({ backup }) => backup.id).toReversed()
}

test('maxBackups counts full backups, and what is beyond goes with all of its chain', () => {
  const backups = [...chain(1, 90, 2), ...chain(11, 60, 1), ...chain(21, 30, 3)]
  assert.deepEqual(kept(backups, { maxBackups: 2 }), [11, 12, 21, 22, 23, 24])
  const beyond = decide(backups, { maxBackups: 2 }).filter(({ keep }) => !keep)
  assert.deepEqual(beyond.map(({ backup, removal, isBeyond }) => [backup.id, removal, isBeyond]), [
    [3, 'erase', true],
    [2, 'erase', true],
    [1, 'erase', true]
  ])
})

test('minBackups counts full backups', () => {
  const backups = [...chain(1, 90, 2), ...chain(11, 60, 1), ...chain(21, 30, 3)]
  assert.deepEqual(kept(backups, { rules: { last: 1, minBackups: 2 } }), [11, 21, 22, 23, 24])
})

test('a day has its newest full backup, and its newest increment where it has no full one', () => {
  // The first was made at 02:30 and the increments go on until 05:30 of the day after.
  const backups = chain(1, 45, 27)
  assert.deepEqual(kept([...backups, ...chain(40, 1, 0)], { rules: { daily: 3, minBackups: 0 } }), [1, 40])
  const twoDays = [...chain(1, 69, 30), ...chain(40, 1, 0)]
  assert.deepEqual(kept(twoDays, { rules: { daily: 3, minBackups: 0 } }).length, 32)
})

test('an hour has its newest backup, whatever it is', () => {
  const backups = [...chain(1, 10, 3), ...chain(11, 2, 0)]
  assert.deepEqual(kept(backups, { rules: { hourly: 2, minBackups: 0 } }), [1, 2, 3, 4, 11])
})

test('an increment on what is damaged, or not there, counts as damaged, and goes with the reason', () => {
  const [full, ...increments] = chain(1, 60, 2) as [Backup, ...Backup[]]
  const newer = chain(11, 30, 0)
  assert.deepEqual(kept([{ ...full, ...DAMAGED }, ...increments, ...newer], { rules: { last: 9, minBackups: 0 } }), [
    11
  ])
  const decisions = decide([...increments, ...newer], { rules: { last: 9, minBackups: 0 } })
  assert.deepEqual(decisions.map(({ backup, reasons }) => [backup.id, reasons.at(-1)]), [
    [11, 'newest backup'],
    [3, 'backup 2 depends on backup 1, which is missing'],
    [2, 'backup 2 depends on backup 1, which is missing']
  ])
})

test('what it is built on may be in another store', () => {
  const [full, ...increments] = chain(1, 60, 2) as [Backup, ...Backup[]]
  const newer = chain(11, 30, 0)
  const rules = { last: 9, minBackups: 0 }
  assert.deepEqual(kept([...increments, ...newer], { rules, others: [full, ...increments, ...newer] }), [2, 3, 11])
})
