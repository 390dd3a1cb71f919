import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { findWords } from '../../lint/words.ts'
import { tempDir } from '../support/temp-dir.ts'

const script = join(import.meta.dirname, '../../scripts/check-words.ts')

test('no folder has more words of the list than before', () => {
  const { status, stdout } = run()
  assert.equal(status, 0, stdout)
})

test('each phrase is found, with its line', () => {
  const text = [
    'a file beside it',
    'made anew',
    'a store of ours',
    'starts by itself',
    'missed runs are made up for',
    'held row for row against it',
    'leavings',
    'for want of a key',
    'is to be',
    'at hand',
    'in words',
    'the row says',
    'it stands there',
    'nobody',
    'what speaks S3'
  ]
  assert.deepEqual(findWords('a.md', text.join('\n')).map(({ line }) => line), text.map((_, index) => index + 1))
})

test('other words are left alone', () => {
  assert.deepEqual(findWords('a.md', 'besides, the store is compared; keywords; a standard; essays; it withholds'), [])
})

test('code in Markdown is not prose, and lines keep their numbers', () => {
  const text = 'a `beside` b\n\n```sh\nbeside\n```\n\nbeside\n'
  assert.deepEqual(findWords('a.md', text).map(({ line }) => line), [7])
  assert.deepEqual(findWords('a.ts', text).map(({ line }) => line), [1, 4, 7])
})

test('a new word fails, in a folder with a number and in one without', t => {
  const root = project(t, { 'src/a': 1 }, { 'src/a/a.ts': '// anew', 'docs/b.md': 'fine' })
  assert.equal(run('--root', root).status, 0)
  writeFileSync(join(root, 'src/a/c.ts'), '// leavings\n')
  const more = run('--root', root)
  assert.equal(more.status, 1)
  assert.match(more.stdout, /src\/a\/c\.ts:1: "leavings" → leftovers/)
  const other = run('--root', project(t, {}, { 'docs/b.md': 'anew' }))
  assert.deepEqual([other.status, other.stdout.includes('docs/b.md has 1 of these words, and 0 are allowed')], [
    1,
    true
  ])
})

test('a number is lowered, removed at zero, and never raised', t => {
  const root = project(t, { 'src/a': 3, 'README.md': 2, 'src/b': 1 }, {
    'src/a/a.ts': '// anew',
    'README.md': 'fine',
    'src/b/b.ts': '// anew anew'
  })
  assert.equal(run('--write', '--root', root).status, 1)
  assert.deepEqual(JSON.parse(readFileSync(join(root, 'lint/words-baseline.json'), 'utf8')), { 'src/a': 1, 'src/b': 1 })
})

/** A project of these files, with their numbers. */
function project (
  t: TestContext,
  baseline: Readonly<Record<string, number>>,
  files: Readonly<Record<string, string>>
): string {
  const root = tempDir(t)
  const all = { ...files, 'lint/words-baseline.json': JSON.stringify(baseline) }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

function run (...args: readonly string[]): { status: number | null, stdout: string } {
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', timeout: 60_000 })
}
