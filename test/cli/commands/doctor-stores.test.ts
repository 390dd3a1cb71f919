import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examine } from '../../../src/cli/doctor/examine.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { complaintsIn, examined } from '../../support/cli/doctor.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

test('doctor tries each store for copies, and says what is wrong with which', async t => {
  const { offsite, faults } = await testOffsite(t, { far: {}, vault: { isAppendOnly: true } })
  const { subject: context, memory: snapshot } = await examined(t, { offsite })
  const findings = (await examine(context, snapshot)).filter(({ check }) => check.startsWith('store'))
  assert.deepEqual(findings.map(({ check, status }) => [check, status]), [
    ['store far', 'ok'],
    ['store vault', 'fail'],
    ['store vault', 'fail'],
    ['store vault', 'warn']
  ])
  assert.match(findings[0]?.message ?? '', /^copies can be written, read and removed: \//)
  faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down', { hint: 'Wait.' }) })
  assert.deepEqual(
    complaintsIn(await examine(context, snapshot)).filter(complaint => complaint.includes('store far')),
    [
      'fail store far: it is down'
    ]
  )
})

test('doctor without a catalog tries none', async t => {
  const { subject: context } = await examined(t)
  assert.deepEqual(
    (await examine(context, undefined)).filter(({ check }) => check === 'store').map(({ status }) => status),
    ['skipped']
  )
})
