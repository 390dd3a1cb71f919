import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { StoreConfig } from '../../src/config/config.ts'
import { validConfig, workDir } from '../support/config/config.ts'
import { revealed } from '../support/core/revealed.ts'

type Files = Readonly<Record<string, string>>

function stores (t: TestContext, yaml: string, environment: Files = {}, files: Files = {}): readonly StoreConfig[] {
  return validConfig(environment, workDir(t, { 'holdfast.yaml': yaml, ...files })).stores
}

/** The named ones of what the store is made with, secrets as their text. */
function picked ({ values }: StoreConfig, ...names: string[]): unknown[] {
  return names.map(name => revealed(values[name]))
}

/** What every one of them has by itself. */
const PLAIN = { retention: null, maxBackups: null, isAppendOnly: false, bandwidth: null }

test('without any there are none', t => {
  assert.deepEqual(validConfig({}, workDir(t)).stores, [])
})

test('the block of the Signal Harvester guide is a store, as it is written there', t => {
  const [store] = stores(
    t,
    's3:\n  enabled: true\n  bucket: "signal-harvester-backups"\n  prefix: "production/backups"\n  region: "us-east-1"\n  upload_after_backup: true\nretention:\n  daily_keep: 7\n  weekly_keep: 4\n  monthly_keep: 12\n'
  )
  assert.deepEqual(store, {
    ...PLAIN,
    name: 's3',
    kind: 's3',
    values: {
      bucket: 'signal-harvester-backups',
      prefix: 'production/backups/',
      region: 'us-east-1',
      endpoint: undefined,
      pathStyle: false,
      profile: 'aws',
      credentials: undefined,
      storageClasses: {},
      encryption: null,
      kmsKeyId: undefined,
      lock: null
    }
  })
})

test('a bucket in the environment is a store named s3, with the credentials beside it', t => {
  const environment = {
    BACKUP_S3_BUCKET: 'b',
    BACKUP_S3_PREFIX: '/p',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIA',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    BACKUP_S3_STORAGE_CLASS: 'Standard-IA'
  }
  const [store] = stores(t, '', environment)
  assert.ok(store?.kind === 's3')
  assert.deepEqual([store.name, ...picked(store, 'bucket', 'prefix', 'region', 'storageClasses')], [
    's3',
    'b',
    'p/',
    'eu-west-1',
    { default: 'STANDARD_IA' }
  ])
  assert.deepEqual(picked(store, 'credentials'), [{
    accessKeyId: 'AKIA',
    secretAccessKey: 'secret secret',
    sessionToken: 'secret token'
  }])
  assert.doesNotMatch(JSON.stringify(store), /secret"|token"/)
})

test('credentials come from .env and from files as well', t => {
  const [store] = stores(t, '', { BACKUP_S3_BUCKET: 'b', AWS_SECRET_ACCESS_KEY_FILE: 'key' }, {
    '.env': 'AWS_ACCESS_KEY_ID=AKIA\nAWS_REGION=eu-west-2\n',
    key: 'from a file\n'
  })
  assert.ok(store?.kind === 's3')
  assert.deepEqual(picked(store, 'region', 'credentials'), [
    'eu-west-2',
    { accessKeyId: 'AKIA', secretAccessKey: 'secret from a file' }
  ])
})

test('the environment goes over the block of the file, field by field', t => {
  const [store, ...others] = stores(t, 's3: { bucket: ours, prefix: a, region: eu-west-1 }\n', {
    BACKUP_S3_BUCKET: 'theirs',
    AWS_REGION: 'us-west-2'
  })
  assert.ok(store?.kind === 's3' && others.length === 0)
  assert.deepEqual(picked(store, 'bucket', 'prefix', 'region'), ['theirs', 'a/', 'eu-west-1'])
})

test('Google and Azure are one variable and the credentials that their own tools take', t => {
  const cwd = workDir(t)
  const { stores: [gcs, azure] } = validConfig({
    BACKUP_GCS_BUCKET: 'g',
    GOOGLE_APPLICATION_CREDENTIALS: 'key.json',
    BACKUP_AZURE_CONTAINER: 'c',
    AZURE_STORAGE_ACCOUNT: 'account',
    AZURE_STORAGE_KEY: 'key'
  }, cwd)
  assert.deepEqual(gcs, {
    ...PLAIN,
    name: 'gcs',
    kind: 'gcs',
    values: { bucket: 'g', prefix: '', keyFile: join(cwd, 'key.json'), endpoint: undefined }
  })
  assert.ok(azure?.kind === 'azure')
  assert.deepEqual([azure.name, ...picked(azure, 'container', 'account', 'key')], [
    'azure',
    'c',
    'account',
    'secret key'
  ])
})

