import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig } from '../../src/config/load.ts'
import { EXCUSABLE } from '../../src/config/server-alone.ts'
import type { OptionName } from '../../src/config/options.ts'
import { holdfast } from '../support/processes/holdfast.ts'
import { problemsOf, workDir } from '../support/config/config.ts'
import { makeMoney } from '../support/databases/money.ts'

const WRONG: Readonly<Partial<Record<OptionName, readonly [variable: string, text: string]>>> = {
  port: ['PORT', '70000'],
  trustProxy: ['TRUST_PROXY', 'everybody'],
  restoreDirs: ['RESTORE_DIRS', './backups'],
  hstsIncludeSubdomains: ['HSTS_INCLUDE_SUBDOMAINS', 'perhaps'],
  metricsMaxSources: ['METRICS_MAX_SOURCES', 'many'],
  rateLimitPerMinute: ['RATE_LIMIT_PER_MINUTE', '-1'],
  maxConnections: ['MAX_CONNECTIONS', 'all'],
  bodyLimitBytes: ['BODY_LIMIT_BYTES', '1'],
  maxQueuedJobs: ['MAX_QUEUED_JOBS', '0'],
  maxQueuedJobsPerSource: ['MAX_QUEUED_JOBS_PER_SOURCE', '0'],
  shutdownGraceMs: ['SHUTDOWN_GRACE_MS', '30s'],
  logLevel: ['LOG_LEVEL', 'loud'],
  logFormat: ['LOG_FORMAT', 'xml'],
  jwtAlgorithm: ['JWT_ALGORITHM', 'RS256'],
  jwtSecret: ['JWT_SECRET', 'short'],
  jwtPublicKey: ['JWT_PUBLIC_KEY', 'no key'],
  requireTokenExpiry: ['REQUIRE_TOKEN_EXPIRY', 'maybe'],
  metricsToken: ['METRICS_TOKEN', 'short']
}

test('every option that commands do without has a wrong value here, but for the address, which any text can be', () => {
  assert.deepEqual(EXCUSABLE.filter(name => WRONG[name] === undefined), ['host'])
})

for (const [variable, text] of Object.values(WRONG)) {
  test(`a wrong ${variable} is a problem for the server, and a warning for a command`, t => {
    const cwd = workDir(t)
    assert.deepEqual(problemsOf({ [variable]: text }, cwd).map(({ name }) => name), [variable])
    const checked = checkConfig({ [variable]: text }, cwd, { isServerExcused: true })
    assert.deepEqual(checked.ok && checked.excused.map(({ name }) => name), [variable])
  })
}

test('keys of holdfast.yaml and files with secrets are excused, too; anything else is not', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'host: 5\nmetricsToken: short\njwtSecretFile: missing\n' })
  const excused = checkConfig({ METRICS_TOKEN_FILE: 'missing' }, cwd, { isServerExcused: true })
  assert.deepEqual(excused.ok && excused.excused.map(({ name }) => name), [
    'METRICS_TOKEN_FILE',
    'jwtSecretFile',
    'host',
    'metricsToken'
  ])
  const checked = checkConfig({ PORT: 'x', MAX_BACKUPS: 'x' }, workDir(t), { isServerExcused: true })
  assert.deepEqual(checked.ok || checked.problems.map(({ name }) => name), ['MAX_BACKUPS'])
})

test('a secret of the service in DATA_DIR that is too short is excused', t => {
  const cwd = workDir(t)
  mkdirSync(join(cwd, 'data'), { mode: 0o700 })
  writeFileSync(join(cwd, 'data/jwt-secret'), 'short', { mode: 0o600 })
  assert.equal(problemsOf({}, cwd).length, 1)
  const checked = checkConfig({}, cwd, { isServerExcused: true })
  assert.equal(checked.ok && checked.excused.length, 1)
})

test('with a METRICS_TOKEN that is too short a backup is made and restored, with one warning; what checks the configuration refuses it', async t => {
  const cwd = workDir(t)
  makeMoney(join(cwd, 'shop.db'), { entries: 20 })
  const run = (...words: string[]): ReturnType<typeof holdfast> =>
    holdfast(words, cwd, { DATABASE_PATH: 'shop.db', METRICS_TOKEN: 'short' })
  const made = await run('backup', 'create', '--json')
  assert.equal(made.code, 0)
  assert.doesNotThrow(() => JSON.parse(made.out) as unknown)
  const restored = await run('restore', '--latest', '--output', 'back.db')
  assert.equal(restored.code, 0)
  for (const { err } of [made, restored]) {
    assert.equal(err.split('METRICS_TOKEN: is not a text of at least 32 characters').length, 2)
  }
  for (const words of [['config', 'check'], ['token', 'create', '--role', 'viewer', '--expires', '1d'], ['serve']]) {
    const { code, out, err } = await run(...words)
    assert.notEqual(code, 0, words.join(' '))
    assert.match(out + err, /METRICS_TOKEN/)
  }
})
