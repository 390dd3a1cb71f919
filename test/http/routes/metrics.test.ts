import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../../src/core/secret.ts'
import { as, build } from '../../support/http/server.ts'

test('metrics are open where no token is configured', async t => {
  const { app } = await build(t)
  const answer = await app.inject('/metrics')
  assert.deepEqual([answer.statusCode, answer.body], [200, '# nothing\n'])
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/)
})

test('metrics ask for their own token where one is configured, and for no other', async t => {
  const { app } = await build(t, { metricsToken: new Secret('scrape') })
  const ask = async (headers = {}): Promise<number> => (await app.inject({ url: '/metrics', headers })).statusCode
  assert.equal(await ask(), 401)
  assert.equal(await ask({ authorization: 'Bearer scrapes' }), 401)
  assert.equal(await ask(as('admin')), 401)
  assert.equal(await ask({ authorization: 'Bearer scrape' }), 200)
})
