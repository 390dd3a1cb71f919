import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { BackupError } from '../../src/core/errors.ts'
import { compileSerializer, compileValidator } from '../../src/http/validation.ts'

const check = (schema: z.ZodType, httpPart: string, data: unknown): unknown =>
  compileValidator({ schema, httpPart, method: 'POST', url: '/' })(data)

test('a valid part comes out as its schema makes it, and no body is what the schema takes for none', () => {
  assert.deepEqual(check(z.object({ limit: z.coerce.number() }), 'querystring', { limit: '3' }), {
    value: { limit: 3 }
  })
  assert.deepEqual(check(z.object({ dryRun: z.boolean() }).default({ dryRun: false }), 'body', null), {
    value: { dryRun: false }
  })
})

test('the error names the part of the request, and has what is wrong in it as its cause', () => {
  for (const [httpPart, name] of [['querystring', 'query'], ['body', 'body'], ['params', 'path']] as const) {
    const { error } = check(z.object({ id: z.number() }), httpPart, { id: 'x' }) as { error: unknown }
    assert.ok(error instanceof BackupError)
    assert.deepEqual([error.code, error.message], ['VALIDATION_FAILED', `the ${name} is not valid`])
    assert.deepEqual((error.cause as z.ZodError).issues.map(({ path }) => path), [['id']])
  }
})

test('a body that is needed and not there is missing, and not of a wrong type', () => {
  for (const data of [null, undefined]) {
    const { error } = check(z.object({ confirm: z.literal(true) }), 'body', data) as { error: BackupError }
    assert.deepEqual([error.code, error.message], ['VALIDATION_FAILED', 'the body is missing'])
    assert.deepEqual((error.cause as z.ZodError).issues.map(({ message }) => message), ['expected a JSON object'])
  }
})

test('an answer is written as JSON', () => {
  assert.equal(compileSerializer()({ a: null }), '{"a":null}')
})
