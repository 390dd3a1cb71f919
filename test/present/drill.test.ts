import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillMessage, drillSchema, presentDrill } from '../../src/present/drill.ts'
import { aDrill } from '../support/builders/restore.ts'

test('a drill has the fields of its schema, its report among them', () => {
  const view = presentDrill(aDrill())
  assert.deepEqual(drillSchema.strict().parse(view), view)
  assert.equal(view.report?.assertions[0]?.found, 7)
})

test('a drill that did not come to its end has no report', () => {
  assert.equal(presentDrill(aDrill({ status: 'running', report: null })).report, null)
})

test('the sentence of a drill has the time of the restore, or why it did not pass', () => {
  const errorMessage = 'the sum is off'
  assert.equal(
    drillMessage(aDrill({ restoreTime: 2345 })),
    'Backup 1 of "workstation" was restored and verified in 2.3 s'
  )
  assert.equal(drillMessage(aDrill({ status: 'failed', errorMessage })), 'The drill failed: the sum is off')
  assert.equal(drillMessage(aDrill({ status: 'inconclusive' })), 'The drill is inconclusive: no reason given')
})
