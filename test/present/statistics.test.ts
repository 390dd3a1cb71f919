import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentState, presentStatistics, statisticsSchema } from '../../src/present/statistics.ts'
import { STARTED } from '../support/builders/backup.ts'
import { aSourceState, sourceStatistics } from '../support/builders/source-state.ts'

const later = (ms: number): Date => new Date(STARTED.getTime() + ms)

test('sources that are protected come first, then those of which only backups are left', () => {
  const view = presentStatistics({
    totalBackups: 2,
    totalSize: 10,
    oldestBackup: STARTED,
    newestBackup: STARTED,
    failedBackups: 0,
    sources: [sourceStatistics({ source: 'gone' }), sourceStatistics({ source: 'shop' })],
    states: [aSourceState({ name: 'shop', statistics: sourceStatistics({ source: 'shop' }) })]
  }, STARTED)
  assert.deepEqual(view.sources.map(({ source, state }) => [source, state]), [['shop', 'ok'], ['gone', 'unconfigured']])
  assert.deepEqual(statisticsSchema.strict().parse(view), view)
})

test('ages are whole seconds, and a clock set back makes none below zero', () => {
  const [state, yet] = [
    aSourceState(),
    aSourceState({ statistics: sourceStatistics({ lastSuccess: null, newestProven: null }) })
  ]
  assert.deepEqual([presentState(state, later(61_999)).ageSeconds, presentState(state, later(61_999)).rpoSeconds], [
    61,
    61
  ])
  assert.equal(presentState(state, later(-5000)).ageSeconds, 0)
  assert.deepEqual([presentState(yet, STARTED).ageSeconds, presentState(yet, STARTED).rpoSeconds], [null, null])
})

test('the time of the last restore is in seconds, and none is not zero', () => {
  const of = (restoreTime: number | null): number | null =>
    presentState(aSourceState({ statistics: sourceStatistics({ restoreTime }) }), STARTED).lastRestoreSeconds
  assert.deepEqual([of(2500), of(0), of(null)], [2.5, 0, null])
})
