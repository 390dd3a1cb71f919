import { InvalidArgumentError } from 'commander'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExpiry, parseWait, repeatable, wholeNumber } from '../../src/cli/arguments.ts'

test('a number and a unit are a time', () => {
  assert.deepEqual(['45s', '15m', '12h', '30d', '3650d'].map(parseExpiry), [45, 900, 43_200, 2_592_000, 315_360_000])
})

test('"never" is no expiry', () => {
  assert.equal(parseExpiry('never'), null)
})

for (const text of ['0d', '5y', '30', 'soon', '-1d', '3651d', '1.5h', '30 d', '']) {
  test(`"${text}" is no time after which a token can expire`, () => {
    assert.throws(() => parseExpiry(text), { code: 'VALIDATION_FAILED' })
  })
}

test('a wait is a number with its unit, in milliseconds, at most an hour', () => {
  assert.deepEqual(['0s', '500ms', '15s', '2m', '60m', '3600s'].map(parseWait), [
    0,
    500,
    15_000,
    120_000,
    3_600_000,
    3_600_000
  ])
})

for (const text of ['61m', '3600001ms', '00000015s', '1h', '15', 's', '1.5s', '-1s', '15 s', '']) {
  test(`"${text}" is no wait`, () => {
    assert.throws(() => parseWait(text), InvalidArgumentError)
  })
}

test('a whole number has decimal digits alone, and lies in its range', () => {
  assert.deepEqual(['0', '7', '007', '12'].map(wholeNumber(0, 12)), [0, 7, 7, 12])
  assert.equal(wholeNumber(0, Number.MAX_SAFE_INTEGER)('9007199254740991'), Number.MAX_SAFE_INTEGER)
})

for (const text of ['0', '13', '', ' 1', '1.5', '+1', '-1', '1e1', '0x1', '00000000000000001', 'many']) {
  test(`"${text}" is no whole number from 1 to 12`, () => {
    assert.throws(() => wholeNumber(1, 12)(text), (thrown: unknown) => {
      assert.ok(thrown instanceof InvalidArgumentError)
      assert.equal(thrown.message, 'Give a whole number from 1 to 12.')
      return true
    })
  })
}

test('an option that can be given several times has its values in their order', () => {
  const parse = repeatable(text => text.length)
  assert.deepEqual(parse('abc', parse('ab', parse('a'))), [1, 2, 3])
})
