import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoreConfig, StoreDefaults } from '../../src/config/config.ts'
import { isSamePlace } from '../../src/config/store-places.ts'
import { formatStoreUrl, parseStoreUrl } from '../../src/config/store-url.ts'
import { BackupError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { revealed } from '../support/core/revealed.ts'

const CREDENTIALS = { accessKeyId: 'AKIA', secretAccessKey: new Secret('the secret') }
const AZURE = { azureStorageAccount: 'account', azureStorageKey: new Secret('the key') }
const DEFAULTS: StoreDefaults = {
  s3: {
    values: {
      awsRegion: 'eu-west-1',
      awsAccessKeyId: CREDENTIALS.accessKeyId,
      awsSecretAccessKey: CREDENTIALS.secretAccessKey
    },
    lacks: []
  },
  gcs: { values: { googleCredentials: '/etc/google.json' }, lacks: [] },
  azure: { values: AZURE, lacks: [] }
}

const parse = (url: string, defaults = DEFAULTS): StoreConfig => parseStoreUrl(url, defaults, '/srv')

/** The named ones of what the store is made with, secrets as their text. */
function picked ({ values }: StoreConfig, ...names: string[]): unknown[] {
  return names.map(name => revealed(values[name]))
}

function refusal (url: string, defaults = DEFAULTS): BackupError {
  try {
    parse(url, defaults)
  } catch (error) {
    assert.ok(error instanceof BackupError)
    return error
  }
  throw new Error('it was taken')
}

test('a bucket of AWS needs nothing but its name', () => {
  const store = parse('s3://bucket/production/backups')
  assert.ok(store.kind === 's3')
  assert.equal(store.name, 's3')
  assert.deepEqual(
    picked(store, 'bucket', 'prefix', 'region', 'endpoint', 'pathStyle', 'profile', 'credentials'),
    ['bucket', 'production/backups/', 'eu-west-1', undefined, false, 'aws', revealed(CREDENTIALS)]
  )
})

test('another service is named by its endpoint, and everything about it can be said', () => {
  const plain = parse('s3://bucket?endpoint=http://127.0.0.1:9000')
  assert.ok(plain.kind === 's3')
  assert.deepEqual(picked(plain, 'prefix', 'endpoint', 'pathStyle', 'profile'), [
    '',
    'http://127.0.0.1:9000',
    true,
    'compatible'
  ])
  const said = parse('s3://bucket/p?endpoint=http://127.0.0.1:9000&region=x&pathStyle=false&profile=aws')
  assert.ok(said.kind === 's3')
  assert.deepEqual(picked(said, 'region', 'pathStyle', 'profile'), ['x', false, 'aws'])
})

for (const scheme of ['gs', 'gcs']) {
  test(`${scheme}:// is a bucket of Google`, () => {
    const store = parse(`${scheme}://bucket/a/b`)
    assert.ok(store.kind === 'gcs')
    assert.deepEqual([store.name, ...picked(store, 'bucket', 'prefix', 'keyFile')], [
      'gcs',
      'bucket',
      'a/b/',
      '/etc/google.json'
    ])
  })
}

test('azure:// names the account, the container and the prefix', () => {
  const store = parse('azure://account/container/a')
  assert.ok(store.kind === 'azure')
  assert.deepEqual(picked(store, 'account', 'container', 'prefix', 'key'), [
    'account',
    'container',
    'a/',
    'secret the key'
  ])
})

for (
  const [url, path] of [['file:///mnt/my%20disk', '/mnt/my disk'], ['/mnt/disk/', '/mnt/disk'], ['disk', '/srv/disk'], [
    '../disk',
    '/disk'
  ]] as const
) {
  test(`"${url}" is the directory ${path}`, () => {
    const store = parse(url)
    assert.ok(store.kind === 'local')
    assert.deepEqual([store.name, ...picked(store, 'path')], ['directory', path])
  })
}

test('an endpoint by http: on another machine must be asked for, and is remembered with that', () => {
  for (
    const url of [
      's3://bucket?endpoint=http://nas:9000',
      'gs://bucket?endpoint=http://10.1.2.3',
      'azure://account/container?endpoint=http://nas:1'
    ]
  ) {
    assert.throws(() => parse(url), { code: 'VALIDATION_FAILED', message: /uses http:/ })
    assert.throws(() => parse(`${url}&insecure=false`), { code: 'VALIDATION_FAILED' })
    const store = parse(`${url}&insecure=true`)
    assert.deepEqual(parse(formatStoreUrl(store)), store)
  }
})

for (
  const url of [
    's3://bucket/a%20b/c?endpoint=http://127.0.0.1:9000',
    's3://bucket',
    'gs://bucket/a?endpoint=http://127.0.0.1:1',
    'azure://account/container/a',
    'file:///mnt/my%20disk'
  ]
) {
  test(`what is written of "${url}" names the same store, and no secret`, () => {
    const written = formatStoreUrl(parse(url))
    assert.deepEqual(parse(written), parse(url))
    assert.equal(formatStoreUrl(parse(written)), written)
    assert.doesNotMatch(written, /AKIA|secret|key/)
  })
}

test('two are at the same place however they are reached', () => {
  assert.ok(isSamePlace(parse('s3://bucket/a?region=x'), parse('s3://bucket//a/')))
  assert.ok(!isSamePlace(parse('s3://bucket/a'), parse('s3://bucket/ab')))
  assert.ok(!isSamePlace(parse('s3://bucket/a'), parse('gs://bucket/a')))
})

for (
  const [what, url, expected] of [
    ['no kind of store', 'ftp://host/a', /"ftp:\/\/" is not the scheme of a supported kind/],
    ['no URL at all', 's3://', /is not/],
    ['a parameter that is none', 's3://bucket?secret=1', /"secret" is not a parameter/],
    ['an endpoint that is none', 's3://bucket?endpoint=host', /"endpoint" in the URL/],
    ['a container that is missing', 'azure://account', /the container/],
    ['a file of another machine', 'file://host/a', /directory of this machine/],
    ['a way out of the prefix', 's3://bucket/..%2Fa', /the prefix/],
    [
      'an account that the key is not of',
      'azure://other/container',
      /the key in AZURE_STORAGE_KEY belongs to the account "account"/
    ]
  ] as const
) {
  test(`${what} is VALIDATION_FAILED with a hint`, () => {
    const error = refusal(url)
    assert.equal(error.code, 'VALIDATION_FAILED')
    assert.match(error.message, expected)
    assert.ok(error.hint !== undefined)
  })
}

test('credentials in a URL are refused and not repeated', () => {
  const error = refusal('s3://AKIA:hush@bucket/a')
  assert.doesNotMatch(error.message + (error.hint ?? ''), /hush/)
  assert.match(error.message, /must not contain credentials/)
})

test('an account without a key says which variable is missing', () => {
  assert.match(
    refusal('azure://account/container', { azure: { values: {}, lacks: [] } }).hint ?? '',
    /AZURE_STORAGE_KEY/
  )
})
