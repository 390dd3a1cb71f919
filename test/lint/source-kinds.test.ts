import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SOURCE_KINDS } from '../../src/sources/index.ts'

const src = join(import.meta.dirname, '../../src')

/** Where the name of a kind means something else, each with what it means. */
const OTHERS: Readonly<Record<string, string>> = {
  'config/sets.ts': 'the name of a key in holdfast.yaml',
  'cli/views/files.ts': 'the type of an entry in a backup',
  'core/restore/tree.ts': 'the type of an entry in a backup',
  'stores/local/kind.ts': 'the label and the usual name of a store',
  'http/example-values.ts': 'a value in an example of an answer, which no code reads',
  'http/examples.ts': 'a value in an example of an answer, which no code reads',
  'monitoring/series.ts': 'the version of the SQLite library that the service has, a label of holdfast_build_info'
}

/** The lines of code that have one of these names as a string, or import from the folder of one. */
function named (text: string, names: readonly string[]): string[] {
  const kinds = names.join('|')
  const pattern = new RegExp(`(['"\`])(?:${kinds})\\1|/sources/(?:${kinds})/`)
  const lines = text.split('\n').map(line => line.trim())
  return lines.filter(line => pattern.test(line) && !/^(?:\/?\*|\/\/)/.test(line))
}

/** Every file of src, but the folders of the kinds and their list. */
function others (): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.ts') && path !== 'sources/index.ts' &&
    !SOURCE_KINDS.some(({ name }) => path.startsWith(`sources/${name}/`))
  )
}

const NAMES = SOURCE_KINDS.map(({ name }) => name)

test('no file but those of a kind and the list of kinds names a kind of source', () => {
  const found = others().filter(path => OTHERS[path] === undefined).flatMap(path =>
    named(readFileSync(join(src, path), 'utf8'), NAMES).map(line => `src/${path}: ${line}`)
  )
  assert.deepEqual(found, [])
})

test('each file that may use the word of a kind does', () => {
  for (const path of Object.keys(OTHERS)) {
    assert.notDeepEqual(named(readFileSync(join(src, path), 'utf8'), NAMES), [], path)
  }
})

test('a kind is found in all three quotes and in an import, and neither in a comment nor in a longer word', () => {
  const text =
    "if (kind === 'sqlite')\nimport { a } from '../sources/sqlite/a.ts'\nconst a = \"sqlite\"\nconst b = `sqlite`\nconst tool = 'sqlite3'\n  // 'sqlite'\n/** `sqlite` */\n * `sqlite`"
  assert.equal(named(text, ['sqlite']).length, 4)
})

test('each kind has a folder of its name, and no two kinds have the same name or the same setting', () => {
  const folders = readdirSync(join(src, 'sources'), { withFileTypes: true }).filter(entry => entry.isDirectory())
  assert.deepEqual(folders.map(({ name }) => name).toSorted(), NAMES.toSorted())
  const settings = SOURCE_KINDS.flatMap(({ setting }) => setting?.key ?? [])
  for (const list of [NAMES, settings]) assert.equal(new Set(list).size, list.length)
})
