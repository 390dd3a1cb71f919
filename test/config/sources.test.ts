import assert from 'node:assert/strict'
import { NO_HOOKS } from '../../src/core/hooks.ts'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const WEEKLY = '0 6 * * 0'
const SEALING = { encryption: 'none', ageRecipients: [] }
const yaml = (text: string): Record<string, string> => ({ 'holdfast.yaml': text })

test('with nothing configured the own catalog is the only source and the default', t => {
  const cwd = workDir(t)
  const { sources, defaultSource } = validConfig({}, cwd)
  assert.deepEqual(sources, [{
    name: 'holdfast',
    kind: 'sqlite',
    values: { path: join(cwd, 'data/holdfast.db'), busyTimeoutMs: 5000 },
    policy: { drillSchedule: WEEKLY },
    sealing: SEALING,
    assertions: [],
    hooks: NO_HOOKS
  }])
  assert.equal(defaultSource, 'holdfast')
})

test('DATABASE_PATH gives a source of the name of the file, which is the default', t => {
  const cwd = workDir(t)
  const { sources, defaultSource } = validConfig(
    { DATABASE_PATH: './workstation.db', SOURCE_BUSY_TIMEOUT_MS: '10' },
    cwd
  )
  assert.deepEqual(sources.map(({ name }) => name), ['workstation', 'holdfast'])
  assert.deepEqual([sources[0]?.values, defaultSource], [
    { path: join(cwd, 'workstation.db'), busyTimeoutMs: 10 },
    'workstation'
  ])
})

test('what a name cannot hold becomes a dash', t => {
  const cwd = workDir(t)
  const name = (DATABASE_PATH: string): string => validConfig({ DATABASE_PATH }, cwd).defaultSource
  assert.deepEqual(
    ['my shop (1).sqlite', '.hidden', 'Größe.db', '--', 'archive.tar.db', `${'n'.repeat(80)}.db`].map(name),
    ['my-shop--1-', 'hidden', 'Gr--e', 'database', 'archive.tar', 'n'.repeat(64)]
  )
})

test('sources are a list, each with a policy of its own', t => {
  const cwd = workDir(
    t,
    yaml(`
sources:
  - name: shop
    kind: sqlite
    path: shop.db
    enabled: true
    interval: 60000
    maxBackups: 3
    compression: zstd
    verify: false
    busyTimeoutMs: 1
  - name: blog
    path: /srv/blog.db
`)
  )
  const { sources, defaultSource } = validConfig({}, cwd)
  assert.deepEqual(sources.slice(0, 2), [
    {
      name: 'shop',
      kind: 'sqlite',
      values: { path: join(cwd, 'shop.db'), busyTimeoutMs: 1 },
      policy: {
        enabled: true,
        interval: 60_000,
        maxBackups: 3,
        compression: 'zstd',
        verify: false,
        drillSchedule: WEEKLY
      },
      sealing: SEALING,
      assertions: [],
      hooks: NO_HOOKS
    },
    {
      name: 'blog',
      kind: 'sqlite',
      values: { path: '/srv/blog.db', busyTimeoutMs: 5000 },
      policy: { drillSchedule: WEEKLY },
      sealing: SEALING,
      assertions: [],
      hooks: NO_HOOKS
    }
  ])
  assert.equal(defaultSource, 'shop')
})

test('sources may be a map from their names', t => {
  const { sources } = validConfig(
    {},
    workDir(t, yaml('sources:\n  shop: { path: shop.db }\n  blog: { path: blog.db }\n'))
  )
  assert.deepEqual(sources.map(({ name }) => name), ['shop', 'blog', 'holdfast'])
})

test('defaultSource chooses among all of them', t => {
  const cwd = workDir(t, yaml('defaultSource: blog\nsources:\n  shop: { path: shop.db }\n  blog: { path: blog.db }\n'))
  assert.equal(validConfig({ DATABASE_PATH: 'a.db' }, cwd).defaultSource, 'blog')
})

test('a default that is not a source is a problem that names the nearest', t => {
  const problems = problemsOf({}, workDir(t, yaml('defaultSource: shopp\nsources:\n  shop: { path: shop.db }\n')))
  assert.deepEqual(problems, [{
    name: 'defaultSource',
    problem: 'there is no source "shopp"',
    remedy: 'Did you mean "shop"?'
  }])
})

test('every field of every source is checked', t => {
  const problems = problemsOf(
    {},
    workDir(
      t,
      yaml(`
sources:
  - { name: "a/b", path: a.db }
  - { path: b.db, kind: oracle, interval: 5 }
  - { name: c, compression: rar }
  - not a map
`)
    )
  )
  assert.deepEqual(problems.map(({ name }) => name).toSorted(), [
    'sources[0].name',
    'sources[1].interval',
    'sources[1].kind',
    'sources[1].name',
    'sources[2].compression',
    'sources[2].path',
    'sources[3]'
  ])
})

test('two sources of one name are a problem, also where only the case differs', t => {
  const cwd = workDir(t, yaml('sources:\n  - { name: shop, path: a.db }\n  - { name: SHOP, path: b.db }\n'))
  assert.deepEqual(problemsOf({ DATABASE_PATH: 'shop.db' }, cwd).map(({ name, problem }) => `${name}: ${problem}`), [
    'sources[0].name: "shop" is already the name of DATABASE_PATH',
    'sources[1].name: "SHOP" is already the name of DATABASE_PATH'
  ])
})

test('the name of the own catalog is taken', t => {
  assert.deepEqual(problemsOf({ DATABASE_PATH: 'holdfast.db' }, workDir(t)).map(({ name }) => name), ['DATABASE_PATH'])
  assert.deepEqual(problemsOf({}, workDir(t, yaml('sources:\n  holdfast: { path: a.db }\n'))).map(({ name }) => name), [
    'sources.holdfast.name'
  ])
})

test('a key that the kind of a source does not have is refused, with the kind where it is said', t => {
  const text = 'sources:\n  - { name: a, path: a.db, kind: sqlite, url: x }\n  - { name: b, path: b.db, tables: [] }\n'
  assert.deepEqual(problemsOf({}, workDir(t, yaml(text))).map(({ name, problem }) => `${name} ${problem}`), [
    'sources[0].url is not a known key of the kind "sqlite"',
    'sources[1].tables is not a known key'
  ])
})
