import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError, ERRORS, isErrorCode, systemCode, toBackupError, type ErrorFacts } from '../../src/core/errors.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8')
const entries: readonly (readonly [string, ErrorFacts])[] = Object.entries(ERRORS)
/** Code, status, exit code, retry, meaning, remedy of each line of the tables. */
const lines = page.split('\n').filter(line => line.startsWith('| `')).map(line => line.split(/ *\| */).slice(1, -1))

test('docs/errors.md has one line for every code, and none for another', () => {
  assert.deepEqual(lines.map(([code]) => code?.replaceAll('`', '')).toSorted(), Object.keys(ERRORS).toSorted())
})

test('docs/errors.md says of each code what the table says', () => {
  for (const [code, { status, exit, retry, title }] of entries) {
    const line = lines.find(([name]) => name === `\`${code}\``)
    assert.deepEqual(line?.slice(1, 5), [String(status), String(exit), retry ? 'yes' : 'no', title], code)
  }
})

test('docs/errors.md says what to do about each code', () => {
  for (const [code = '', , , , , remedy = ''] of lines) assert.match(remedy, /^[A-Z].*\.$/, code)
})

test('the name of a code is in capitals', () => {
  for (const [code] of entries) assert.match(code, /^[A-Z]+(_[A-Z]+)*$/)
})

test('the status of a code is that of an error', () => {
  for (const [code, { status }] of entries) assert.ok(Number.isInteger(status) && status >= 400 && status <= 599, code)
})

test('the exit code is one that the command line promises, and 1 is kept for what nobody expected', () => {
  for (const [code, { exit }] of entries) assert.ok([1, 2, 4, 5, 6, 7, 130].includes(exit), code)
  assert.deepEqual(entries.filter(([, { exit }]) => exit === 1).map(([code]) => code), ['INTERNAL'])
})

test('the title of a code is lowercase without a full stop', () => {
  for (const [code, { title }] of entries) assert.match(title, /^[a-z].*[^.]$/, code)
})

test('an error of ours goes through as it is', () => {
  const error = new BackupError('DISK_FULL', 'no room', { hint: 'Free some.', details: { needed: 5 } })
  assert.equal(toBackupError(error), error)
  assert.deepEqual([error.code, error.hint, error.details, error.cause], [
    'DISK_FULL',
    'Free some.',
    { needed: 5 },
    undefined
  ])
})

test('anything else becomes INTERNAL and stays its cause', () => {
  const cause = new TypeError('x is not a function')
  assert.deepEqual([toBackupError(cause).code, toBackupError(cause).cause], ['INTERNAL', cause])
  assert.equal(toBackupError('thrown text').message, 'thrown text')
})

test('a code is known by its own name only', () => {
  assert.deepEqual(['DISK_FULL', 'disk_full', 'toString', 5].map(isErrorCode), [true, false, false, false])
})

test('the code of the system is read from an error that has one', () => {
  assert.equal(systemCode(Object.assign(new Error('no'), { code: 'ENOENT' })), 'ENOENT')
  assert.deepEqual([
    systemCode(new Error('no')),
    systemCode({ code: 'ENOENT' }),
    systemCode(Object.assign(new Error('no'), { code: 5 }))
  ], [undefined, undefined, undefined])
})
