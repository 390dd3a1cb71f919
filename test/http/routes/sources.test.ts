import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, build } from '../../support/http/server.ts'

const headers = as('viewer')

test('sources tell their policy and how they stand', async t => {
  const { app } = await build(t)
  const { sources } = (await app.inject({ url: '/api/sources', headers })).json()
  const { source } = (await app.inject({ url: '/api/sources/workstation', headers })).json()
  assert.deepEqual(sources, [source])
  assert.deepEqual([source.name, source.isDefault, source.policy.maxBackups, source.statistics.totalBackups], [
    'workstation',
    true,
    10,
    3
  ])
  assert.equal((await app.inject({ url: '/api/sources/nothing', headers })).json().code, 'SOURCE_NOT_FOUND')
})
