import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCatalog } from '../support/catalog/catalog.ts'

const at = (hour: number): Date => new Date(Date.UTC(2025, 10, 24, hour))
const ANSWER = { status: 201, headers: { location: '/api/jobs/1' }, body: '{"success":true}' }
const OTHER = { status: 409, headers: {}, body: '{}' }

test('an answer is found again by scope and key', async t => {
  const { idempotency } = (await newCatalog(t)).catalog
  await idempotency.save('alice POST /api/backups', 'k', 'digest', ANSWER, at(1))
  assert.deepEqual(await idempotency.find('alice POST /api/backups', 'k', at(0)), {
    fingerprint: 'digest',
    answer: ANSWER
  })
  assert.equal(await idempotency.find('bob POST /api/backups', 'k', at(0)), undefined)
  assert.equal(await idempotency.find('alice POST /api/backups', 'other', at(0)), undefined)
})

test('an answer that is too old is not found, and a new one takes its place', async t => {
  const { idempotency } = (await newCatalog(t)).catalog
  await idempotency.save('s', 'k', 'first', ANSWER, at(1))
  assert.equal(await idempotency.find('s', 'k', at(2)), undefined)
  await idempotency.save('s', 'k', 'second', OTHER, at(3))
  assert.deepEqual(await idempotency.find('s', 'k', at(2)), { fingerprint: 'second', answer: OTHER })
})

test('purge forgets what was given before', async t => {
  const { idempotency } = (await newCatalog(t)).catalog
  await idempotency.save('s', 'old', 'f', ANSWER, at(1))
  await idempotency.save('s', 'new', 'f', ANSWER, at(2))
  assert.equal(await idempotency.purge(at(2)), 1)
  assert.equal(await idempotency.find('s', 'old', at(0)), undefined)
  assert.notEqual(await idempotency.find('s', 'new', at(0)), undefined)
})
