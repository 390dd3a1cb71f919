import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLive, type Backup } from '../../../src/core/backup/backup.ts'
import { applyRetention, type Retained } from '../../../src/core/retention/retention.ts'
import { DAMAGED, NOW, VERIFIED, backupOf } from '../../support/builders/backup.ts'

function decide (backups: readonly Backup[], maxBackups: number): readonly Retained[] {
  return applyRetention(backups, { maxBackups, rules: null, timeZone: 'UTC', freshSince: null, suspect: null }, NOW)
}

function kept (backups: readonly Backup[], maxBackups: number): number[] {
  return decide(backups, maxBackups).filter(({ keep }) => keep).map(({ backup }) => backup.id)
}

function reasonsOf (decisions: readonly Retained[], id: number): readonly string[] | undefined {
  return decisions.find(({ backup }) => backup.id === id)?.reasons
}

test('the newest stay, up to maxBackups', () => {
  assert.deepEqual(kept([1, 2, 3, 4, 5].map(id => backupOf(id)), 3), [5, 4, 3])
})

test('decisions are given newest first, whatever the order of the backups', () => {
  assert.deepEqual(decide([2, 5, 1, 4, 3].map(id => backupOf(id)), 2).map(({ backup }) => backup.id), [5, 4, 3, 2, 1])
})

test('of two backups of one instant the one with the larger id is the newer', () => {
  const startedAt = backupOf(1).startedAt
  assert.deepEqual(kept([backupOf(1, { startedAt }), backupOf(2, { startedAt })], 1), [2])
})

test('where there is nothing, nothing is decided', () => {
  assert.deepEqual(decide([], 3), [])
})

test('each reason says what keeps a backup, or what lets it go', () => {
  const decisions = decide([
    backupOf(1),
    backupOf(2),
    backupOf(3, VERIFIED),
    backupOf(4, { pinned: true }),
    backupOf(5)
  ], 2)
  assert.deepEqual(reasonsOf(decisions, 5), ['number 1 of 2 (maxBackups)', 'newest backup'])
  assert.deepEqual(reasonsOf(decisions, 4), ['pinned'])
  assert.deepEqual(reasonsOf(decisions, 3), ['number 2 of 2 (maxBackups)', 'newest verified backup'])
  assert.deepEqual(reasonsOf(decisions, 2), ['beyond the limit of maxBackups (2)'])
})

test('pinned backups stay and are not counted', () => {
  const backups = [1, 2, 3, 4, 5].map(id => backupOf(id, { pinned: id % 2 === 0 }))
  assert.deepEqual(kept(backups, 2), [5, 4, 3, 2])
})

test('the newest verified backup stays, however many are newer', () => {
  const backups = [backupOf(1, VERIFIED), backupOf(2, VERIFIED), ...[3, 4, 5, 6].map(id => backupOf(id))]
  assert.deepEqual(kept(backups, 2), [6, 5, 2])
})

test('a damaged backup pushes out no good one, and goes first', () => {
  const backups = [
    backupOf(1, VERIFIED),
    backupOf(2, VERIFIED),
    backupOf(3, DAMAGED),
    backupOf(4, DAMAGED),
    backupOf(5, VERIFIED)
  ]
  assert.deepEqual(kept(backups, 3), [5, 2, 1])
})

test('the newest backup stays although it is damaged, beside as many good ones as were asked for', () => {
  assert.deepEqual(kept([backupOf(1, VERIFIED), backupOf(2, VERIFIED), backupOf(3, DAMAGED)], 2), [3, 2, 1])
})

test('what is not live is neither counted nor listed', () => {
  const gone: ReadonlyArray<Partial<Backup>> = [{ status: 'failed' }, { status: 'in_progress' }, { trashedAt: NOW }, {
    deletedAt: NOW
  }]
  const backups = [backupOf(1), ...gone.map((given, n) => backupOf(n + 2, given)), backupOf(9)]
  assert.deepEqual(decide(backups, 2).map(({ backup, keep }) => [backup.id, keep]), [[9, true], [1, true]])
  assert.deepEqual(backups.filter(isLive).map(({ id }) => id), [1, 9])
})

test('a backup that others are built on stays with them, all the way down', () => {
  const backups = [backupOf(1), backupOf(2), backupOf(3, { parentId: 1 }), backupOf(4, { parentId: 3 })]
  const rules = { rules: { last: 1, minBackups: 0 }, maxBackups: null }
  const decisions = applyRetention(backups, { ...rules, timeZone: 'UTC', freshSince: null, suspect: null }, NOW)
  assert.deepEqual(decisions.filter(({ keep }) => keep).map(({ backup }) => backup.id), [4, 3, 1])
  assert.deepEqual([1, 3].map(id => reasonsOf(decisions, id)), [['backup 3 depends on it'], [
    'backup 4 depends on it'
  ]])
})

test('a chain that runs in a circle ends', () => {
  assert.deepEqual(kept([backupOf(1, { parentId: 2 }), backupOf(2, { parentId: 1 })], 1), [2, 1])
})

test('what was made in the future of this clock stays', () => {
  const future = backupOf(9, { startedAt: new Date(NOW.getTime() + 1) })
  const decisions = decide(
    [backupOf(1), backupOf(2), future, backupOf(8, { startedAt: new Date(NOW.getTime() + 2) })],
    1
  )
  assert.deepEqual(reasonsOf(decisions, 9), ['dated in the future'])
})

test('what was made in the future of this clock stands for nothing: the newest before it and the newest verified before it stay', () => {
  const future = backupOf(9, { startedAt: new Date(NOW.getTime() + 1), ...VERIFIED })
  const decisions = decide([backupOf(1), backupOf(2, VERIFIED), backupOf(3), backupOf(4, DAMAGED), future], 1)
  assert.deepEqual(decisions.map(({ backup, keep }) => [backup.id, keep]), [
    [9, true],
    [4, true],
    [3, true],
    [2, true],
    [1, false]
  ])
})
