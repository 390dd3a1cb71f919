import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasTag, parseRange } from '../../src/http/range.ts'

const RANGES: readonly (readonly [string | undefined, number, ReturnType<typeof parseRange>])[] = [
  [undefined, 10, undefined],
  ['bytes=0-0', 10, { start: 0, end: 0 }],
  ['bytes=2-5', 10, { start: 2, end: 5 }],
  ['bytes=2-', 10, { start: 2, end: 9 }],
  ['bytes=2-99', 10, { start: 2, end: 9 }],
  ['bytes=-3', 10, { start: 7, end: 9 }],
  ['bytes=-99', 10, { start: 0, end: 9 }],
  ['Bytes=9-', 10, { start: 9, end: 9 }],
  ['bytes=10-', 10, null],
  ['bytes=-0', 10, null],
  ['bytes=0-', 0, null],
  ['bytes=-1', 0, null],
  ['bytes=5-2', 10, undefined],
  ['bytes=-', 10, undefined],
  ['bytes=a-b', 10, undefined],
  ['bytes=0-1,3-4', 10, undefined],
  ['lines=0-1', 10, undefined],
  ['bytes=0-99999999999999999999', 10, undefined]
]

for (const [header, size, expected] of RANGES) {
  test(`${header ?? 'no range'} of ${size} bytes is ${expected === undefined ? 'all of them' : JSON.stringify(expected)}`, () => {
    assert.deepEqual(parseRange(header, size), expected)
  })
}

test('a tag is found in a list, in its weak form, and by the asterisk', () => {
  assert.deepEqual(['"a"', '"b", W/"a"', '*', '"b"', '', undefined].map(header => hasTag(header, '"a"')), [
    true,
    true,
    true,
    false,
    false,
    false
  ])
})
