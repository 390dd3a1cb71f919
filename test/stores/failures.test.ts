import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { AnswerTooLong } from '../../src/stores/answer.ts'
import { azureError, isPassing as isPassingAzure } from '../../src/stores/azure/errors.ts'
import { gcsError, isPassing as isPassingGcs, Refusal } from '../../src/stores/gcs/errors.ts'
import { isPassing as isPassingS3, s3Error } from '../../src/stores/s3/errors.ts'

/** How each kind translates an error, decides on another try, and is answered with a status alone. */
const KINDS = {
  s3: {
    translate: s3Error,
    isPassing: isPassingS3,
    answer: (status: number) => Object.assign(new Error('no body'), { $metadata: { httpStatusCode: status } })
  },
  gcs: { translate: gcsError, isPassing: isPassingGcs, answer: (status: number) => new Refusal(status, '', 'no body') },
  azure: {
    translate: azureError,
    isPassing: isPassingAzure,
    answer: (status: number) => Object.assign(new Error('no body'), { statusCode: status })
  }
} as const

function systemError (code: string): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('the system says no'), { code }) })
}

for (const [kind, { translate, isPassing, answer }] of Object.entries(KINDS)) {
  for (
    const [status, code, text] of [
      [401, 'STORE_UNAVAILABLE', 'the store "p" rejected the credentials'],
      [403, 'STORE_UNAVAILABLE', 'the store "p" denies access with these credentials'],
      [404, 'OBJECT_NOT_FOUND', '"k" in "p" does not exist'],
      [412, 'OBJECT_EXISTS', '"k" in "p" already exists'],
      [416, 'RANGE_NOT_SATISFIABLE', '"k" in "p" does not have the requested range'],
      [429, 'STORE_UNAVAILABLE', 'the store "p" is too busy'],
      [503, 'STORE_UNAVAILABLE', 'the store "p" is too busy'],
      [507, 'DISK_FULL', 'the store "p" has no space left'],
      [418, 'STORE_FAILED', '"k" in "p" failed']
    ] as const
  ) {
    test(`${kind}: an answer with the status ${status} is ${code}`, () => {
      const error = translate(answer(status), 'k', 'p')
      assert.equal(error.code, code)
      assert.ok(error.message.startsWith(text), error.message)
    })
  }

  for (
    const [system, text, passes] of [
      ['ENOTFOUND', 'cannot be resolved', false],
      ['ECONNREFUSED', 'cannot be reached', false],
      ['ECONNRESET', 'cannot be reached', true],
      ['EHOSTUNREACH', 'cannot be reached', false],
      ['CERT_HAS_EXPIRED', 'cannot be trusted (CERT_HAS_EXPIRED)', false]
    ] as const
  ) {
    test(`${kind}: ${system} of the system, deep in an error, has a message${passes ? ', and may pass' : ''}`, () => {
      const thrown = systemError(system)
      const { code, message } = translate(thrown, 'k', 'p')
      assert.deepEqual([code, message, isPassing(thrown)], ['STORE_UNAVAILABLE', `the store "p" ${text}`, passes])
    })
  }

  test(`${kind}: where there is no bucket or container the error is about the store`, () => {
    const { code, message, hint } = translate(answer(404), '', 'p')
    assert.deepEqual([code, message], ['STORE_UNAVAILABLE', 'the store "p" does not exist'])
    assert.match(hint ?? '', /^Create the bucket or the container/)
  })

  test(`${kind}: an answer without end is named, whatever the error around it is called`, () => {
    const thrown = Object.assign(new Error('it broke', { cause: new AnswerTooLong() }), { name: 'TimeoutError' })
    assert.match(translate(thrown, 'k', 'p').message, /responded with more than \d+ bytes/)
  })

  test(`${kind}: the cause has name and message of the error, and nothing of the request`, () => {
    const thrown = Object.assign(systemError('EPIPE'), { request: { authorization: 'secret' } })
    const { cause } = translate(thrown, 'k', 'p')
    assert.deepEqual(Object.keys(cause as Error), ['name'])
    assert.equal((cause as Error).message, 'fetch failed')
  })

  test(`${kind}: an error that was translated before stays as it is`, () => {
    const known = new BackupError('STORE_FAILED', 'as it is')
    assert.equal(translate(known, 'k', 'p'), known)
  })
}
