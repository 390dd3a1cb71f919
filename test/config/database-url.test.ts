import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig } from '../../src/config/load.ts'
import { writeRecord } from '../../src/config/recorded.ts'
import { RECORD_FILE } from '../../src/config/data-files.ts'
import { placeOf } from '../../src/config/sources.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const URL = 'postgresql://backup:geheim@db.example.net/books?sslmode=require'
const SHOWN = 'postgresql://backup@db.example.net:5432/books?sslmode=require'

test('DATABASE_URL is a source with the name of the database, after DATABASE_PATH', t => {
  const config = validConfig({ DATABASE_URL: URL, DATABASE_PATH: './shop.db' }, workDir(t))
  assert.deepEqual(config.sources.map(({ name, kind }) => [name, kind]), [
    ['shop', 'sqlite'],
    ['books', 'postgres'],
    ['holdfast', 'sqlite']
  ])
  assert.equal(placeOf(config.sources[1]!), 'postgresql://backup@db.example.net:5432/books')
  assert.equal(validConfig({ DATABASE_URL: 'postgres://u@h/a%20b%2Fc' }, workDir(t)).sources[0]?.name, 'a-b-c')
})

test('the password is neither in the configuration as text nor in what is shown or recorded of it', t => {
  const cwd = workDir(t, {
    'holdfast.yaml': 'sources:\n  - { name: ledger, kind: postgres, url: "postgresql://u:geheim2@h/ledger" }\n'
  })
  const checked = checkConfig({ DATABASE_URL: URL }, cwd)
  assert.ok(checked.ok)
  assert.equal(checked.inForce.find(({ key }) => key === 'databaseUrl')?.value, SHOWN)
  assert.ok(!JSON.stringify(checked).includes('geheim'))
  assert.equal(checked.recorded.options.databaseUrl, SHOWN)
  assert.deepEqual(checked.recorded.sections.sources, [
    { name: 'ledger', kind: 'postgres', url: 'postgresql://u@h:5432/ledger' }
  ])
})

test('a command takes the URL of the server over without its password, and from the file with it', t => {
  const cwd = workDir(t, { url: `${URL}\n` })
  const server = checkConfig({ DATABASE_URL_FILE: join(cwd, 'url'), DATA_DIR: cwd }, cwd)
  assert.ok(server.ok)
  writeRecord(server.recorded, { version: '1', at: new Date() })
  assert.ok(!readFileSync(join(cwd, RECORD_FILE), 'utf8').includes('geheim'))
  const command = checkConfig({ DATA_DIR: cwd }, cwd, { server: 'take' })
  assert.ok(command.ok)
  assert.deepEqual(command.config.sources[0]?.values.url, server.config.sources[0]?.values.url)
  const other = checkConfig({ DATA_DIR: cwd, DATABASE_URL: 'postgresql://backup@db/other' }, cwd, { server: 'take' })
  assert.deepEqual(other.ok ? [] : other.problems.map(({ name }) => name), ['DATABASE_URL'])
  const same = checkConfig({ DATA_DIR: cwd, DATABASE_URL: SHOWN }, cwd, { server: 'take' })
  assert.ok(same.ok)
})

test('a URL of another kind of database has no effect, and is reported', t => {
  const { sources, notices } = validConfig({ DATABASE_URL: 'mysql://u:geheim@h/d' }, workDir(t))
  assert.deepEqual(sources.map(({ name }) => name), ['holdfast'])
  assert.deepEqual(notices.map(({ name, problem }) => `${name} ${problem}`), [
    'DATABASE_URL is not the URL of a PostgreSQL database, and has no effect'
  ])
})

test('what is wrong with a URL is reported without its password', t => {
  const problems = (url: string): readonly string[] =>
    problemsOf({ DATABASE_URL: url }, workDir(t)).map(({ name, problem }) => `${name} ${problem}`)
  assert.deepEqual(problems('postgresql://u:geheim@h'), [
    'DATABASE_URL names no database, as in postgresql://user@host:5432/database'
  ])
  assert.deepEqual(problems('postgresql://u:geheim@h/d?sslmode=verify-full'), [
    'DATABASE_URL has sslmode=verify-full without sslrootcert'
  ])
})

test('a source in holdfast.yaml may have names in double quotes, and reports each wrong field', t => {
  const cwd = workDir(t)
  const yaml = (text: string): void => {
    writeFileSync(join(cwd, 'holdfast.yaml'), `sources:\n  - name: books\n    kind: postgres\n${text}`)
  }
  yaml('    url: postgres://u@h/books\n    excludeTables: [\'"Odd".*\', audit.raw_*]\n    programs: pg/bin\n')
  const { values } = validConfig({}, cwd).sources[0]!
  assert.deepEqual([values.excludeTables, values.programs], [['"Odd".*', 'audit.raw_*'], [join(cwd, 'pg/bin')]])
  yaml('    url: books\n    excludeTables: sessions\n    globals: all\n')
  assert.deepEqual(problemsOf({}, cwd).map(({ name, problem }) => `${name} ${problem}`), [
    'sources[0].url is not a URL such as postgresql://user@host:5432/database',
    'sources[0].globals "all" is not one of with-passwords, without-passwords, none'
  ])
  yaml('    excludeTables: sessions\n')
  assert.deepEqual(problemsOf({}, cwd).map(({ name }) => name), ['sources[0].url'])
})

test('POSTGRES_BIN is the default of every source, and reaches the kind', t => {
  const cwd = workDir(t)
  const config = validConfig({ DATABASE_URL: SHOWN, POSTGRES_BIN: 'a:/opt/b', POSTGRES_RUN_AS: 'pg' }, cwd)
  assert.deepEqual(config.sources[0]?.values.programs, [join(cwd, 'a'), '/opt/b'])
  assert.deepEqual(config.kindSettings, { postgresBin: [join(cwd, 'a'), '/opt/b'], postgresRunAs: 'pg' })
})
