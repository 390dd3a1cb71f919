import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const SOURCES = `\
sources:
  audit: { kind: sqlite, path: audit.db, assertions: [{ name: some, sql: SELECT count(*) FROM run, min: 1 }] }
  payloads: { kind: directory, path: payloads }
`

function config (t: TestContext, sets: string): Config {
  return validConfig({}, workDir(t, { 'holdfast.yaml': SOURCES + sets }))
}

function problems (t: TestContext, sets: string): string[] {
  return problemsOf({}, workDir(t, { 'holdfast.yaml': SOURCES + sets })).map(({ name, problem, remedy }) =>
    `${name} ${problem}. ${remedy}`
  )
}

test('a set is a source that has what is needed to read its members', t => {
  const { sources, defaultSource } = config(
    t,
    'sets:\n  app:\n    members: [payloads, audit]\n    references: { sql: SELECT path FROM call, directory: payloads }\n'
  )
  const set = sources.find(({ name }) => name === 'app')!
  const { members, isOrdered, references } = set.values as {
    readonly members: ReadonlyArray<{ readonly name: string, readonly kind: string, readonly values: object }>
    readonly isOrdered: boolean
    readonly references: unknown
  }
  assert.deepEqual(members.map(({ name, kind }) => [name, kind]), [['payloads', 'directory'], ['audit', 'sqlite']])
  assert.match(JSON.stringify(members[1]!.values), /audit\.db/)
  assert.equal(isOrdered, false)
  assert.deepEqual(references, [{ source: 'audit', sql: 'SELECT path FROM call', directory: 'payloads' }])
  assert.deepEqual(set.assertions.map(({ name }) => name), ['audit/some'])
  assert.equal(defaultSource, 'app')
})

test('a member without a schedule of its own is backed up with its set alone; one with a schedule also by itself', t => {
  const [audit, payloads, app] = validConfig(
    {},
    workDir(t, {
      'holdfast.yaml':
        'sources:\n  audit: { path: audit.db }\n  payloads: { kind: directory, path: p, interval: 3600000 }\nsets: [{ name: app, members: [audit, payloads] }]\n'
    })
  ).sources
  assert.deepEqual([audit!.policy.enabled, audit!.policy.coveredBy], [false, 'app'])
  assert.deepEqual([payloads!.policy.enabled, payloads!.policy.coveredBy], [undefined, undefined])
  assert.equal(app!.name, 'app')
})

test('the order of reading can be given', t => {
  const { sources } = config(t, 'sets: { app: { members: [audit, payloads], order: [payloads, audit] } }\n')
  const { members, isOrdered } = sources.find(({ name }) => name === 'app')!.values as {
    readonly members: ReadonlyArray<{ readonly name: string }>
    readonly isOrdered: boolean
  }
  assert.deepEqual([members.map(({ name }) => name), isOrdered], [['payloads', 'audit'], true])
})

test('what is wrong with a set is reported with its place and the remedy', t => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['app: {}', 'sets.app.members is missing. Set "members".'],
    ['app: { members: [audit, payload] }', 'sets.app.members there is no source "payload". Did you mean "payloads"?'],
    ['app: { members: [audit, audit] }', 'sets.app.members has "audit" twice. Name each member once.'],
    [
      'app: { members: [audit] }, all: { members: [app] }',
      'sets.all.members "app" is a set, which cannot be a member. Name the members of that set instead.'
    ],
    [
      'app: { members: [audit, payloads], order: [audit] }',
      'sets.app.order does not name each member exactly once. Name these: audit, payloads; or omit it: databases are read before directories.'
    ],
    [
      'app: { members: [audit, payloads], references: { sql: SELECT 1, directory: files } }',
      'sets.app.references names "files", which is not a member. Use the name of a member: audit, payloads.'
    ],
    [
      'app: { members: [audit, payloads], references: { sql: SELECT 1, directory: audit } }',
      'sets.app.references "audit" is not a directory. Set "directory" to the member that has the files.'
    ],
    [
      'app: { members: [payloads], references: { source: payloads, sql: SELECT 1, directory: payloads } }',
      'sets.app.references "payloads" has no queries. Remove it: no member of the set is a database.'
    ],
    ['app: { members: [audit], path: x }', 'sets.app.path is not a known key of a set. Known keys'],
    [
      'audit: { members: [payloads] }',
      'sets.audit.name "audit" is already the name of sources.audit. Give it another name.'
    ]
  ]
  for (const [sets, expected] of cases) {
    const [found = ''] = problems(t, `sets: { ${sets} }\n`)
    assert.ok(found.startsWith(expected), found)
  }
})

test('a query of a reference that writes is refused', t => {
  const found = problems(
    t,
    'sets: { app: { members: [audit, payloads], references: { sql: DELETE FROM call, directory: payloads } } }\n'
  )
  assert.equal(found.length, 1)
  assert.match(found[0]!, /^sets\.app\.references the query /)
})

test('a query of a reference has no parameters', t => {
  const [problem] = problems(
    t,
    'sets: { app: { members: [audit, payloads], references: { sql: "SELECT path FROM call WHERE at < :at", directory: payloads } } }\n'
  )
  assert.match(problem ?? '', /the query has the parameter ":at"; it cannot have parameters\. Write one SELECT/)
})

test('a set with references is verified after each backup, also where other sources are not', t => {
  const yaml = (more: string) =>
    `${SOURCES}verifyAfterBackup: false\nsets: { app: { members: [audit, payloads]${more} }, other: { members: [payloads] } }\n`
  const references = ', references: { sql: SELECT path FROM call, directory: payloads }'
  const { sources } = validConfig({}, workDir(t, { 'holdfast.yaml': yaml(references) }))
  assert.deepEqual(sources.flatMap(({ name, policy }) => ['app', 'other'].includes(name) ? [policy.verify] : []), [
    true,
    undefined
  ])
  const [problem] = problemsOf(
    {},
    workDir(t, { 'holdfast.yaml': yaml(`${references}, verify: false`) })
  )
  assert.match(problem?.name ?? '', /verify$/)
  assert.match(problem?.problem ?? '', /is false, and the set has references/)
})

test('a set is no kind that a source can have', t => {
  const found = problemsOf({}, workDir(t, { 'holdfast.yaml': 'sources: { a: { kind: set, members: [b] } }\n' }))
  assert.ok(found.some(({ name }) => name === 'sources.a.kind'), JSON.stringify(found))
})
