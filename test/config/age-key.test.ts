import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bech32 } from '@scure/base'
import { isKeyOf } from '../../src/config/age-key.ts'

// From the documentation of age.
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

test('a key is one of its own prefix alone, in either case, and not in both at once', () => {
  assert.equal(isKeyOf('age', RECIPIENT), true)
  assert.equal(isKeyOf('age', RECIPIENT.toUpperCase()), true)
  assert.equal(isKeyOf('age', `${RECIPIENT.slice(0, -1)}${RECIPIENT.at(-1)!.toUpperCase()}`), false)
  assert.equal(isKeyOf('age-secret-key-', RECIPIENT), false)
})

test('any letter that was mistyped, and any two that changed places, is found out', () => {
  for (let at = 4; at < RECIPIENT.length; at++) {
    for (const letter of LETTERS) {
      if (letter !== RECIPIENT[at]) {
        assert.equal(isKeyOf('age', RECIPIENT.slice(0, at) + letter + RECIPIENT.slice(at + 1)), false)
      }
    }
    const [one, two] = [RECIPIENT[at]!, RECIPIENT[at + 1] ?? '']
    if (two !== '' && one !== two) {
      assert.equal(isKeyOf('age', RECIPIENT.slice(0, at) + two + one + RECIPIENT.slice(at + 2)), false)
    }
  }
})

test('what is shorter, longer, empty, or in other letters is none', () => {
  for (
    const text of ['', 'age1', RECIPIENT.slice(0, -1), `${RECIPIENT}q`, RECIPIENT.replace('q', 'b'), ` ${RECIPIENT}`]
  ) assert.equal(isKeyOf('age', text), false, text)
})

test('32 bytes with nothing behind them are a key; fewer, more, or padding that is not zero are none, whatever their checksum', () => {
  const { words } = bech32.decode(RECIPIENT)
  assert.equal(isKeyOf('age', bech32.encode('age', words)), true)
  for (const length of [0, 16, 31, 33, 40]) {
    assert.equal(isKeyOf('age', bech32.encodeFromBytes('age', new Uint8Array(length))), false, `${length} bytes`)
  }
  const padded = words.with(-1, words.at(-1)! | 1)
  assert.equal(isKeyOf('age', bech32.encode('age', padded)), false)
})
