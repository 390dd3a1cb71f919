import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { route } from '../../src/http/route.ts'

const DOC = { operationId: 'tryOut', tag: 'backups', summary: 'Try', answers: { 200: z.object({}) } } as const

test('a route that answers with a job and does not name its kind cannot be made', () => {
  const answers = { 202: z.object({}) }
  assert.throws(() => route('viewer', { ...DOC, answers }), { code: 'INTERNAL', message: /"Try"/ })
  assert.equal(route('viewer', { ...DOC, answers, starts: 'create' }).config.starts, 'create')
})

test('the contract names the refusals that a role, inputs, a body and a job bring along', () => {
  const statuses = (made: { readonly schema: { readonly response: object } }): number[] =>
    Object.keys(made.schema.response).map(Number)
  assert.deepEqual(statuses(route('open', DOC)), [200, 500])
  assert.deepEqual(statuses(route('viewer', DOC)), [200, 401, 403, 429, 500])
  const job = route('open', { ...DOC, starts: 'create' }).schema.response
  assert.match(Object.values(job).map(({ description }) => description).join(), /`QUEUE_FULL`/)
  assert.deepEqual(statuses(route('open', DOC, { body: z.object({}) })), [200, 400, 413, 415, 500])
})

test('a route tells its role, and one that is open asks for no token', () => {
  assert.match(route('operator', DOC).schema.description, /Role: operator\./)
  const open = route('open', DOC)
  assert.match(open.schema.description, /No token needed\./)
  assert.deepEqual([open.config.role, open.schema.security], ['open', []])
})

test('codes that share a status are explained together', () => {
  const { 404: missing } = route('open', { ...DOC, errors: ['JOB_NOT_FOUND', 'BACKUP_NOT_FOUND'] }).schema.response
  assert.match(missing?.description ?? '', /`JOB_NOT_FOUND`: .*\. `BACKUP_NOT_FOUND`: .*\./)
})
