import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const SECRET = 'a secret that is long enough to be one'
const SCRAPE = 'a token that is long enough to be one'

test('the file .env says what the environment does not', t => {
  const cwd = workDir(t, { '.env': 'MAX_BACKUPS=3 # a few\nPORT=4000\n' })
  const config = validConfig({ PORT: '5000' }, cwd)
  assert.deepEqual([config.settings.maxBackups, config.port, config.origins.maxBackups], [3, 5000, 'environment'])
})

test('an empty variable leaves the word to .env', t => {
  const cwd = workDir(t, { '.env': 'PORT=4000\n' })
  assert.equal(validConfig({ PORT: '' }, cwd).port, 4000)
})

test('a .env that is no file is a problem', t => {
  const cwd = workDir(t)
  mkdirSync(join(cwd, '.env'))
  assert.deepEqual(problemsOf({}, cwd).map(({ name }) => name), ['.env'])
})

test('a secret comes from a file, without the line end at the end of it', t => {
  const cwd = workDir(t, { secret: `${SECRET}\r\n`, metrics: `${SCRAPE}\n` })
  const config = validConfig({ JWT_SECRET_FILE: 'secret', METRICS_TOKEN_FILE: join(cwd, 'metrics') }, cwd)
  assert.equal(config.tokenKey?.key.reveal(), SECRET)
  assert.equal(config.metricsToken?.reveal(), SCRAPE)
})

test('a secret given both as itself and as a file is a problem', t => {
  const cwd = workDir(t, { secret: SECRET })
  const problems = problemsOf({ JWT_SECRET: SECRET, JWT_SECRET_FILE: 'secret' }, cwd)
  assert.deepEqual(problems.map(({ name, problem }) => [name, problem]), [[
    'JWT_SECRET',
    'is set in addition to JWT_SECRET_FILE'
  ]])
})

test('a secret file that is missing, empty or too short is a problem', t => {
  const cwd = workDir(t)
  writeFileSync(join(cwd, 'empty'), '\n')
  writeFileSync(join(cwd, 'short'), 'short')
  const name = (JWT_SECRET_FILE: string): (string | undefined)[] =>
    problemsOf({ JWT_SECRET_FILE }, cwd).map(problem => problem.name)
  assert.deepEqual([name('missing'), name('empty'), name('short')], [['JWT_SECRET_FILE'], ['JWT_SECRET_FILE'], [
    'JWT_SECRET_FILE'
  ]])
})

test('a secret of 31 characters is refused and one of 32 is taken', t => {
  const cwd = workDir(t)
  assert.equal(problemsOf({ JWT_SECRET: 'x'.repeat(31) }, cwd).length, 1)
  assert.equal(problemsOf({ JWT_SECRET: 'x'.repeat(32) }, cwd).length, 0)
})
