import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { firstCause } from '../../src/pipeline/failure.ts'
import { never } from '../support/streams.ts'

const OURS = new BackupError('DISK_FULL', 'no room')
const SYSTEM = Object.assign(new Error('read failed'), { code: 'EIO' })
const ECHOES = ['ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ECONNRESET'].map(code =>
  Object.assign(new Error('echo'), { code })
)

function causeOf (...errors: readonly unknown[]): unknown {
  return firstCause(
    errors.map(reason => reason === undefined ? { status: 'fulfilled', value: 1 } : { status: 'rejected', reason }),
    never
  )
}

test('where nothing failed there is no cause', () => {
  assert.equal(causeOf(undefined, undefined), undefined)
})

test('an error of ours is preferred to whatever else was thrown', () => {
  assert.equal(causeOf(SYSTEM, undefined, OURS), OURS)
})

test('an error that is no echo is preferred to one that is', () => {
  const plain = new Error('plain')
  for (const echo of ECHOES) assert.deepEqual([causeOf(echo, SYSTEM, echo), causeOf(echo, plain)], [SYSTEM, plain])
})

test('an echo is better than nothing', () => {
  assert.equal(causeOf(undefined, ECHOES[0], ECHOES[1]), ECHOES[0])
})

test('the reason of an abort is preferred to everything', () => {
  const reason = new BackupError('CANCELLED', 'cancelled')
  assert.equal(firstCause([{ status: 'rejected', reason: OURS }], AbortSignal.abort(reason)), reason)
})

test('an abort that hindered nothing is no failure', () => {
  assert.equal(firstCause([{ status: 'fulfilled', value: 1 }], AbortSignal.abort(OURS)), undefined)
})
