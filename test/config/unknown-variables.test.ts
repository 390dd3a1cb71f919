import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPTION_NAMES, OPTIONS } from '../../src/config/options.ts'
import { unknownVariables } from '../../src/config/unknown-variables.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const SLIPS: ReadonlyArray<readonly [written: string, meant: string]> = [
  ['BACKUP_DRI', 'BACKUP_DIR'],
  ['MAX_BACKUP', 'MAX_BACKUPS'],
  ['DATABASE_PAHT', 'DATABASE_PATH'],
  ['AUTO_BACKUPS_ENABLED', 'AUTO_BACKUP_ENABLED'],
  ['JWT_SECRET_FIEL', 'JWT_SECRET_FILE'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['backup_dir', 'BACKUP_DIR'],
  ['BACKUP-DIR', 'BACKUP_DIR'],
  ['HOLDFAST_CONFIGS', 'HOLDFAST_CONFIG'],
  ['BACKUP_ENABLE', 'BACKUP_ENABLED'],
  ['AWS_ACCESS_KEY_ID_FIL', 'AWS_ACCESS_KEY_ID_FILE']
]

for (const [written, meant] of SLIPS) {
  test(`${written} is told of as a slip of ${meant}`, () => {
    assert.deepEqual(unknownVariables({ [written]: 'x' }).map(({ name, remedy }) => [name, remedy]), [[
      written,
      `Did you mean ${meant}?`
    ]])
  })
}

test('whatever begins with BACKUP_ or HOLDFAST_ and is not known is told of, wherever it is set', t => {
  const { notices } = validConfig({ BACKUP_TO_THE_MOON: 'x' }, workDir(t, { '.env': 'HOLDFAST_QQQQQQQQQQ=1\n' }))
  assert.deepEqual(notices.map(({ name }) => name), ['BACKUP_TO_THE_MOON', 'HOLDFAST_QQQQQQQQQQ'])
})

test('variables of the system, of other programs and of Kubernetes are left alone, and so is what is empty', () => {
  const others = [
    'HOME',
    'PATH',
    'HOSTNAME',
    'PWD',
    'LOGNAME',
    'DATABASE_URL',
    'DATABASE_HOST',
    'AWS_PROFILE',
    'AWS_ROLE_ARN',
    'AZURE_TENANT_ID',
    'XDG_DATA_DIRS',
    'HTTP_PROXY',
    'POSTGRES_PORT',
    'MAX_CONNECTIONS',
    'NODE_ENV',
    'TERM',
    'LANG',
    'HOLDFAST_SERVICE_HOST',
    'HOLDFAST_SERVICE_PORT',
    'HOLDFAST_SERVICE_PORT_HTTP',
    'HOLDFAST_PORT',
    'HOLDFAST_PORT_3000_TCP',
    'HOLDFAST_PORT_3000_TCP_ADDR',
    'BACKUP_PORT'
  ]
  assert.deepEqual(unknownVariables(Object.fromEntries([...others.map(name => [name, 'x']), ['BACKUP_DRI', '']])), [])
})

test('no variable that is known is told of, and none that is like one that is set', () => {
  assert.deepEqual(unknownVariables(Object.fromEntries(OPTION_NAMES.map(name => [OPTIONS[name].variable, 'x']))), [])
  assert.deepEqual(unknownVariables({ JWT_SECRET: 'x', JWT_SECRETS: 'y' }), [])
})

test('BACKUP_ENABLED switches automatic backups, and must not contradict AUTO_BACKUP_ENABLED', t => {
  const { settings, origins, notices } = validConfig({ BACKUP_ENABLED: 'true' }, workDir(t))
  assert.deepEqual([settings.autoBackupEnabled, origins.autoBackupEnabled, notices], [true, 'environment', []])
  assert.equal(
    validConfig({ BACKUP_ENABLED: 'false', AUTO_BACKUP_ENABLED: 'false' }, workDir(t)).settings.autoBackupEnabled,
    false
  )
  assert.deepEqual(
    problemsOf({ BACKUP_ENABLED: 'false', AUTO_BACKUP_ENABLED: 'true' }, workDir(t)).map(({ name }) => name),
    ['BACKUP_ENABLED']
  )
  assert.deepEqual(problemsOf({ BACKUP_ENABLED: 'yes' }, workDir(t)).map(({ name }) => name), ['BACKUP_ENABLED'])
})
