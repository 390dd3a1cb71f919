import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { StoreConfig } from '../../src/config/config.ts'
import { checkConfig } from '../../src/config/load.ts'
import { filesWithSecrets } from '../../src/config/files-with-secrets.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'
import { revealed } from '../support/core/revealed.ts'

type Files = Readonly<Record<string, string>>

function stores (t: TestContext, yaml: string, environment: Files = {}, files: Files = {}): readonly StoreConfig[] {
  return validConfig(environment, workDir(t, { 'holdfast.yaml': yaml, ...files })).stores
}

function problems (t: TestContext, yaml: string, environment: Files = {}): string[] {
  return problemsOf(environment, workDir(t, { 'holdfast.yaml': yaml })).map(({ name, problem, remedy }) =>
    `${name} ${problem}. ${remedy}`
  )
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

for (
  const [what, yaml, expected, environment] of [
    [
      'an unknown kind',
      'stores: { a: { kind: azzure } }',
      /^stores\.a\.kind is not a supported kind of store\. Did you mean "azure"\?$/
    ],
    ['no kind', 'stores: { a: { bucket: b } }', /^stores\.a\.kind is missing\. Give one of s3, gcs, azure, local\.$/],
    ['an unknown field', 'stores: { a: { kind: s3, bucket: b, buckt: c } }', /^stores\.a\.buckt is not a known key/],
    [
      'a field of another kind',
      'stores: { a: { kind: local, path: a, bucket: c } }',
      /^stores\.a\.bucket is not a known key/
    ],
    ['a store without its bucket', 'stores: { a: { kind: s3 } }', /^stores\.a\.bucket is missing/],
    ['a bucket that is a URL', 'stores: { a: { kind: s3, bucket: "s3://b" } }', /only the name/],
    [
      'an endpoint with credentials in it',
      'stores: { a: { kind: s3, bucket: b, endpoint: "https://me:pw@host" } }',
      /^stores\.a\.endpoint .*is not a URL/
    ],
    [
      'the same name twice',
      'stores: [{ name: a, kind: local, path: a }, { name: A, kind: local, path: b }]',
      /^stores\[1\]\.name "A" is already the name of stores\[0\]/
    ],
    [
      'the name of BACKUP_DIR',
      'stores: { Local: { kind: local, path: a } }',
      /^stores\.Local\.name "Local" is the name of BACKUP_DIR/
    ],
    [
      'the name that the environment gives',
      'stores: { s3: { bucket: c } }',
      /^stores\.s3\.name "s3" is already the name of BACKUP_S3_BUCKET/,
      { BACKUP_S3_BUCKET: 'b' }
    ],
    ['a name that is none', 'stores: [{ name: "a b", kind: local, path: a }]', /cannot be the name of a store/],
    [
      'the same bucket twice',
      'stores: { a: { kind: s3, bucket: b, prefix: p }, b: { kind: s3, bucket: b, prefix: /p/ } }',
      /^stores\.b is at the same location as stores\.a/
    ],
    [
      'a prefix within another',
      'stores: { a: { kind: s3, bucket: b }, b: { kind: s3, bucket: b, prefix: p } }',
      /^stores\.b is at the same location as stores\.a/
    ],
    [
      'a directory in BACKUP_DIR',
      'stores: { a: { kind: local, path: backups/more } }',
      /^stores\.a\.path .* is in BACKUP_DIR/
    ],
    [
      'a directory with BACKUP_DIR in it',
      'stores: { a: { kind: local, path: . } }',
      /^stores\.a\.path .* contains BACKUP_DIR/
    ],
    [
      'a directory with a database in it',
      'stores: { a: { kind: local, path: far } }\nsources: [{ name: shop, path: far/shop.db }]',
      /^stores\.a\.path .* contains the database of "shop"/
    ],
    [
      'a source that names a store that is not there',
      'stores: { far: { kind: local, path: far } }\nsources: [{ name: shop, path: shop.db, stores: [fat] }]',
      /^sources\[0\]\.stores there is no store "fat"\. Did you mean "far"\?$/
    ],
    [
      'no local copies and no others',
      'localRetention: none',
      /^localRetention is "none", but no store for automatic copies is configured/
    ],
    [
      'no local copies of a source and no others',
      'stores: { far: { kind: local, path: far } }\nsources: [{ name: shop, path: shop.db, stores: [], localRetention: none }]',
      /^sources\[0\]\.localRetention is "none", but no store for automatic copies is configured/
    ],
    [
      'a lock without a retention',
      'stores: { a: { kind: s3, bucket: b, lock: governance } }',
      /^stores\.a\.lock is set without a retention/
    ],
    [
      'a number of copies where nothing is removed',
      'stores: { a: { kind: s3, bucket: b, appendOnly: true, maxBackups: 3 } }',
      /^stores\.a\.maxBackups sets rules for removal in an append-only store/
    ],
    [
      'a key of KMS without it',
      'stores: { a: { kind: s3, bucket: b, kmsKeyId: k } }',
      /^stores\.a\.kmsKeyId is set without the encryption/
    ],
    [
      'half of the credentials',
      'stores: { a: { kind: s3, bucket: b, accessKeyId: k } }',
      /^stores\.a\.accessKeyId is incomplete/
    ],
    [
      'half of the credentials in the environment',
      's3: { bucket: b }',
      /^AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY/,
      { AWS_ACCESS_KEY_ID: 'k' }
    ],
    ['a prefix without a bucket', '', /^BACKUP_S3_PREFIX is set without BACKUP_S3_BUCKET/, { BACKUP_S3_PREFIX: 'p' }],
    ['a container without its account', '', /^BACKUP_AZURE_CONTAINER\.account is missing\. .*AZURE_STORAGE_ACCOUNT/, {
      BACKUP_AZURE_CONTAINER: 'c',
      AZURE_STORAGE_KEY: 'k'
    }],
    [
      'a bandwidth that is slower than any line',
      'stores: { a: { kind: local, path: far, bandwidth: 5 } }',
      /at least 1024/
    ]
  ] as ReadonlyArray<readonly [string, string, RegExp, Files?]>
) {
  test(`${what} is a problem that says what to do`, t => {
    const found = problems(t, `${yaml}\n`, environment)
    assert.deepEqual([found.length, found.some(problem => expected.test(problem))], [1, true], found.join('\n'))
  })
}

test('a directory that leads into BACKUP_DIR by a link is in it', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'stores: { a: { kind: local, path: link/more } }\n' })
  mkdirSync(join(cwd, 'backups'))
  symlinkSync('backups', join(cwd, 'link'))
  assert.deepEqual(problemsOf({}, cwd).map(({ name }) => name), ['stores.a.path'])
})

