import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

test('holdfast.yaml in the working directory is read without being named', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'port: 4000\n' })
  assert.equal(validConfig({}, cwd).port, 4000)
})

test('paths in the file are taken from its own folder', t => {
  const cwd = workDir(t)
  mkdirSync(join(cwd, 'etc'))
  writeFileSync(
    join(cwd, 'etc/holdfast.yaml'),
    'backupDir: kept\nmetricsTokenFile: token\nsources:\n  - { name: shop, path: shop.db }\n'
  )
  const token = 'scrape'.repeat(6)
  writeFileSync(join(cwd, 'etc/token'), token)
  const config = validConfig({ HOLDFAST_CONFIG: 'etc/holdfast.yaml' }, cwd)
  assert.equal(config.backupDir, join(cwd, 'etc/kept'))
  assert.equal(config.sources[0]?.values['path'], join(cwd, 'etc/shop.db'))
  assert.equal(config.metricsToken?.reveal(), token)
  assert.equal(config.dataDir, join(cwd, 'data'))
})

test('a file that is named and missing is a problem of HOLDFAST_CONFIG', t => {
  assert.deepEqual(problemsOf({ HOLDFAST_CONFIG: 'none.yaml' }, workDir(t)).map(({ name }) => name), [
    'HOLDFAST_CONFIG'
  ])
})

test('an empty file says nothing', t => {
  assert.equal(validConfig({}, workDir(t, { 'holdfast.yaml': '# nothing yet\n' })).port, 3000)
})

test('an unknown key is named, with the nearest that is known', t => {
  const cwd = workDir(t, {
    'holdfast.yaml': 'maxBackup: 3\nsources:\n  - { name: a, path: a.db, intervall: 5000 }\nzzzzzzzz: 1\n'
  })
  const problems = problemsOf({}, cwd)
  assert.deepEqual(problems.map(({ name }) => name), ['maxBackup', 'zzzzzzzz', 'sources[0].intervall'])
  assert.match(problems[0]!.remedy, /"maxBackups"/)
  assert.match(problems[1]!.remedy, /^Known keys: databasePath, /)
  assert.match(problems[2]!.remedy, /"interval"/)
})

test('text that is not YAML is told by line and column, and none of it is shown', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'port: 4000\njwtSecret: "hunter2\nmaxBackups: 3\n' })
  const problems = problemsOf({}, cwd)
  assert.match(problems[0]!.problem, /not valid YAML at line \d+, column \d+/)
  assert.doesNotMatch(JSON.stringify(problems), /hunter2/)
})

test('a list, a text and an alias without an anchor are no settings', t => {
  for (const text of ['- a\n', 'hello\n', 'port: *other\n']) {
    assert.equal(problemsOf({}, workDir(t, { 'holdfast.yaml': text })).length, 1, text)
  }
})

test('a key given twice is a problem', t => {
  assert.match(problemsOf({}, workDir(t, { 'holdfast.yaml': 'port: 1\nport: 2\n' }))[0]!.problem, /duplicate key/)
})

test('a number in quotes is not a number', t => {
  assert.deepEqual(problemsOf({}, workDir(t, { 'holdfast.yaml': 'port: "4000"\n' })).map(({ name }) => name), ['port'])
})

test('values of the wrong shape are told without being spelled out', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'port: [1]\nhost: { a: 1 }\nmaxBackups: 1.5\n' })
  assert.deepEqual(problemsOf({}, cwd).map(({ problem }) => problem.split(' is not ')[0]), ['"1.5"', 'a map', 'a list'])
})
