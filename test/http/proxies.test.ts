import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, build } from '../support/http/server.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

for (
  const [trustProxy, remoteAddress, forwarded, address] of [
    [false, '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    [1, '192.0.2.1', '203.0.113.99, 198.51.100.7', '198.51.100.7'],
    [2, '192.0.2.1', '203.0.113.99, 203.0.113.5, 198.51.100.7', '203.0.113.5'],
    [2, '192.0.2.1', '203.0.113.5', '203.0.113.5'],
    ['loopback', '127.0.0.1', '203.0.113.99, 198.51.100.7', '198.51.100.7'],
    ['loopback', '::ffff:127.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['loopback', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['loopback,10.0.0.0/8', '127.0.0.1', '203.0.113.99, 198.51.100.7, 10.1.2.3', '198.51.100.7'],
    ['uniquelocal,linklocal', 'fd00::1', '2001:db8::9, 169.254.1.1', '2001:db8::9'],
    [1, '192.0.2.1', 'trusted-office <b>not an address</b>', '192.0.2.1'],
    [1, '192.0.2.1', '203.0.113.9:4711', '192.0.2.1'],
    [1, '192.0.2.1', undefined, '192.0.2.1']
  ] as const
) {
  test(`with ${trustProxy} a call by ${remoteAddress} for "${forwarded}" is one of ${address}`, async t => {
    const { app, audit } = await build(t, { trustProxy })
    await app.inject({
      method: 'POST',
      url: '/api/backups',
      remoteAddress,
      headers: { ...as('admin'), ...forwarded !== undefined && { 'x-forwarded-for': forwarded } }
    })
    assert.equal(audit.entries[0]?.address, address)
  })
}

test('made-up addresses do not escape the limit, and neither do addresses of nothing; probes are not counted', async t => {
  const { app } = await build(t, { trustProxy: 1, limits: { bodyBytes: 1024, requestsPerMinute: 5, connections: 100 } })
  for (const url of ['/api/backups', '/nowhere', '/api/nowhere']) {
    const codes: number[] = []
    for (let i = 0; i < 8; i++) {
      codes.push(
        (await app.inject({
          url,
          headers: { 'x-forwarded-for': `10.0.0.${i}, 198.51.100.${url.length}`, authorization: 'Bearer guess' }
        })).statusCode
      )
    }
    assert.ok(codes.slice(5).every(code => code === 429), `${url} ${codes.join()}`)
  }
  for (let i = 0; i < 20; i++) {
    assert.equal(
      (await app.inject({ url: '/health/live', headers: { 'x-forwarded-for': '198.51.100.8' } })).statusCode,
      200
    )
  }
})

test('the configuration takes a number, true as one, and addresses, and nothing else', t => {
  const cwd = workDir(t)
  for (
    const [text, value] of [['false', false], ['true', 1], ['0', false], ['2', 2], ['loopback', 'loopback'], [
      '10.0.0.0/8, ::1,uniquelocal',
      '10.0.0.0/8,::1,uniquelocal'
    ]] as const
  ) {
    assert.equal(validConfig({ TRUST_PROXY: text }, cwd).trustProxy, value)
  }
  for (
    const text of ['yes', '99', '-1', '10.0.0.0/33', '::1/129', '10.0.0', 'loopback,office', '10.0.0.0/8/8', '1.5', ',']
  ) assert.deepEqual(problemsOf({ TRUST_PROXY: text }, cwd).map(({ name }) => name), ['TRUST_PROXY'], text)
})
