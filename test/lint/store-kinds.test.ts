import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { STORE_KINDS } from '../../src/stores/index.ts'

const root = join(import.meta.dirname, '../..')
const KINDS = STORE_KINDS.map(({ name }) => name)

/** Lines outside of the folder of a kind that hold a text that is also the name of a kind, each with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "http/examples.ts: kind: 'local',": 'a value in an example of an answer, which no code reads',
  "core/ports/store.ts: export const LANDING_STORE = 'local'": 'the name of a store: BACKUP_DIR',
  "cli/commands/list.ts: return { source, status, since, trashed, store: store ?? (s3 === true ? 's3' : undefined), ...wanted }":
    'the name of a store: --s3 is short for --store s3'
}

const COMMENT = /^\s*(?:\/\*|\*|\/\/)/

/** The lines of code that name a kind of store as a text of its own, with the path of the file before each. */
function naming (path: string, code: string): string[] {
  const name = new RegExp(`(['"\`])(?:${KINDS.join('|')})\\1`)
  return code.split('\n').filter(line => !COMMENT.test(line) && name.test(line)).map(line => `${path}: ${line.trim()}`)
}

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'))
  .filter(path => !KINDS.some(kind => path.startsWith(`stores/${kind}/`)))
const found = files.flatMap(path => naming(path, readFileSync(join(root, 'src', path), 'utf8')))

test('nothing names a kind of store but its own folder', () => {
  assert.ok(files.length > 300)
  assert.deepEqual(found.filter(line => EXCEPTIONS[line] === undefined), [])
})

test('each exception for a name of a kind of store is needed', () => {
  assert.deepEqual(Object.keys(EXCEPTIONS).filter(line => !found.includes(line)), [])
})

test('a name of a kind is found in every kind of quotes, and not in a comment or within another word', () => {
  assert.deepEqual(
    naming(
      'a.ts',
      "a('s3')\nb(\"gcs\")\nc(`azure`)\nd('s3Bucket')\ne('s3 ')\nf(s3)\n'local\n// 's3'\n/** `s3` */\n * 'gcs'"
    ),
    [
      "a.ts: a('s3')",
      'a.ts: b("gcs")',
      'a.ts: c(`azure`)'
    ]
  )
})

test('each kind of store keeps the contract of stores: its folder of tests has a suite', () => {
  for (const kind of KINDS) {
    const path = join(root, 'test/stores', kind, 'suite.test.ts')
    assert.ok(existsSync(path), path)
    assert.match(readFileSync(path, 'utf8'), /\b(?:s|landingS)toreSuite\(/, path)
  }
})
