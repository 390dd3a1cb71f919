import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { problemsOf, workDir } from '../support/config/config.ts'

type Files = Readonly<Record<string, string>>

function problems (t: TestContext, yaml: string, environment: Files = {}): string[] {
  return problemsOf(environment, workDir(t, { 'holdfast.yaml': yaml })).map(({ name, problem, remedy }) =>
    `${name} ${problem}. ${remedy}`
  )
}

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
