import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build } from '../support/http.ts'

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
