import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import type { Environment } from '../../src/config/read-environment.ts'
import type { StoreConfig } from '../../src/config/config.ts'
import { checkConfig } from '../../src/config/load.ts'
import { writeRecord } from '../../src/config/recorded.ts'
import { workDir } from '../support/config/config.ts'

const WRITTEN = { version: '1.2.3', at: new Date('2026-01-01T00:00:00Z') }
const KEY = 'age1l6hqgm26nwaactyl3570pku6nsxhqw4u9juy4awd47mk7e72kqlsscacea'

/** What a server records that is started with this environment and these files; its working directory. */
function serve (t: TestContext, environment: Environment, files: Readonly<Record<string, string>> = {}): string {
  const cwd = workDir(t, files)
  mkdirSync(join(cwd, 'data'), { mode: 0o700 })
  const checked = checkConfig(environment, cwd)
  assert.ok(checked.ok, JSON.stringify(checked))
  writeRecord(checked.recorded, WRITTEN)
  return cwd
}

/** The configuration of a command somewhere else, on the same DATA_DIR. */
function take (
  t: TestContext,
  home: string,
  environment: Environment = {},
  files: Readonly<Record<string, string>> = {}
): ReturnType<typeof checkConfig> {
  return checkConfig({ DATA_DIR: join(home, 'data'), ...environment }, workDir(t, files), { server: 'take' })
}

function taken (...given: Parameters<typeof take>): Config {
  const checked = take(...given)
  assert.ok(checked.ok, JSON.stringify(checked))
  return checked.config
}

function differing (...given: Parameters<typeof take>): string[] {
  const checked = take(...given)
  assert.ok(!checked.ok)
  assert.equal(checked.code, 'CONFIG_DIFFERS')
  return checked.problems.map(({ name, problem }) => `${name} ${problem}`)
}

const yaml = `
defaultSource: blog
retention: { daily: 7 }
schedule: { dailyTime: "02:00" }
localRetention: none
sources:
  - { name: shop, path: ./shop.db, maxBackups: 4, retention: { last: 3 }, assertions: [{ name: rows, sql: "SELECT count(*) FROM t", min: 1 }] }
  - { name: blog, path: /srv/blog.db, encryption: none, drillSchedule: daily }
stores:
  disk: { kind: local, path: ./copies, maxBackups: 90 }
  cloud: { kind: s3, bucket: b, prefix: p, access_key_id: id, secret_access_key_file: ./key, storageClass: { monthly: glacier }, bandwidth: 5MB }
s3: { bucket: c, region: eu-1, storageClass: standard-ia }
`
const everything = {
  MAX_BACKUPS: '50',
  BACKUP_DIR: './kept',
  BACKUP_COMPRESSION: 'true',
  VERIFY_AFTER_BACKUP: 'false',
  ANOMALY_GUARD: 'false',
  SCRATCH_DIR: './scratch',
  BACKUP_ENCRYPTION: 'age',
  BACKUP_AGE_RECIPIENTS: KEY,
  TRASH_GRACE_HOURS: '3',
  DISK_RESERVE_BYTES: '5000',
  MAX_CONCURRENT_JOBS: '3',
  BACKUP_S3_ENDPOINT: 'https://s3.example.net/',
  AWS_REGION: 'eu-2'
}

test('a command that says nothing works with the configuration of the server, in every part', t => {
  const home = serve(t, everything, { 'holdfast.yaml': yaml, key: 'secret\n' })
  const server = checkConfig(everything, home)
  assert.ok(server.ok)
  const { stores, ...rest } = taken(t, home)
  const { stores: theirs, ...others } = server.config
  assert.deepEqual(rest, { ...others, lacks: [], origins: rest.origins, ownFiles: rest.ownFiles })
  assert.deepEqual(new Set(Object.values(rest.origins)), new Set(['server']))
  // The one with a credential in holdfast.yaml itself: only the server has it.
  const cloud = stores.find(({ name }) => name === 'cloud')
  assert.deepEqual(cloud?.lacks, ['stores[1].accessKeyId'])
  assert.deepEqual(stores.filter(({ name }) => name !== 'cloud'), theirs.filter(({ name }) => name !== 'cloud'))
  const shown = (store: StoreConfig | undefined): unknown => ({
    ...store,
    values: { ...store?.values, credentials: undefined },
    lacks: undefined
  })
  assert.deepEqual(shown(cloud), shown(theirs.find(({ name }) => name === 'cloud')))
})

