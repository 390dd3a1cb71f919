import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExpiry } from '../../src/cli/duration.ts'

test('a number and a unit are a time', () => {
  assert.deepEqual(['45s', '15m', '12h', '30d', '3650d'].map(parseExpiry), [45, 900, 43_200, 2_592_000, 315_360_000])
})

test('never is said as such', () => {
  assert.equal(parseExpiry('never'), null)
})

for (const text of ['0d', '5y', '30', 'soon', '-1d', '3651d', '1.5h', '30 d', '']) {
  test(`"${text}" is no time after which a token can expire`, () => {
    assert.throws(() => parseExpiry(text), { code: 'VALIDATION_FAILED' })
  })
}
