import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseDrill, type Drillable, type Drilled } from '../../../src/core/restore/drill-choice.ts'
import type { VerificationStatus } from '../../../src/core/backup/backup.ts'

/** One a day, numbered from the oldest on. */
function daily (count: number, status: (id: number) => VerificationStatus = () => 'valid'): Drillable[] {
  return Array.from(
    { length: count },
    (_, index) => ({
      id: index + 1,
      startedAt: new Date(Date.UTC(2025, 0, 1 + index)),
      verification: { status: status(index + 1) }
    })
  )
}

/** The backups that so many drills in a row take, of those that there are at each. */
function turns (count: number, there: (drill: number) => readonly Drillable[]): number[] {
  const history = new Map<number, Drilled>()
  return Array.from({ length: count }, (_, index) => {
    const { id } = chooseDrill(there(index), [...history.values()])!.backup
    history.set(id, { backupId: id, lastDrill: index + 1, drills: (history.get(id)?.drills ?? 0) + 1 })
    return id
  })
}

test('where there is no backup there is no choice', () => {
  assert.equal(chooseDrill([], []), undefined)
  assert.equal(chooseDrill([], [{ backupId: 1, lastDrill: 1, drills: 1 }]), undefined)
})

test('the first drill takes the newest proven backup, and says so', () => {
  const { backup, reason } = chooseDrill(daily(5, id => id === 5 ? 'unverified' : 'valid'), [])!
  assert.deepEqual([backup.id, reason], [4, 'the newest verified backup without a drill'])
})

test('every second drill takes the newest, and those between the quarters of every age', () => {
  assert.deepEqual(turns(8, () => daily(40)), [40, 1, 39, 21, 38, 11, 37, 31])
  const { backup, reason } = chooseDrill(daily(40), [{ backupId: 40, lastDrill: 5, drills: 3 }])!
  assert.deepEqual([backup.id, reason], [21, 'the oldest backup without a drill in the third quarter of the backups'])
})

test('as many drills as it needs leave none out, and then the one whose drill is longest ago comes again', () => {
  const taken = turns(24, () => daily(7))
  assert.deepEqual([...new Set(taken)].toSorted(), [1, 2, 3, 4, 5, 6, 7])
  const { reason } = chooseDrill(daily(2), [{ backupId: 1, lastDrill: 4, drills: 2 }, {
    backupId: 2,
    lastDrill: 3,
    drills: 2
  }])!
  assert.equal(reason, 'the backup with the oldest drill among all backups')
})

for (const [days, what] of [[1, 'as often as backups are made'], [7, 'more seldom than backups are made']] as const) {
  test(`drills ${what} come to every age where old backups go`, () => {
    const kept = 28
    const ages = turns(8 * 4, drill => daily(60 + drill * days).slice(-kept)).map((id, drill) => 60 + drill * days - id)
    for (const from of [0, 7, 14, 21]) {
      assert.ok(ages.some(age => age >= from && age < from + 7), `none from ${from} on: ${ages.join(' ')}`)
    }
  })
}

test('what was never verified is drilled in its turn', () => {
  assert.deepEqual(new Set(turns(6, () => daily(3, () => 'unverified'))), new Set([1, 2, 3]))
})

test('a damaged backup is left out, unless there is no other', () => {
  assert.ok(!turns(12, () => daily(4, id => id === 1 ? 'invalid' : 'valid')).includes(1))
  assert.deepEqual(turns(2, () => daily(1, () => 'invalid')), [1, 1])
})