test("what comes with the default of the server is taken over as well, and shown as the server's", t => {
  const home = serve(t, { DATABASE_PATH: './shop.db' })
  const checked = take(t, home)
  assert.ok(checked.ok)
  assert.deepEqual(checked.inForce.find(({ key }) => key === 'backupDir'), {
    key: 'backupDir',
    variable: 'BACKUP_DIR',
    value: join(home, 'backups'),
    origin: 'server'
  })
  assert.deepEqual(checked.config.sources.map(({ values }) => values['path']), [
    join(home, 'shop.db'),
    join(home, 'data/holdfast.db')
  ])
})

test('the same said again is no difference, also where it is what nobody had to say', t => {
  const home = serve(t, { DATABASE_PATH: './shop.db', BACKUP_COMPRESSION: 'gzip' })
  assert.equal(
    taken(t, home, {
      DATABASE_PATH: join(home, 'shop.db'),
      MAX_BACKUPS: '10',
      BACKUP_COMPRESSION: 'true',
      PORT: '1',
      LOG_LEVEL: 'silent',
      HOST: '::'
    }).defaultSource,
    'shop'
  )
})

for (
  const [environment, expected] of [
    [{ MAX_BACKUPS: '10' }, ['MAX_BACKUPS is "10" here, and "50" on the server']],
    [{ DATABASE_PATH: '/srv/app.db' }, ['DATABASE_PATH is "/srv/app.db" here, and not set on the server']],
    [{ BACKUP_ENCRYPTION: 'none' }, ['BACKUP_ENCRYPTION is "none" here, and "age" on the server']],
    [{ ANOMALY_GUARD: 'true', BACKUP_SCHEDULE: '0 1 * * *' }, [
      'BACKUP_SCHEDULE is "0 1 * * *" here, and not set on the server',
      'ANOMALY_GUARD is "true" here, and "false" on the server'
    ]],
    [{ AWS_REGION: 'us-east-1' }, ['AWS_REGION is "us-east-1" here, and "eu-2" on the server']],
    [{ JWT_SECRET: 'x'.repeat(40) }, ['JWT_SECRET is "(set)" here, and not set on the server']]
  ] as const
) {
  test(`what the environment of a command says otherwise is named: ${Object.keys(environment).join(', ')}`, t => {
    const home = serve(t, everything, { 'holdfast.yaml': yaml, key: 'secret\n' })
    assert.deepEqual(differing(t, home, environment), expected)
    const ignored = checkConfig(
      { DATA_DIR: join(home, 'data'), ...environment, BACKUP_AGE_RECIPIENTS: KEY },
      workDir(t),
      { server: 'leave' }
    )
    assert.ok(ignored.ok, JSON.stringify(ignored))
  })
}

test('what .env and holdfast.yaml of a command say otherwise is named, down to the field', t => {
  const home = serve(t, {}, { 'holdfast.yaml': yaml, key: 'secret\n' })
  const changed = yaml.replace('maxBackups: 4', 'maxBackups: 5').replace('/srv/blog.db', '/srv/other.db').replace(
    'maxBackups: 90',
    'appendOnly: true'
  )
    .replace('./shop.db', join(home, 'shop.db')).replace('./copies', join(home, 'copies')).replace(
      'daily: 7',
      'daily: 8'
    )
  assert.deepEqual(
    differing(t, home, {}, { 'holdfast.yaml': changed, '.env': 'TRASH_GRACE_HOURS=1\n', key: 'secret\n' }),
    [
      'TRASH_GRACE_HOURS is "1" here, and "24" on the server',
      'sources.shop.maxBackups is "5" in holdfast.yaml, and "4" on the server',
      'sources.blog.path is "/srv/other.db" in holdfast.yaml, and "/srv/blog.db" on the server',
      'retention.daily is "8" in holdfast.yaml, and "7" on the server',
      'stores.disk.appendOnly is "true" in holdfast.yaml, and not set on the server',
      'stores.disk.maxBackups is not set in holdfast.yaml, and "90" on the server'
    ]
  )
})

