import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  STORED_CHECKS,
  completeChecks,
  conclude,
  inconclusiveCheck,
  inconsistencyOf,
  verificationMessage,
  verificationWarning,
  violationsOf,
  type Check,
  type CheckDefinition,
  type CheckStatus
} from '../../../src/core/ports/verification.ts'

/** The checks of a kind. */
const OWN: readonly CheckDefinition[] = [
  { name: 'opens_read_only', opensContent: true, remedy: 'Use an older backup.' },
  { name: 'integrity_check', opensContent: true, remedy: 'Use an older backup, and look at the source.' },
  { name: 'schema', opensContent: false, remedy: 'Use an older backup.' },
  { name: 'row_counts', opensContent: false, remedy: 'Use an older backup.' }
]
const NAMES: readonly string[] = [...STORED_CHECKS, ...OWN.map(({ name }) => name)]

function checks (given: Partial<Record<string, CheckStatus>>): Check[] {
  return NAMES.flatMap(name => given[name] === undefined ? [] : [{ name, status: given[name] }])
}

test('it is valid when the bytes were compared, the content was opened, and nothing failed', () => {
  assert.equal(conclude(checks({ checksum: 'pass', opens_read_only: 'pass' }), OWN).valid, true)
  assert.equal(
    conclude(
      checks({ checksum: 'pass', decompression: 'skipped', opens_read_only: 'pass', row_counts: 'skipped' }),
      OWN
    )
      .valid,
    true
  )
})

test('one check that failed, whichever, makes it not valid', () => {
  for (const name of NAMES) {
    assert.equal(
      conclude(checks({ checksum: 'pass', opens_read_only: 'pass', [name]: 'fail' }), OWN).valid,
      false,
      name
    )
  }
})

test('where nothing was checked it is never valid', () => {
  assert.equal(conclude([], OWN).valid, false)
  assert.equal(conclude(completeChecks([], OWN, 'not tried'), OWN).valid, false)
})

test('without the comparison of the bytes, or without opening the content, it is not valid', () => {
  const all = Object.fromEntries(NAMES.map(name => [name, 'pass'])) as Record<string, CheckStatus>
  const skipped = (...names: readonly string[]) => Object.fromEntries(names.map(name => [name, 'skipped'] as const))
  for (const names of [['checksum'], ['opens_read_only', 'integrity_check']]) {
    assert.equal(conclude(checks({ ...all, ...skipped(...names) }), OWN).valid, false)
  }
  assert.equal(conclude(checks({ ...all, ...skipped('opens_read_only', 'schema') }), OWN).valid, true)
})

test('every level is there, in its order, and one that was not reached is skipped with the reason', () => {
  const failed: Check = { name: 'checksum', status: 'fail', reason: 'other bytes' }
  const all = completeChecks([failed, { name: 'file_exists', status: 'pass' }], OWN, 'not reached')
  assert.deepEqual(all.map(({ name }) => name), NAMES)
  assert.equal(all[2], failed)
  assert.deepEqual(all.at(-1), { name: 'row_counts', status: 'skipped', reason: 'not reached' })
})

test("the message for a valid backup is the runbook's", () => {
  assert.equal(
    verificationMessage(conclude(checks({ checksum: 'pass', opens_read_only: 'pass' }), OWN)),
    'Backup is valid'
  )
})

test('the message names the first check that failed, why, and what to do', () => {
  for (const name of NAMES) {
    const message = verificationMessage(conclude([{ name, status: 'fail', reason: 'so it is' }], OWN))
    assert.ok(message.startsWith(`Backup is not valid: ${name} failed (so it is). `), message)
    assert.match(message, /[Cc]reate|older/)
  }
})

test('a check that failed without a reason says so', () => {
  assert.match(verificationMessage(conclude(checks({ schema: 'fail' }), OWN)), /schema failed \(no reason given\)/)
})

test('the message for what could not be checked claims nothing', () => {
  assert.match(verificationMessage(conclude([], OWN)), /^Backup is not verified/)
})

test('parts that do not fit together are no damage, a warning, and counted apart from broken constraints', () => {
  const broken: Check = { name: 'integrity_check', status: 'pass', reason: 'NULL in t.n', violations: 1 }
  const unknown: Check = {
    name: 'first',
    status: 'skipped',
    reason: 'no such table',
    code: 'QUERY_FAILED',
    consistency: 'unknown'
  }
  const missing: Check = {
    name: 'second',
    status: 'pass',
    reason: '2 rows',
    violations: 2,
    consistency: 'inconsistent'
  }
  const passed = checks({ checksum: 'pass', opens_read_only: 'pass' })
  const all = [...passed, broken, unknown, missing]
  assert.equal(conclude(all, OWN).valid, true)
  assert.equal(violationsOf(all), 1)
  assert.equal(inconsistencyOf(all), missing)
  assert.equal(inconsistencyOf([...passed, broken, unknown]), unknown)
  assert.equal(inconsistencyOf([...passed, broken]), undefined)
  assert.equal(inconclusiveCheck(all), undefined, 'the backup is verified')
  assert.equal(verificationMessage(conclude(all, OWN)), 'Backup is valid, with a warning: 2 rows')
  assert.equal(verificationWarning([...passed, broken, unknown]), 'no such table')
})