test('stores are a list, or a map from their names', t => {
  const list = stores(t, 'stores:\n  - { name: one, kind: s3, bucket: a }\n  - { kind: gcs, bucket: b }\n')
  const map = stores(t, 'stores:\n  one: { kind: s3, bucket: a }\n  gcs: { bucket: b }\n')
  assert.deepEqual(list.map(({ name, kind }) => [name, kind]), [['one', 's3'], ['gcs', 'gcs']])
  assert.deepEqual(map, list)
})

test('everything that a store may say is understood, with underscores too', t => {
  const [store] = stores(
    t,
    `stores:
  offsite:
    kind: s3
    bucket: b
    endpoint: https://minio.example:9000/
    access_key_id: AKIA
    secret_access_key_file: key
    storage_class: { monthly: Glacier, yearly: S3 Glacier Deep Archive, default: Standard }
    encryption: aws:kms
    kms_key_id: arn
    lock: compliance
    retention: { retention_days: 365 }
    max_backups: 20
    bandwidth: 5MB
`,
    {},
    { key: 'secret' }
  )
  assert.ok(store?.kind === 's3')
  assert.deepEqual(revealed(store), {
    name: 'offsite',
    kind: 's3',
    values: {
      bucket: 'b',
      prefix: '',
      region: 'us-east-1',
      endpoint: 'https://minio.example:9000',
      pathStyle: true,
      profile: 'compatible',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret secret' },
      storageClasses: { monthly: 'GLACIER', yearly: 'DEEP_ARCHIVE', default: 'STANDARD' },
      encryption: 'aws:kms',
      kmsKeyId: 'arn',
      lock: 'compliance'
    },
    retention: { within: { years: 0, months: 0, days: 365, hours: 0 }, minBackups: 3 },
    maxBackups: 20,
    isAppendOnly: false,
    bandwidth: 5_000_000
  })
})

for (
  const [text, bytes] of [['65536', 65_536], ['500KB', 500_000], ['1.5MiB', 1_572_864], ['2 GB/s', 2_000_000_000], [
    '10m',
    10_000_000
  ]] as const
) {
  test(`the bandwidth ${text} is ${bytes} bytes a second`, t => {
    assert.equal(stores(t, `stores: { far: { kind: local, path: far, bandwidth: ${text} } }\n`)[0]?.bandwidth, bytes)
  })
}

test('a store that is switched off is none', t => {
  assert.deepEqual(
    stores(t, 's3: { enabled: false, bucket: b }\nstores: { far: { kind: local, path: far, enabled: false } }\n'),
    []
  )
})

test('to a store that takes nothing by itself a source is copied only where it says so', t => {
  const { sources } = validConfig(
    {},
    workDir(t, {
      'holdfast.yaml':
        's3: { bucket: b, upload_after_backup: false }\nstores: { far: { kind: local, path: far } }\nsources:\n  - { name: a, path: a.db }\n  - { name: b, path: b.db, stores: [s3] }\n'
    })
  )
  assert.deepEqual(sources.map(({ policy }) => policy.stores), [['far'], ['s3'], ['far']])
})

test('without such a store nothing is said, and every source goes to all', t => {
  const { sources } = validConfig({ BACKUP_S3_BUCKET: 'b' }, workDir(t))
  assert.deepEqual(sources.map(({ policy }) => [policy.stores, policy.keepLocal]), [[undefined, undefined]])
})

test('local copies are given up for all sources or for one', t => {
  const keepLocal = (yaml: string): unknown =>
    validConfig({ BACKUP_S3_BUCKET: 'b' }, workDir(t, { 'holdfast.yaml': yaml })).sources.map(({ policy }) =>
      policy.keepLocal
    )
  assert.deepEqual(
    keepLocal(
      'localRetention: none\nsources:\n  - { name: a, path: a.db }\n  - { name: b, path: b.db, localRetention: keep }\n'
    ),
    [false, true, false]
  )
  assert.deepEqual(keepLocal('sources:\n  - { name: a, path: a.db, localRetention: none }\n'), [false, undefined])
})