test('the same holdfast.yaml is no difference, wherever its secrets are; another order of the sources is one', t => {
  const home = serve(t, {}, {
    'holdfast.yaml':
      'sources: { a: { path: /a.db }, b: { path: /b.db } }\ns3: { bucket: c, accessKeyId: one, secretAccessKey: two }\n'
  })
  assert.deepEqual(
    taken(t, home, {}, {
      'holdfast.yaml':
        'sources: { a: { path: /a.db }, b: { path: /b.db } }\ns3: { bucket: c, accessKeyId: one, secretAccessKeyFile: ./key }\n',
      key: 'two'
    }).stores.map(({ lacks }) => lacks),
    [undefined]
  )
  assert.deepEqual(
    differing(t, home, {}, { 'holdfast.yaml': 'sources: { b: { path: /b.db }, a: { path: /a.db } }\n' }),
    ['sources is "b, a" in holdfast.yaml, and "a, b" on the server']
  )
})

test('variables that people set for other programs count only where the server has such a store', t => {
  const home = serve(t, { BACKUP_GCS_BUCKET: 'g' })
  assert.deepEqual(differing(t, home, { AWS_REGION: 'us-east-1', GOOGLE_APPLICATION_CREDENTIALS: '/k.json' }), [
    'GOOGLE_APPLICATION_CREDENTIALS is "/k.json" here, and not set on the server'
  ])
})

test('no secret is recorded, whether it is in the environment, in a file or in holdfast.yaml', t => {
  const secrets = [
    'jwt-'.repeat(9),
    'correct horse battery',
    'aws-secret-marker',
    'in-yaml-marker',
    'metrics-marker'.repeat(3)
  ]
  const home = serve(t, {
    JWT_SECRET: secrets[0],
    BACKUP_ENCRYPTION: 'age',
    BACKUP_ENCRYPTION_PASSPHRASE_FILE: './pass',
    AWS_ACCESS_KEY_ID: 'aws-id-marker',
    AWS_SECRET_ACCESS_KEY: secrets[2],
    METRICS_TOKEN: secrets[4]
  }, {
    pass: secrets[1]!,
    'holdfast.yaml': `s3: { bucket: b, accessKeyId: yaml-id-marker, secretAccessKey: ${secrets[3]} }\n`
  })
  const text = readFileSync(join(home, 'data/server-config.json'), 'utf8')
  for (const secret of [...secrets, 'aws-id-marker', 'yaml-id-marker']) assert.ok(!text.includes(secret), secret)
  const { secrets: recorded } = JSON.parse(text) as { secrets: unknown }
  assert.deepEqual(recorded, {
    awsAccessKeyId: { file: null },
    awsSecretAccessKey: { file: null },
    encryptionPassphrase: { file: join(home, 'pass') },
    jwtSecret: { file: null },
    metricsToken: { file: null }
  })
})

