import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CHECK_NAMES,
  completeChecks,
  conclude,
  verificationMessage,
  type Check,
  type CheckName,
  type CheckStatus
} from '../../../src/core/ports/verification.ts'

function checks (given: Partial<Record<CheckName, CheckStatus>>): Check[] {
  return CHECK_NAMES.flatMap(name => given[name] === undefined ? [] : [{ name, status: given[name] }])
}

test('it is valid when the bytes were compared, the content was opened, and nothing failed', () => {
  assert.equal(conclude(checks({ checksum: 'pass', opens_read_only: 'pass' })).valid, true)
  assert.equal(
    conclude(checks({ checksum: 'pass', decompression: 'skipped', opens_read_only: 'pass', row_counts: 'skipped' }))
      .valid,
    true
  )
})

test('one check that failed, whichever, makes it not valid', () => {
  for (const name of CHECK_NAMES) {
    assert.equal(conclude(checks({ checksum: 'pass', opens_read_only: 'pass', [name]: 'fail' })).valid, false, name)
  }
})

test('where nothing was checked it is never valid', () => {
  assert.equal(conclude([]).valid, false)
  assert.equal(conclude(completeChecks([], 'not tried')).valid, false)
})

test('without the comparison of the bytes, or without opening the content, it is not valid', () => {
  const all = Object.fromEntries(CHECK_NAMES.map(name => [name, 'pass'])) as Record<CheckName, CheckStatus>
  for (const name of ['checksum', 'opens_read_only'] as const) {
    assert.equal(conclude(checks({ ...all, [name]: 'skipped' })).valid, false)
  }
})

test('every level is there, in its order, and one that was not reached is skipped with the reason', () => {
  const failed: Check = { name: 'checksum', status: 'fail', reason: 'other bytes' }
  const all = completeChecks([failed, { name: 'file_exists', status: 'pass' }], 'not reached')
  assert.deepEqual(all.map(({ name }) => name), CHECK_NAMES)
  assert.equal(all[2], failed)
  assert.deepEqual(all[9], { name: 'row_counts', status: 'skipped', reason: 'not reached' })
})

test("the message for a valid backup is the runbook's", () => {
  assert.equal(verificationMessage(conclude(checks({ checksum: 'pass', opens_read_only: 'pass' }))), 'Backup is valid')
})

test('the message names the first check that failed, why, and what to do', () => {
  for (const name of CHECK_NAMES) {
    const message = verificationMessage(conclude([{ name, status: 'fail', reason: 'so it is' }]))
    assert.ok(message.startsWith(`Backup is not valid: ${name} failed (so it is). `), message)
    assert.match(message, /[Cc]reate|older/)
  }
})

test('a check that failed without a reason says so', () => {
  assert.match(verificationMessage(conclude(checks({ schema: 'fail' }))), /schema failed \(no reason given\)/)
})

test('the message for what could not be checked claims nothing', () => {
  assert.match(verificationMessage(conclude([])), /^Backup is not proven/)
})
