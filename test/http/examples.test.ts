import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BODY_EXAMPLES, EXAMPLES } from '../../src/http/examples.ts'
import { build, type Json } from '../support/http/server.ts'

test('no example is left of a schema or an operation that is gone', async t => {
  const { app } = await build(t)
  const document: Json = (await app.inject('/openapi.json')).json()
  // A schema may have its example where it is defined.
  const ofSchemas = Object.entries<Json>(document.components.schemas).flatMap(([name, schema]) =>
    !(name in EXAMPLES) && schema.examples?.length > 0 ? [name] : []
  )
  assert.deepEqual(
    [...Object.keys(EXAMPLES), ...ofSchemas].toSorted(),
    Object.keys(document.components.schemas).toSorted()
  )
  const withBody = Object.values<Record<string, Json>>(document.paths).flatMap(methods =>
    Object.values(methods).flatMap(({ operationId, requestBody }) => requestBody === undefined ? [] : [operationId])
  )
  assert.deepEqual(Object.keys(BODY_EXAMPLES).toSorted(), withBody.toSorted())
})
