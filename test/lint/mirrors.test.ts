import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')

interface Rule {
  /** A folder of `src`, with the folders in it. */
  readonly src: string
  /** Where its tests are: of `room/x.ts` in `room/x.test.ts`, of one aspect of it in `room/x-<aspect>.test.ts`. */
  readonly test: string
  /** Folders in it that are left out. Default: none. */
  readonly without?: readonly string[]
  /** Files that have no test of their own, each with the reason. */
  readonly exceptions: Readonly<Record<string, string>>
}

const RULES: readonly Rule[] = [
  {
    src: 'src/engine',
    test: 'test/engine',
    exceptions: {
      'backup/create-request.ts': 'types only',
      'backup/created.ts': 'types only',
      'deps.ts': 'types only',
      'engine.ts': 'types only',
      'make-engine.ts': 'joins the verbs of the rooms, each of which has its test',
      'retention/removal.ts': 'types only'
    }
  },
  { src: 'src/cli/commands', test: 'test/cli/commands', exceptions: {} },
  { src: 'src/http/routes', test: 'test/http/routes', exceptions: {} },
  { src: 'src/scheduler', test: 'test/scheduler', exceptions: {} },
  { src: 'src/files', test: 'test/files', exceptions: {} },
  { src: 'src/monitoring', test: 'test/monitoring', exceptions: {} },
  { src: 'src/present', test: 'test/present', exceptions: {} },
  {
    src: 'src/pipeline',
    test: 'test/pipeline',
    exceptions: {
      'openpgp-work.ts': 'types and constants',
      'openpgp-worker.ts': 'runs as a thread, through openpgp.ts',
      'thread-channel.ts': 'the side of the thread, tested by thread-stage.test.ts'
    }
  },
  {
    src: 'src/catalog',
    test: 'test/catalog',
    exceptions: {
      'backup-statements.ts': 'statements alone, which backup-log.test.ts runs',
      'index.ts': 'joins the logs, each of which has its test'
    }
  },
  // Routes have their own rule; schemas are data, against which the tests of routes hold the answers.
  {
    src: 'src/http',
    test: 'test/http',
    without: ['routes', 'schemas'],
    exceptions: { 'example-values.ts': 'values of examples.ts', 'roles.ts': 'types and constants' }
  }
]

/** Paths of the files in a folder whose names end so, without that ending. */
function filesIn (folder: string, ending: string, without: readonly string[] = []): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith(ending) && !without.some(name => path.startsWith(`${name}/`)))
    .map(path => path.slice(0, -ending.length)).toSorted()
}

/** The files without a test of the same path. */
function untested (
  files: readonly string[],
  tests: readonly string[],
  { exceptions }: Pick<Rule, 'exceptions'>
): string[] {
  return files.filter(file => !tests.includes(file) && exceptions[`${file}.ts`] === undefined)
}

/** The tests whose name begins with that of no file. */
function unnamed (files: readonly string[], tests: readonly string[]): string[] {
  return tests.filter(path => !files.some(file => path === file || path.startsWith(`${file}-`)))
}

/** The exceptions for files that have a test, or do not exist. */
function stale (
  files: readonly string[],
  tests: readonly string[],
  { exceptions }: Pick<Rule, 'exceptions'>
): string[] {
  return Object.keys(exceptions).filter(name =>
    !files.some(file => `${file}.ts` === name) || tests.some(path => `${path}.ts` === name)
  )
}

for (const rule of RULES) {
  const [files, tests] = [filesIn(rule.src, '.ts', rule.without), filesIn(rule.test, '.test.ts', rule.without)]

  test(`each file of ${rule.src} has a test of the same path in ${rule.test}`, () => {
    assert.deepEqual(untested(files, tests, rule), [])
  })

  test(`each test of ${rule.test} is named after a file of ${rule.src}`, () => {
    assert.deepEqual(unnamed(files, tests), [])
  })

  test(`each exception for ${rule.src} is needed`, () => {
    assert.deepEqual(stale(files, tests, rule), [])
  })
}

test('a file without a test, a test without a file and an exception that nothing needs are found', () => {
  const [files, rule] = [['deps', 'room/x', 'room/y'], {
    exceptions: { 'deps.ts': 'types only', 'room/y.ts': 'has a test', 'gone.ts': 'does not exist' }
  }]
  assert.deepEqual(untested(files, ['room/x-aspect', 'room/y', 'x'], rule), ['room/x'])
  assert.deepEqual(unnamed(files, ['room/x', 'room/x-aspect', 'room/xy', 'x']), ['room/xy', 'x'])
  assert.deepEqual(stale(files, ['room/x', 'room/y'], rule), ['room/y.ts', 'gone.ts'])
})
