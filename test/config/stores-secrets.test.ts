import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { StoreConfig } from '../../src/config/config.ts'
import { checkConfig } from '../../src/config/load.ts'
import { filesWithSecrets } from '../../src/config/files-with-secrets.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

type Files = Readonly<Record<string, string>>

function stores (t: TestContext, yaml: string, environment: Files = {}, files: Files = {}): readonly StoreConfig[] {
  return validConfig(environment, workDir(t, { 'holdfast.yaml': yaml, ...files })).stores
}

function problems (t: TestContext, yaml: string, environment: Files = {}): string[] {
  return problemsOf(environment, workDir(t, { 'holdfast.yaml': yaml })).map(({ name, problem, remedy }) =>
    `${name} ${problem}. ${remedy}`
  )
}

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