test('secrets are taken from the files of the server; those that it alone has are named, and their stores are not used', t => {
  const home = serve(t, {
    BACKUP_ENCRYPTION: 'age',
    BACKUP_ENCRYPTION_PASSPHRASE_FILE: './pass',
    BACKUP_S3_BUCKET: 'b',
    AWS_ACCESS_KEY_ID: 'one',
    AWS_SECRET_ACCESS_KEY: 'two',
    BACKUP_AZURE_CONTAINER: 'c',
    AZURE_STORAGE_ACCOUNT: 'a',
    AZURE_STORAGE_KEY: 'three'
  }, { pass: 'correct horse battery\n' })
  const config = taken(t, home)
  assert.equal(config.encryption.passphrase?.reveal(), 'correct horse battery')
  assert.deepEqual(config.lacks, ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AZURE_STORAGE_KEY'])
  assert.deepEqual(config.stores.map(({ lacks }) => lacks), [['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], [
    'AZURE_STORAGE_KEY'
  ]])
  const helped = taken(t, home, { AWS_ACCESS_KEY_ID: 'one', AWS_SECRET_ACCESS_KEY: 'two', AZURE_STORAGE_KEY: 'three' })
  assert.deepEqual([helped.lacks, ...helped.stores.map(({ lacks }) => lacks)], [[], undefined, undefined])
})

test('a passphrase that only the server has leaves the configuration sealed', t => {
  const home = serve(t, { BACKUP_ENCRYPTION: 'openpgp', BACKUP_ENCRYPTION_PASSPHRASE: 'correct horse battery' })
  const { lacks, sources, encryption } = taken(t, home)
  assert.deepEqual([lacks, encryption.passphrase, ...sources.map(({ sealing }) => sealing.encryption)], [
    ['BACKUP_ENCRYPTION_PASSPHRASE'],
    undefined,
    'openpgp'
  ])
})

test('a private key that only the command has is no difference: it opens what the server cannot', t => {
  const home = serve(t, { BACKUP_ENCRYPTION: 'age', BACKUP_AGE_RECIPIENTS: KEY })
  assert.equal(
    taken(t, home, { BACKUP_ENCRYPTION_PASSPHRASE: 'correct horse battery' }).encryption.passphrase?.reveal(),
    'correct horse battery'
  )
})

test('the record is for its owner alone and whole, whatever the umask; nothing else is left', t => {
  for (const umask of [0, 0o077, 0o777]) {
    const before = process.umask(umask)
    try {
      const home = serve(t, { DATABASE_PATH: './shop.db' })
      chmodSync(join(home, 'data'), 0o700)
      assert.deepEqual(readdirSync(join(home, 'data')), ['server-config.json'])
      assert.equal(statSync(join(home, 'data/server-config.json')).mode & 0o777, 0o600)
    } finally {
      process.umask(before)
    }
  }
})

for (
  const [what, damage] of [
    ['cut short', (text: string) => text.slice(0, 40)],
    ['of a newer format', (text: string) => text.replace('"format": 1', '"format": 2')],
    ['of a version that knows more options', (text: string) => text.replace('"maxBackups"', '"maxBackupz"')],
    ['with a value that cannot be', (text: string) => text.replace('"maxBackups": 10', '"maxBackups": -1')]
  ] as const
) {
  test(`a record ${what} is refused, and can be ignored`, t => {
    const home = serve(t, { DATABASE_PATH: './shop.db' })
    const path = join(home, 'data/server-config.json')
    const text = readFileSync(path, 'utf8')
    assert.notEqual(damage(text), text)
    writeFileSync(path, damage(text))
    const checked = take(t, home)
    assert.ok(!checked.ok)
    assert.equal(checked.code, 'SERVER_CONFIG_UNREADABLE')
    assert.match(checked.problems[0]?.remedy ?? '', /--ignore-server-config/)
    assert.ok(checkConfig({ DATA_DIR: join(home, 'data') }, home).ok)
  })
}

test('a record of an older version that knew fewer options is taken, with the defaults for those', t => {
  const home = serve(t, { DATABASE_PATH: './shop.db', MAX_BACKUPS: '50' })
  const path = join(home, 'data/server-config.json')
  const record = JSON.parse(readFileSync(path, 'utf8')) as { options: Record<string, unknown> }
  delete record.options.anomalyGuard
  writeFileSync(path, JSON.stringify(record))
  assert.equal(taken(t, home).settings.maxBackups, 50)
  assert.deepEqual(differing(t, home, { ANOMALY_GUARD: 'false' }), [
    'ANOMALY_GUARD is "false" here, and "true" on the server'
  ])
})

test('a data directory that was moved, or is mounted elsewhere, is a difference; one that is reached through a link is not', t => {
  const home = serve(t, { DATABASE_PATH: './shop.db' })
  symlinkSync(join(home, 'data'), join(home, 'link'))
  assert.equal(taken(t, home, { DATA_DIR: join(home, 'link') }).defaultSource, 'shop')
  renameSync(join(home, 'data'), join(home, 'moved'))
  assert.deepEqual(differing(t, home, { DATA_DIR: join(home, 'moved') }), [
    `DATA_DIR is "${join(home, 'moved')}" here, and "${join(home, 'data')}" on the server`
  ])
})

test('where no server ever ran a command works with what is said to it', t => {
  const home = workDir(t)
  assert.equal(taken(t, home, { DATABASE_PATH: '/srv/shop.db' }).defaultSource, 'shop')
})
