import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError, type ErrorCode } from '../../../src/core/errors.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { sourceError } from '../../../src/sources/postgres/errors.ts'

const database = parseUrl('postgresql://Odd%22Role:geheim@db/books')

const CODES: ReadonlyArray<readonly [string, ErrorCode]> = [
  ['ECONNREFUSED', 'SOURCE_UNREACHABLE'],
  ['ENOTFOUND', 'SOURCE_UNREACHABLE'],
  ['57P03', 'SOURCE_UNREACHABLE'],
  ['53300', 'SOURCE_UNREACHABLE'],
  ['28P01', 'SOURCE_UNAUTHENTICATED'],
  ['28000', 'SOURCE_UNAUTHENTICATED'],
  ['3D000', 'SOURCE_MISSING'],
  ['42501', 'SOURCE_FORBIDDEN'],
  ['40001', 'SOURCE_FAILED'],
  ['53200', 'SOURCE_SETTING'],
  ['55P03', 'SOURCE_LOCKED'],
  ['XX000', 'SOURCE_FAILED']
]

for (const [code, expected] of CODES) {
  test(`${code} is ${expected}, with a remedy and without the password`, () => {
    const cause = Object.assign(new Error('text of the server'), { code })
    const error = sourceError(cause, database)
    assert.equal(error.code, expected)
    assert.equal(error.cause, cause)
    assert.ok((error.hint ?? '').length > 10)
    assert.ok(!`${error.message}${error.hint}`.includes('geheim'))
  })
}

test('each address of a server may refuse, and an exchange that pg ended is one of the password', () => {
  const refused = new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })])
  assert.equal(sourceError(refused, database).code, 'SOURCE_UNREACHABLE')
  const ended = new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string')
  assert.equal(sourceError(ended, database).code, 'SOURCE_UNAUTHENTICATED')
  assert.equal(sourceError(new Error('Connection terminated unexpectedly'), database).code, 'SOURCE_UNREACHABLE')
})

test('the name of a role is quoted where SQL needs it, and a BackupError stays as it is', () => {
  const forbidden = sourceError(Object.assign(new Error('x'), { code: '42501' }), database)
  assert.match(forbidden.hint ?? '', /TO "Odd""Role"/)
  const own = new BackupError('SOURCE_LOCKED', 'x')
  assert.equal(sourceError(own, database), own)
})
