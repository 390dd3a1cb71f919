import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGlob } from '../../../src/sources/directory/glob.ts'
import { rejectsWith } from '../../support/rejects.ts'

const CASES: ReadonlyArray<readonly [pattern: string, matches: readonly string[], others: readonly string[]]> = [
  ['payloads', ['payloads', 'payloads/2025/a'], ['payloads2', 'x/payloads']],
  ['/payloads/', ['payloads', 'payloads/a'], ['payloads2']],
  ['./payloads/2025/**', ['payloads/2025/a', 'payloads/2025/11/.hidden'], [
    'payloads',
    'payloads/2025',
    'payloads/2024/a'
  ]],
  ['**/*.yaml', ['a.yaml', 'x/y/a.yaml', '.a.yaml'], ['a.yml', 'yaml']],
  ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z/inside'], ['z', 'a/zz']],
  ['**', ['a', 'a/b'], []],
  ['.', ['.', 'a', 'a/b'], []],
  ['*', ['a', '.hidden', 'a/b', '-rf'], []],
  ['a*c', ['ac', 'abc', 'abcbc'], ['abcd', 'ab/c']],
  ['*a*b*', ['ab', 'xaxbx'], ['ba']],
  ['?', ['a', 'ü', '☃'], ['ab', '']],
  ['[a-c]x', ['ax', 'cx'], ['dx', 'x']],
  ['[!a-c]x', ['dx'], ['ax']],
  ['[]]', [']'], ['[']],
  ['[a-]', ['a', '-'], ['b']],
  [String.raw`\*`, ['*'], ['a']],
  ['line\nbreak', ['line\nbreak'], ['line']],
  ['Grüße*', ['Grüße ☃'], ['Grusse']]
]

for (const [pattern, matches, others] of CASES) {
  test(`the pattern ${JSON.stringify(pattern)}`, () => {
    const glob = parseGlob(pattern)
    assert.deepEqual(matches.filter(path => !glob.matches(path)), [])
    assert.deepEqual(others.filter(path => glob.matches(path)), [])
  })
}

test('a pattern that is none is refused, and named', async () => {
  for (const pattern of ['', 'a/../b', '..', 'a[b', 'a\0b', 'a'.repeat(5000)]) {
    await rejectsWith('VALIDATION_FAILED', (async () => parseGlob(pattern))())
  }
})

test('a pattern with many stars takes no longer than its length times that of the path', () => {
  const glob = parseGlob(`${'*a'.repeat(100)}*b`)
  const deep = parseGlob(`${'**/a/'.repeat(100)}b`)
  const begun = performance.now()
  assert.equal(glob.matches('a'.repeat(4000)), false)
  assert.equal(deep.matches('a/'.repeat(2000)), false)
  assert.ok(performance.now() - begun < 5000)
})
