import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, build } from '../support/http/server.ts'

test('the answers demand TLS of this host alone, and of none of its subdomains', async t => {
  const { app } = await build(t)
  const { headers } = await app.inject('/health/live')
  assert.equal(headers['strict-transport-security'], 'max-age=31536000')
})

test('by option the answers demand TLS of the subdomains, too', async t => {
  const { app } = await build(t, { hstsIncludeSubdomains: true })
  const { headers } = await app.inject('/health/live')
  assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains')
})

test('answers carry the headers that keep browsers careful', async t => {
  const { app } = await build(t)
  for (const url of ['/health', '/nowhere', '/api/backups']) {
    const { headers } = await app.inject(url)
    assert.equal(headers['x-content-type-options'], 'nosniff', url)
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN', url)
    assert.match(String(headers['content-security-policy']), /default-src 'self'/)
  }
  assert.equal((await app.inject({ url: '/api/backups', headers: as('viewer') })).headers['cache-control'], 'no-store')
})
