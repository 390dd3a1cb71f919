import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { comparedShape, presentCompared, presentRescued, rescuedShape } from '../../src/present/rows.ts'
import { aBackup } from '../support/builders/backup.ts'
import { aDifference, aRescue } from '../support/builders/rows.ts'

const backup = aBackup({ id: 4 })

test('a comparison names the other backup, or the live database', () => {
  const difference = aDifference()
  assert.equal(presentCompared({ backup, other: null, difference }).with, 'live')
  assert.equal(presentCompared({ backup, other: aBackup({ id: 9 }), difference }).with, 9)
})

test('a comparison has the fields of its schema, with rows that came, went and were skipped', () => {
  const view = presentCompared({ backup, other: null, difference: aDifference() })
  assert.deepEqual(z.strictObject(comparedShape).parse(view), view)
  assert.deepEqual(view.tables[0]?.rows[0]?.before, { id: 4, text: 'nails', image: { blob: '00ff' } })
  assert.equal(view.tables[0].rows[0].after, null)
})

test('a rescue that overwrote nothing has no undo; another is undone with its safety backup', () => {
  const rescued = { backup, dryRun: false, rescue: aRescue(), removed: [] }
  const view = presentRescued({ ...rescued, safetyBackupId: null })
  assert.deepEqual(z.strictObject(rescuedShape).parse(view), view)
  assert.equal(view.undo, null)
  assert.equal(presentRescued({ ...rescued, safetyBackupId: 7 }).undo?.command, 'holdfast restore 7')
})
