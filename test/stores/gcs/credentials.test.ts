import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { authorization } from '../../../src/stores/gcs/credentials.ts'
import { tempDir } from '../../support/temp-dir.ts'

const BUCKET = 'https://storage.googleapis.com/storage/v1/b/bucket'
const SCOPES = [
  'https://www.googleapis.com/auth/iam',
  'https://www.googleapis.com/auth/cloud-platform',
  'https://www.googleapis.com/auth/devstorage.full_control'
]

interface Asked {
  readonly url: URL
  readonly body: string
}

/** Answers as the metadata server of a machine and as a token service, with one token for everybody. */
async function tokenServer (t: TestContext): Promise<{ readonly host: string, readonly asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then(body => {
      asked.push({ url: new URL(incoming.url ?? '/', 'http://server'), body })
      outgoing.writeHead(200, { 'content-type': 'application/json', 'metadata-flavor': 'Google' })
      outgoing.end(JSON.stringify({ access_token: 'of the server', token_type: 'Bearer', expires_in: 3600 }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** The environment of a machine on which nobody is logged in, and which has `variables` as well. */
function onMachine (t: TestContext, variables: Readonly<Record<string, string>> = {}): void {
  const before = process.env
  process.env = { HOME: tempDir(t), ...variables }
  t.after(() => {
    process.env = before
  })
}

test('without a file, the metadata server of the machine gives the token, which is kept', async t => {
  const { host, asked } = await tokenServer(t)
  onMachine(t, { GCE_METADATA_HOST: host })
  const headers = authorization(undefined)
  for (let request = 0; request < 2; request++) {
    assert.deepEqual(await headers(BUCKET), { authorization: 'Bearer of the server' })
  }
  const tokens = asked.filter(({ url }) => url.pathname.endsWith('/token'))
  assert.deepEqual(tokens.map(({ url }) => url.pathname), [
    '/computeMetadata/v1/instance/service-accounts/default/token'
  ])
  assert.deepEqual(tokens[0]?.url.searchParams.get('scopes')?.split(','), SCOPES)
})

/** The file of an identity that another cloud gave, which `host` exchanges for a token. */
function writeIdentity (t: TestContext, file: string, host: string): void {
  const subject = join(tempDir(t), 'subject')
  writeFileSync(subject, 'token of the other cloud')
  writeFileSync(
    file,
    JSON.stringify({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `http://${host}/v1/token`,
      credential_source: { file: subject }
    })
  )
}

test('an identity of another cloud is exchanged for a token with all scopes', async t => {
  const { host, asked } = await tokenServer(t)
  onMachine(t)
  const keyFile = join(tempDir(t), 'identity.json')
  writeIdentity(t, keyFile, host)
  assert.deepEqual(await authorization(keyFile)(BUCKET), { authorization: 'Bearer of the server' })
  const wish = new URLSearchParams(asked[0]?.body)
  assert.deepEqual([asked[0]?.url.pathname, wish.get('subject_token'), wish.get('scope')], [
    '/v1/token',
    'token of the other cloud',
    SCOPES.join(' ')
  ])
})

test('a file that was not there is read once it is', async t => {
  const { host } = await tokenServer(t)
  onMachine(t)
  const keyFile = join(tempDir(t), 'identity.json')
  const headers = authorization(keyFile)
  await assert.rejects(headers(BUCKET), { code: 'ENOENT' })
  writeIdentity(t, keyFile, host)
  assert.deepEqual(await headers(BUCKET), { authorization: 'Bearer of the server' })
})
