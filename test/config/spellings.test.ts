import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig } from '../../src/config/load.ts'
import { GUIDE_SETTINGS } from '../support/config/guide-settings.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }

test('settings.yaml of the Signal Harvester guide is a holdfast.yaml as it stands', t => {
  const cwd = workDir(t, { 'holdfast.yaml': GUIDE_SETTINGS })
  const config = validConfig({ DATABASE_PATH: 'var/app.db', ...CREDENTIALS }, cwd)
  assert.equal(config.backupDir, join(cwd, 'backups'))
  const { autoBackupEnabled, compression, verifyAfterBackup } = config.settings
  assert.deepEqual([autoBackupEnabled, compression, verifyAfterBackup], [true, 'gzip', true])
  assert.deepEqual(config.stores.map(({ name, kind }) => [name, kind]), [['s3', 's3']])
  const [source] = config.sources
  assert.deepEqual(source?.policy.schedule?.rules.map(({ pattern }) => pattern), [
    '0 2 * * *',
    '0 3 * * 0',
    '0 4 1 * *'
  ])
  assert.deepEqual(source.policy.retention, {
    daily: 7,
    weekly: 4,
    monthly: 12,
    within: { years: 0, months: 0, days: 90, hours: 0 },
    minBackups: 3
  })
})

test('one notice names the spelling of the documentation for each', t => {
  const cwd = workDir(t, {
    'holdfast.yaml': 'app:\n  name: harvester\n  backup:\n    backup_dir: kept\nmax_backups: 4\n'
  })
  const checked = checkConfig({}, cwd)
  assert.ok(checked.ok)
  assert.deepEqual(checked.spellings.map(({ name, problem }) => [name, problem]), [[
    'holdfast.yaml',
    'uses alternative spellings: max_backups (maxBackups), app.backup.backup_dir (backupDir)'
  ]])
  assert.deepEqual(checked.config.notices, [], 'it is nothing to raise an alert for')
  assert.deepEqual([checked.config.settings.maxBackups, checked.config.backupDir], [4, join(cwd, 'kept')])
})

test('a file in the spelling of the documentation has no notice', t => {
  const checked = checkConfig({}, workDir(t, { 'holdfast.yaml': 'maxBackups: 4\nschedule: { daily_time: "02:00" }\n' }))
  assert.ok(checked.ok)
  assert.deepEqual(checked.spellings, [])
})

for (
  const [text, name, problem] of [
    ['maxBackups: 4\nmax_backups: 5\n', 'max_backups', 'duplicates maxBackups'],
    ['backupDir: a\napp: { backup: { backup_dir: b } }\n', 'app.backup.backup_dir', 'duplicates backupDir'],
    [
      'verifyAfterBackup: true\nverification: { verify_after_backup: true }\n',
      'verification.verify_after_backup',
      'duplicates verifyAfterBackup'
    ],
    ['app: { backup: { backup_dri: b } }\n', 'app.backup.backup_dri', 'is not a known key'],
    ['app: { name: harvester }\n', 'app', 'is not a known key'],
    ['app: { backup: 5 }\n', 'app.backup', 'is not a map of fields'],
    ['verification: true\n', 'verification', 'is not a map of fields'],
    ['verification: { verify: true }\n', 'verification.verify', 'is not a known key'],
    [
      'verification: { verify_before_restore: false }\n',
      'verification.verify_before_restore',
      'cannot be turned off: a restore verifies the backup first'
    ]
  ] as const
) {
  test(`${JSON.stringify(text)} is a problem of ${name}`, t => {
    const problems = problemsOf({}, workDir(t, { 'holdfast.yaml': text }))
    assert.deepEqual(problems.map(found => [found.name, found.problem]), [[name, problem]])
  })
}
