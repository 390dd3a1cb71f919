import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { proxyOf, useProxy } from '../../src/config/proxy.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Secret } from '../../src/core/secret.ts'
import { azureStore } from '../../src/stores/azure/azure.ts'
import { gcsStore } from '../../src/stores/gcs/gcs.ts'
import type { S3StoreOptions } from '../../src/stores/s3/options.ts'
import { s3Store } from '../../src/stores/s3/s3.ts'
import { startFakeGcs } from '../support/stores/fake-gcs.ts'
import { forwardProxy } from '../support/stores/forward-proxy.ts'
import { rejectsWith } from '../support/rejects.ts'
import { HastyClock } from '../support/stores/s3.ts'
import { never } from '../support/streams.ts'

/** A server that has one object, of two bytes, by whatever name. */
async function oneObject (t: TestContext): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-length': 2, 'last-modified': new Date(0).toUTCString(), etag: '"1"' }).end(
      incoming.method === 'HEAD' ? '' : 'ab'
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function s3 (changes: Partial<S3StoreOptions>): ReturnType<typeof s3Store> {
  const credentials = { accessKeyId: 'a', secretAccessKey: new Secret('b') }
  return s3Store({
    name: 's3',
    bucket: 'bucket',
    prefix: '',
    region: 'us-east-1',
    endpoint: 'http://s3.invalid:9000',
    pathStyle: true,
    profile: 'aws',
    credentials,
    storageClasses: {},
    encryption: null,
    kmsKeyId: undefined,
    lock: null,
    clock: new HastyClock(),
    ...changes
  })
}

for (const variable of ['HTTP_PROXY', 'http_proxy']) {
  test(`s3: with ${variable} requests go through the proxy, which alone knows the host`, async t => {
    const { url, asked } = await forwardProxy(t, await oneObject(t))
    const store = s3({ proxy: proxyOf({ [variable]: url }) })
    assert.equal((await store.stat('a', never)).size, 2)
    assert.equal(await text(await store.get('a', undefined, never)), 'ab')
    assert.deepEqual(new Set(asked), new Set(['HEAD http://s3.invalid:9000', 'GET http://s3.invalid:9000']))
  })
}

test('s3: with HTTPS_PROXY an https endpoint is asked for through a tunnel', async t => {
  const { url, asked } = await forwardProxy(t, await oneObject(t))
  // Behind the tunnel is no TLS here; that it was asked for is what counts.
  await assert.rejects(s3({ endpoint: 'https://s3.invalid', proxy: proxyOf({ HTTPS_PROXY: url }) }).stat('a', never))
  assert.deepEqual(new Set(asked), new Set(['CONNECT s3.invalid:443']))
})

test('s3: what NO_PROXY names is asked straight', async t => {
  const endpoint = await oneObject(t)
  const { url, asked } = await forwardProxy(t, endpoint)
  for (const variable of ['NO_PROXY', 'no_proxy']) {
    assert.equal(
      (await s3({ endpoint, proxy: proxyOf({ HTTP_PROXY: url, [variable]: '127.0.0.1,.internal' }) }).stat('a', never))
        .size,
      2
    )
  }
  assert.deepEqual(asked, [])
})

test('gcs: requests go through the proxy of the process', async t => {
  const gcs = await startFakeGcs()
  t.after(() => gcs.stop())
  const { url, asked } = await forwardProxy(t, gcs.endpoint)
  t.after(useProxy({ http_proxy: url }, [{ kind: 'gcs' }]))
  const store = gcsStore({
    name: 'gcs',
    bucket: gcs.bucket(),
    prefix: '',
    keyFile: undefined,
    endpoint: 'http://gcs.invalid',
    clock: systemClock
  })
  await store.open(never)
  assert.ok(asked.length > 0)
  assert.ok(asked.every(one => /(?: http:\/\/gcs\.invalid|CONNECT gcs\.invalid:80)$/.test(one)), asked.join('\n'))
})

test('azure: requests go through the proxy of the environment', async t => {
  const { url, asked } = await forwardProxy(t, await oneObject(t))
  const before = process.env.HTTP_PROXY
  process.env.HTTP_PROXY = url
  t.after(() => {
    if (before === undefined) delete process.env.HTTP_PROXY
    else process.env.HTTP_PROXY = before
  })
  const store = azureStore({
    name: 'azure',
    account: 'account',
    key: new Secret(Buffer.from('key').toString('base64')),
    container: 'container',
    prefix: '',
    endpoint: 'http://azure.invalid',
    clock: systemClock
  })
  assert.equal((await store.stat('a', never)).size, 2)
  assert.deepEqual(asked, ['HEAD http://azure.invalid'])
})

test('without a proxy nothing changes; an address needs no scheme; what is no HTTP proxy is refused by name', async () => {
  assert.equal(proxyOf({ NO_PROXY: '*', HTTPS_PROXY: ' ' }), undefined)
  assert.deepEqual(proxyOf({ HTTPS_PROXY: 'proxy:3128', https_proxy: 'other:3128', no_proxy: 'a' }), {
    HTTPS_PROXY: 'http://other:3128',
    NO_PROXY: 'a'
  })
  const error = await rejectsWith('CONFIG_INVALID', (async () => proxyOf({ http_proxy: 'socks5://proxy:1080' }))())
  assert.match(error.message, /http_proxy: is not the address of an HTTP proxy/)
  assert.doesNotMatch(error.message, /socks5/)
})

test('a proxy that is not supported is refused only where a store is in a cloud', () => {
  const environment = { HTTPS_PROXY: 'socks5://proxy:1080' }
  for (const stores of [[], [{ kind: 'local' }]] as const) useProxy(environment, stores)()
  for (const kind of ['s3', 'gcs', 'azure'] as const) {
    assert.throws(() => useProxy(environment, [{ kind: 'local' }, { kind }]), { code: 'CONFIG_INVALID' }, kind)
  }
})
