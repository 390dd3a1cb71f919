import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutEnd, cutMiddle, printable, widthOf, wrap } from '../../src/cli/text.ts'

test('what somebody wrote cannot steer the terminal', () => {
  assert.equal(printable('a\u001b[2Jb\rc\u202ed\u0007'), 'a\ufffd[2Jb\ufffdc\ufffdd\ufffd')
  assert.equal(printable('two\nlines\tand a tab'), 'two lines and a tab')
  assert.equal(printable('Grüße 日本 👩‍👩‍👧'), 'Grüße 日本 👩‍👩‍👧')
})

test('wide characters take two columns, composed ones are not taken apart', () => {
  assert.deepEqual(['abc', 'é', 'e\u0301', '日本', '👩‍👩‍👧', '❤️', '…'].map(widthOf), [3, 1, 1, 4, 2, 2, 1])
})

test('a name is cut in its middle, a sentence at its end', () => {
  assert.equal(cutMiddle('workstation-backup-2025-11-24T23-30-00.db.zst', 20), 'workstatio…00.db.zst')
  assert.equal(cutEnd('beyond the limit of maxBackups (10)', 12), 'beyond the…')
  assert.deepEqual([cutMiddle('short', 5), cutEnd('short', 5)], ['short', 'short'])
  assert.equal(cutMiddle('日本日本日本', 6), '日…本')
})

test('whatever is cut fits, and what fits is not cut', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
    for (const cut of [cutMiddle, cutEnd]) {
      const shown = cut(text, width)
      assert.ok(widthOf(shown) <= width, `${widthOf(shown)} > ${width}`)
      if (widthOf(text) <= width) assert.equal(shown, text)
    }
  }))
})

test('prose is broken between words, below its beginning; a word that is too long stays whole', () => {
  assert.equal(
    wrap('  kept  the newest ten of them all', 16, 8),
    '  kept  the\n        newest\n        ten of\n        them all'
  )
  assert.equal(wrap('in /a/very/long/path/of/a/file.db there', 10, 2), 'in\n  /a/very/long/path/of/a/file.db\n  there')
  assert.equal(wrap('as long as you like', Infinity, 2), 'as long as you like')
})
