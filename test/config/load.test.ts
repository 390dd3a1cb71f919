import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { loadConfig } from '../../src/config/load.ts'
import { BackupError } from '../../src/core/errors.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const SECRET = 'a secret that is long enough to be one'

test('nothing configured is a valid configuration with the defaults of the runbook', t => {
  const cwd = workDir(t)
  const config = validConfig({}, cwd)
  assert.equal(config.backupDir, join(cwd, 'backups'))
  assert.equal(config.dataDir, join(cwd, 'data'))
  assert.equal(config.scratchDir, join(cwd, 'data/scratch'))
  assert.deepEqual([config.host, config.port], ['127.0.0.1', 3000])
  assert.deepEqual(config.settings, {
    autoBackupEnabled: false,
    autoBackupInterval: 86_400_000,
    maxBackups: 10,
    compression: 'none',
    verifyAfterBackup: true
  })
  assert.equal(config.tokenKey, undefined)
})

test('loading changes nothing on the disk', t => {
  const cwd = workDir(t)
  loadConfig({}, cwd)
  assert.deepEqual(readdirSync(cwd), [])
})

test('the environment goes over the file, and the file over the default, with the origin of each told', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'maxBackups: 5\nautoBackupInterval: 60000\n' })
  const { settings, origins } = validConfig({ MAX_BACKUPS: '7' }, cwd)
  assert.deepEqual([settings.maxBackups, settings.autoBackupInterval, settings.compression], [7, 60_000, 'none'])
  assert.deepEqual(origins, {
    maxBackups: 'environment',
    autoBackupInterval: 'file',
    compression: 'default',
    autoBackupEnabled: 'default',
    verifyAfterBackup: 'default'
  })
})

test('an empty variable counts as not set', t => {
  const { settings, origins, tokenKey } = validConfig({ MAX_BACKUPS: '', JWT_SECRET: '  ' }, workDir(t))
  assert.deepEqual([settings.maxBackups, origins.maxBackups, tokenKey], [10, 'default', undefined])
})

test('the compression takes the words of the runbook', t => {
  const cwd = workDir(t)
  const given = (BACKUP_COMPRESSION: string): string => validConfig({ BACKUP_COMPRESSION }, cwd).settings.compression
  assert.deepEqual(['false', 'true', 'none', 'gzip', 'zstd', 'TRUE'].map(given), [
    'none',
    'gzip',
    'none',
    'gzip',
    'zstd',
    'gzip'
  ])
})

test('every problem is in one report, with the name of the variable and a remedy', t => {
  const environment = {
    MAX_BACKUPS: '0',
    PORT: '70000',
    AUTO_BACKUP_ENABLED: 'perhaps',
    BACKUP_COMPRESSION: 'rar',
    LOG_LEVEL: 'loud',
    AUTO_BACKUP_INTERVAL: '1.5'
  }
  const problems = problemsOf(environment, workDir(t))
  assert.deepEqual(problems.map(({ name }) => name).toSorted(), Object.keys(environment).toSorted())
  for (const { problem, remedy } of problems) assert.ok(problem.length > 0 && remedy.endsWith('.'))
})

test('the report is thrown as one CONFIG_INVALID that lists all', t => {
  assert.throws(() => loadConfig({ PORT: 'x', MAX_BACKUPS: 'y' }, workDir(t)), error => {
    assert.ok(error instanceof BackupError)
    assert.equal(error.code, 'CONFIG_INVALID')
    assert.match(error.message, /2 problems[^]*MAX_BACKUPS: "y"[^]*PORT: "x"/)
    return true
  })
})

test('a problem in the file is reported even where the environment goes over it', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'maxBackups: many\n' })
  assert.deepEqual(problemsOf({ MAX_BACKUPS: '3' }, cwd).map(({ name }) => name), ['maxBackups'])
})

test('a report never shows the value of a secret', t => {
  const environment = {
    JWT_SECRET: 'tooshort-hunter2',
    JWT_PUBLIC_KEY: 'hunter2',
    METRICS_TOKEN: 'hunter2',
    METRICS_TOKEN_FILE: '/nowhere'
  }
  const problems = problemsOf(environment, workDir(t, { 'holdfast.yaml': 'jwtSecret: hunter2\n' }))
  assert.ok(problems.length >= 3)
  assert.doesNotMatch(JSON.stringify(problems), /hunter2/)
})

test('a configuration does not print its secrets', t => {
  const config = validConfig({ JWT_SECRET: SECRET, METRICS_TOKEN: SECRET }, workDir(t))
  assert.equal(config.tokenKey?.key.reveal(), SECRET)
  assert.doesNotMatch(inspect(config, { depth: 9 }) + JSON.stringify(config), /long enough/)
})

test('a configuration is frozen to its depth', t => {
  const config = validConfig({ DATABASE_PATH: 'a.db' }, workDir(t))
  assert.throws(() => {
    Object.assign(config, { port: 1 })
  }, TypeError)
  assert.throws(() => {
    Object.assign(config.settings, { maxBackups: 1 })
  }, TypeError)
  assert.throws(() => {
    Object.assign(config.sources[0]!, { name: 'b' })
  }, TypeError)
})

test('relative paths are taken from the working directory, absolute ones as they are', t => {
  const cwd = workDir(t)
  const config = validConfig({ BACKUP_DIR: 'kept', DATA_DIR: '/srv/holdfast', SCRATCH_DIR: './tmp' }, cwd)
  assert.deepEqual([config.backupDir, config.dataDir, config.scratchDir], [
    join(cwd, 'kept'),
    '/srv/holdfast',
    join(cwd, 'tmp')
  ])
})

test('numbers reach from bound to bound', t => {
  const cwd = workDir(t)
  assert.deepEqual(
    problemsOf({
      PORT: '0',
      RATE_LIMIT_PER_MINUTE: '0',
      DISK_RESERVE_BYTES: '0',
      AUTO_BACKUP_INTERVAL: '1000',
      TRASH_GRACE_HOURS: '0'
    }, cwd),
    []
  )
  assert.deepEqual(
    problemsOf({ PORT: '-1', MAX_CONCURRENT_JOBS: '0', AUTO_BACKUP_INTERVAL: '999', BODY_LIMIT_BYTES: '1023' }, cwd)
      .length,
    4
  )
})

test('an own secret that others can read is part of the report', t => {
  const cwd = workDir(t)
  mkdirSync(join(cwd, 'data'))
  writeFileSync(join(cwd, 'data/jwt-secret'), SECRET, { mode: 0o644 })
  assert.deepEqual(problemsOf({ PORT: 'x' }, cwd).map(({ name }) => name), ['PORT', 'DATA_DIR'])
})

test('a token for the metrics that somebody could guess is a problem, which names how to make a better one', t => {
  const cwd = workDir(t)
  const [problem, ...others] = problemsOf({ METRICS_TOKEN: 'x'.repeat(31) }, cwd)
  assert.deepEqual(others, [])
  assert.deepEqual(problem, {
    name: 'METRICS_TOKEN',
    problem: 'is not a text of at least 32 characters',
    remedy: 'Give a text of at least 32 characters (make one with "openssl rand -hex 32"), or remove the setting.'
  })
  assert.deepEqual(problemsOf({ METRICS_TOKEN: 'x'.repeat(32) }, cwd), [])
})
