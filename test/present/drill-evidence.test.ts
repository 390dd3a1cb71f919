import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Restore } from '../../src/core/restore/restore.ts'
import { evidenceSchema, presentEvidence } from '../../src/present/drill-evidence.ts'
import { STARTED } from '../support/builders/backup.ts'
import { aDrill } from '../support/builders/restore.ts'
import { aSourceState } from '../support/builders/source-state.ts'

const span = { madeAt: STARTED, since: new Date(0), until: STARTED }

function figures (drills: readonly Restore[], sources: readonly string[] = ['shop']) {
  const view = presentEvidence({ ...span, drills, states: sources.map(name => aSourceState({ name })) })
  assert.deepEqual(evidenceSchema.parse(view), view)
  return view
}

test('drills are counted by how they ended, in all and for each source', () => {
  const { total, sources } = figures([
    aDrill({ source: 'shop' }),
    aDrill({ source: 'shop', status: 'failed' }),
    aDrill({ source: 'bank', status: 'inconclusive' }),
    aDrill({ source: 'bank', status: 'running', report: null, restoreTime: null })
  ])
  assert.deepEqual(total, { drills: 4, passed: 1, failed: 1, inconclusive: 1, running: 1 })
  assert.deepEqual(sources.map(({ source, drills, passed }) => [source, drills, passed]), [['shop', 2, 1], [
    'bank',
    2,
    0
  ]])
})

test('a source without drills is listed, and one that is no longer configured has no present state', () => {
  const { sources } = figures([aDrill({ source: 'gone' })], ['shop'])
  assert.deepEqual(sources.map(({ source, drills, now }) => [source, drills, now === null]), [['shop', 0, false], [
    'gone',
    1,
    true
  ]])
  assert.deepEqual([sources[0]?.oldest, sources[0]?.usualRestoreSeconds], [null, null])
})

test('the usual restore time is the median, which one slow restore does not move', () => {
  const { sources } = figures([1000, 90_000, 2000].map(restoreTime => aDrill({ source: 'shop', restoreTime })))
  assert.deepEqual([sources[0]?.usualRestoreSeconds, sources[0]?.slowestRestoreSeconds], [2, 90])
})

test('a backup is as old as it was when it was drilled, and never younger than nothing', () => {
  const at = (ms: number): Restore => aDrill({ source: 'shop', startedAt: new Date(STARTED.getTime() + ms) })
  const { drills } = figures([at(60_500), at(-1), aDrill({ source: 'shop', report: null })])
  assert.deepEqual(drills.map(drill => drill.backupAgeSeconds), [60, 0, null])
})
