import assert from 'node:assert/strict'
import { BackupError, type ErrorCode } from '../../src/core/errors.ts'

/** Asserts that it rejects with a BackupError of that code, and gives it back. */
export async function rejectsWith (code: ErrorCode, promise: Promise<unknown>): Promise<BackupError> {
  let thrown: unknown
  try {
    await promise
  } catch (error) {
    thrown = error
  }
  if (thrown === undefined) assert.fail(`resolved, and did not reject with ${code}`)
  if (!(thrown instanceof BackupError)) throw thrown
  assert.equal(thrown.code, code, thrown.message)
  return thrown
}
