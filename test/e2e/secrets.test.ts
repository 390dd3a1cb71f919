import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { OPTION_NAMES, OPTIONS, type OptionName } from '../../src/config/options.ts'
import { makeMoney } from '../support/databases/money.ts'
import { filesBelow } from '../support/files/files-below.ts'
import { everyAnswer } from '../support/http/every-answer.ts'
import { tokenFor } from '../support/http/token.ts'
import { ageKey, openpgpKey } from '../support/pipeline/keys.ts'
import { holdfast } from '../support/processes/holdfast.ts'
import { SECRET, startService } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'

const PASSPHRASE_OF_KEY = 'marker-of-the-passphrase-of-the-openpgp-key'
const [age, pgp] = [await ageKey(), await openpgpKey(PASSPHRASE_OF_KEY)]
const AZURE_KEY = Buffer.from('marker-of-the-key-of-the-storage-account').toString('base64')

const DATABASE_PASSWORD = 'marker-of-the-password-of-the-database'

/** A value for each secret that can be configured at once; a public key takes the place of JWT_SECRET. */
const VALUES: Partial<Record<OptionName, string>> = {
  ageIdentity: age.identity,
  // No server listens there.
  databaseUrl: `postgresql://app:${DATABASE_PASSWORD}@127.0.0.1:1/books`,
  encryptionPassphrase: 'marker-of-the-passphrase-of-backups',
  openpgpPrivateKeys: pgp.privateKey,
  openpgpPrivateKeysPassphrase: PASSPHRASE_OF_KEY,
  jwtSecret: SECRET,
  metricsToken: 'marker-of-the-token-of-the-metrics-1234',
  awsAccessKeyId: 'MARKEROFTHEACCESSKEY',
  awsSecretAccessKey: 'marker-of-the-secret-of-the-access-key',
  awsSessionToken: 'marker-of-the-session-token',
  azureStorageKey: AZURE_KEY
}
/** Any of these lines is a part of the private key. */
const LINES = pgp.privateKey.split(/\r?\n/).filter(line => line.length > 50 && !line.includes('-'))
/** What must be found nowhere. */
const MARKERS = [
  ...Object.values(VALUES).filter(value => value !== pgp.privateKey && value !== VALUES.databaseUrl),
  DATABASE_PASSWORD,
  'marker-of-the-key-of-the-storage-account',
  ...LINES
]

/** A store that refuses every request. */
async function refusingStore (t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(403).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('every secret that can be configured has a value here', () => {
  const secrets = OPTION_NAMES.filter(name => OPTIONS[name].kind === 'secret')
  assert.deepEqual(secrets.filter(name => VALUES[name] === undefined), ['jwtPublicKey'])
  assert.ok(LINES.length > 3)
})

test('no secret is in an answer, an event, the log at any level, the output of a command, or a file of the service', async t => {
  const home = tempDir(t)
  const endpoint = await refusingStore(t)
  makeMoney(join(home, 'app.db'), { entries: 1000 })
  writeFileSync(
    join(home, 'holdfast.yaml'),
    JSON.stringify({
      sources: [{ name: 'app', path: join(home, 'app.db') }],
      stores: {
        s3: { kind: 's3', bucket: 'backups', endpoint },
        azure: { kind: 'azure', container: 'backups', account: 'account', endpoint }
      }
    }),
    { mode: 0o600 }
  )
  const environment = {
    ...Object.fromEntries(Object.entries(VALUES).map(([name, value]) => [OPTIONS[name as OptionName].variable, value])),
    BACKUP_ENCRYPTION: 'age',
    BACKUP_AGE_RECIPIENTS: age.recipient,
    BACKUP_COMPRESSION: 'zstd',
    LOG_LEVEL: 'trace'
  }
  const service = await startService(t, home, environment, tokenFor('admin'))
  const texts = new Map<string, string>()

  const events = await fetch(`${service.url}/api/events`, {
    headers: { authorization: `Bearer ${tokenFor('viewer')}` }
  })
  const streamed = events.text().catch(String)
  const calls: ReadonlyArray<readonly [path: string, body: unknown, status: number]> = [
    ['/api/backups', { source: 'app' }, 201],
    ['/api/backups', { source: 'books' }, 503],
    ['/api/backups/1/verify', undefined, 200],
    ['/api/backups/1/drill', undefined, 200],
    ['/api/backups/1/upload', undefined, 503],
    ['/api/stores/s3/probe', undefined, 200],
    ['/api/stores/azure/probe', undefined, 200]
  ]
  for (const [path, body, status] of calls) {
    const answer = await service.call('POST', path, body)
    assert.equal(answer.status, status, `${path}: ${JSON.stringify(answer.body)}`)
    texts.set(`POST ${path} ${JSON.stringify(body)}`, JSON.stringify(answer.body))
  }
  for (const { path, status, text } of await everyAnswer(service, 'app')) {
    // The metrics have a token of their own, and a database does not consist of files.
    const expected = { '/metrics': 401, '/api/backups/1/files': 422 }[path] ?? 200
    assert.equal(status, expected, `${path}: ${text}`)
    texts.set(`GET ${path}`, text)
  }
  const metrics = await service.call('GET', '/metrics', undefined, { authorization: `Bearer ${VALUES.metricsToken}` })
  assert.equal(metrics.status, 200)
  texts.set('the metrics', String(metrics.body))

  for (
    const words of [
      ['config', 'show'],
      ['config', 'check', '--json'],
      ['doctor'],
      ['stores', '--check'],
      ['key', 'list'],
      ['show', '1'],
      ['backup', '--json']
    ]
  ) {
    const { out, err } = await holdfast(words, home, environment)
    assert.notEqual(out + err, '', words.join(' '))
    texts.set(words.join(' '), out + err)
  }
  for (const path of filesBelow(home)) texts.set(path, readFileSync(path, 'latin1'))
  await service.kill('SIGTERM')
  texts.set('the events', await streamed)
  texts.set('the log', service.log())

  assert.match(texts.get('the log') ?? '', /"level":20,/, 'the lines of the lowest level are there')
  assert.match(texts.get('the events') ?? '', /event: backup\.completed/)
  const found = [...texts].flatMap(([where, text]) =>
    MARKERS.filter(marker => text.includes(marker)).map(marker => `${where}: ${marker}`)
  )
  assert.deepEqual(found, [])
})
