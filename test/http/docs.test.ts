import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build } from '../support/http/server.ts'

test('the page of the document finds all that it loads, and its policy lets it', async t => {
  const { app } = await build(t)
  const page = await app.inject('/docs')
  assert.equal(page.statusCode, 200)
  const policy = String(page.headers['content-security-policy'])
  assert.match(policy, /script-src 'self'(;|$)/)
  assert.match(policy, /style-src 'self' [^;]*'unsafe-inline'/)
  assert.match(policy, /img-src 'self' data:/)
  assert.doesNotMatch(policy, /upgrade-insecure-requests/)
  assert.doesNotMatch(page.body, /<script>|<script[^>]*>\s*\S[^<]*<\/script>| on\w+=/)
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1]!)
  assert.ok(assets.length >= 5)
  for (const asset of assets) {
    assert.ok(asset.startsWith('/docs/'), asset)
    assert.equal((await app.inject(asset)).statusCode, 200, asset)
  }
})

test('the page reads the same document', async t => {
  const { app } = await build(t)
  assert.deepEqual((await app.inject('/docs/json')).json(), (await app.inject('/openapi.json')).json())
})

test('the page has the title, the icon and the logo of Holdfast', async t => {
  const { app } = await build(t)
  const page = (await app.inject('/docs')).body
  assert.match(page, /<title>Holdfast API<\/title>/)
  const icon = /<link rel="icon"[^>]* href="([^"]+)"/.exec(page)?.[1] ?? ''
  const served = await app.inject(icon)
  assert.deepEqual([served.statusCode, served.headers['content-type']], [200, 'image/svg+xml'])
  const script = (await app.inject('/docs/static/swagger-initializer.js')).body
  const logo = /data:image\/svg\+xml;base64,([\w+/=]+)/.exec(script)?.[1] ?? ''
  assert.match(Buffer.from(logo, 'base64').toString(), /<text [^>]*>Holdfast<\/text>/)
})

test('the address of the service leads to the page, without a token', async t => {
  const { app } = await build(t)
  const answer = await app.inject('/')
  assert.deepEqual([answer.statusCode, answer.headers.location], [302, '/docs'])
  assert.equal((await app.inject({ method: 'POST', url: '/' })).statusCode, 405)
})
