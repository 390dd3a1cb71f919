import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings, SettingsReport } from '../../src/core/schedule/settings.ts'
import { configSchema, presentConfig } from '../../src/present/config.ts'

const SETTINGS: Settings = {
  autoBackupEnabled: true,
  autoBackupInterval: 3_600_000,
  maxBackups: 10,
  compression: 'none',
  verifyAfterBackup: true
}
const DEFAULTS: SettingsReport['origins'] = {
  autoBackupEnabled: 'default',
  autoBackupInterval: 'default',
  maxBackups: 'default',
  compression: 'default',
  verifyAfterBackup: 'default'
}
const REPORT: SettingsReport = { settings: SETTINGS, origins: DEFAULTS }
const FIXED = [
  { key: 'backupDir', variable: 'BACKUP_DIR', value: '/backups', origin: 'environment' },
  { key: 'databasePath', variable: 'DATABASE_PATH', value: null, origin: 'default' },
  { key: 'jwtSecret', variable: 'JWT_SECRET', value: 'a secret', origin: 'environment' }
] as const

test('of the options that are read once only those of the runbook are shown, with their origins', () => {
  const view = presentConfig(REPORT, FIXED)
  assert.deepEqual(view, {
    ...SETTINGS,
    backupDir: '/backups',
    databasePath: null,
    origins: { ...DEFAULTS, backupDir: 'environment', databasePath: 'default' }
  })
  assert.deepEqual(configSchema.strict().parse(view), view)
})

test('without fixed options the settings are shown alone', () => {
  assert.deepEqual(presentConfig(REPORT, []), { ...SETTINGS, origins: DEFAULTS })
})
