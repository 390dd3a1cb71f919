import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, build } from '../support/http/server.ts'

const headers = as('operator')

test('an unknown address is a 404 as every other error', async t => {
  const { app } = await build(t)
  const answer = await app.inject('/nowhere')
  assert.equal(answer.statusCode, 404)
  assert.equal(answer.json().code, 'NOT_FOUND')
})

test('an address that does not take the method says which it takes', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ method: 'PUT', url: '/api/backups?x=1', headers })
  assert.equal(answer.statusCode, 405)
  assert.equal(answer.headers.allow, 'GET, HEAD, POST')
  assert.equal(answer.json().code, 'METHOD_NOT_ALLOWED')
})

test('an address with a part of its own takes the methods of its route, and one with more parts is none', async t => {
  const { app } = await build(t)
  const ask = (url: string) => app.inject({ method: 'PUT', url, headers })
  assert.equal((await ask('/api/jobs/7')).headers.allow, 'DELETE, GET, HEAD')
  assert.equal((await ask('/api/jobs/7/more')).statusCode, 404)
})
