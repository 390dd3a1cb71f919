import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Chunker } from '../../src/pipeline/chunker.ts'
import { chunks } from '../support/streams.ts'

/** The pieces into which the text is cut, each with a "!" where it is the last. */
function cut (text: string, size: number, chunkSize: number): string[] {
  const found: string[] = []
  const pieces = new Chunker(size, (piece, isLast) => {
    found.push(`${piece.toString()}${isLast ? '!' : ''}`)
    return [Buffer.from(piece)]
  })
  const bytes = Buffer.from(text)
  const out = [...chunks(bytes, chunkSize).map(chunk => pieces.add(chunk)), pieces.end()]
  assert.deepEqual(Buffer.concat(out), bytes)
  return found
}

for (
  const [text, expected] of [
    ['', ['!']],
    ['a', ['a!']],
    ['abc', ['abc!']],
    ['abcd', ['abc', 'd!']],
    ['abcdef', ['abc', 'def!']],
    ['abcdefghij', ['abc', 'def', 'ghi', 'j!']]
  ] as const
) {
  test(`"${text}" in pieces of 3 is ${JSON.stringify(expected)}, however it comes`, () => {
    for (let chunkSize = 1; chunkSize < 12; chunkSize++) {
      assert.deepEqual(cut(text, 3, chunkSize), expected, `in chunks of ${chunkSize}`)
    }
  })
}

test('what a piece becomes may be longer, in parts, or nothing', () => {
  const pieces = new Chunker(
    2,
    (piece, isLast) => isLast ? [] : [Buffer.from('<'), Buffer.from(piece), Buffer.from('>')]
  )
  assert.deepEqual([pieces.add(Buffer.from('abcde')).toString(), pieces.end().toString()], ['<ab><cd>', ''])
})