test('a source that goes nowhere is no problem', t => {
  assert.deepEqual(
    problems(t, 'stores: { far: { kind: local, path: far } }\nsources: [{ name: shop, path: shop.db, stores: [] }]\n'),
    []
  )
})

test('no secret of a store stands in a problem', t => {
  const found = problems(t, 'stores: { a: { kind: s3, bucket: b, accessKeyId: [], secretAccessKey: 1234567 } }\n')
  assert.ok(found.length > 0)
  assert.doesNotMatch(found.join(), /1234567/)
})

test('files that hold secrets of stores are known', t => {
  const cwd = workDir(t, {
    'holdfast.yaml':
      'stores:\n  a: { kind: s3, bucket: b, accessKeyId: k, secretAccessKeyFile: key }\n  g: { kind: gcs, bucket: c, keyFile: google.json }\n',
    key: 'k'
  })
  const environment = { BACKUP_GCS_BUCKET: 'b', GOOGLE_APPLICATION_CREDENTIALS: 'own.json' }
  const checked = checkConfig(environment, cwd)
  assert.ok(checked.ok)
  assert.deepEqual(filesWithSecrets(environment, cwd, checked.config, checked.file).slice(0, -2), [
    { path: join(cwd, 'holdfast.yaml'), holds: ['stores.a.accessKeyId'] },
    { path: join(cwd, 'key'), holds: ['stores.a.secretAccessKey'] },
    { path: join(cwd, 'google.json'), holds: ['stores.g.key'] },
    { path: join(cwd, 'own.json'), holds: ['GOOGLE_APPLICATION_CREDENTIALS'] }
  ])
})

for (
  const [what, yaml] of [
    ['S3', 'stores: [ { name: a, kind: s3, bucket: b, endpoint: "http://nas.lan:9000"SAID } ]'],
    ['Google', 'stores: [ { name: a, kind: gcs, bucket: b, endpoint: "http://10.0.0.1:1"SAID } ]'],
    [
      'Azure',
      'stores: [ { name: a, kind: azure, container: b, account: c, key: a2V5, endpoint: "http://[fd00::1]:1/c"SAID } ]'
    ]
  ] as const
) {
  test(`${what} by http: on another machine must be asked for with "insecure"`, t => {
    const found = problems(t, yaml.replace('SAID', ''))
    assert.deepEqual(found.map(text => text.includes('uses http:') && text.includes('"insecure: true"')), [true])
    assert.match(found[0] ?? '', /stores\[0\]\.endpoint/)
    assert.equal(problems(t, yaml.replace('SAID', ', insecure: false')).length, 1)
    assert.equal(stores(t, yaml.replace('SAID', ', insecure: true')).length, 1)
    for (const host of ['localhost', '127.0.0.1', '127.8.9.1', '[::1]', 'minio.localhost']) {
      assert.equal(stores(t, yaml.replace('SAID', '').replace(/http:\/\/[^"]*/, `http://${host}:1`)).length, 1, host)
    }
    for (const host of ['localhost.example', '127.0.0.1.nip.io', '[::2]', '128.0.0.1']) {
      assert.equal(problems(t, yaml.replace('SAID', '').replace(/http:\/\/[^"]*/, `http://${host}:1`)).length, 1, host)
    }
    assert.equal(stores(t, yaml.replace('SAID', '').replace('http:', 'https:')).length, 1)
  })
}

test('the variables for S3 ask for it by BACKUP_S3_INSECURE', t => {
  const environment = { BACKUP_S3_BUCKET: 'b', BACKUP_S3_ENDPOINT: 'http://127.0.0.1.example:9000' }
  assert.match(problems(t, '', environment)[0] ?? '', /^BACKUP_S3_ENDPOINT uses http:.*BACKUP_S3_INSECURE=true/)
  assert.equal(stores(t, '', { ...environment, BACKUP_S3_INSECURE: 'true' }).length, 1)
})
