import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { aBackup } from '../support/builders/backup.ts'
import { aJob } from '../support/builders/job.ts'
import { as, build, type Built, type Json } from '../support/http/server.ts'

const headers = as('admin')

async function documentOf (app: Built['app']): Promise<Json> {
  const answer = await app.inject('/openapi.json')
  assert.equal(answer.statusCode, 200)
  return answer.json()
}

/** The paths of the router as OpenAPI writes them, with their methods. */
function routesOf (app: Built['app']): string[] {
  const found: string[] = []
  const above: string[] = []
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent, part, methods] = /^([│ ]*)[├└]── (\S+) \((.*)\)/.exec(line) ?? []
    if (indent === undefined || part === undefined || methods === undefined) continue
    above.splice(indent.length / 4, Infinity, part)
    for (const method of methods.split(', ')) {
      if (method !== 'HEAD') found.push(`${method} ${above.join('').replaceAll(/:(\w+)/g, '{$1}')}`)
    }
  }
  return found
}

test('the document is OpenAPI 3.1 and each of its references leads somewhere', async t => {
  const { app } = await build(t)
  const document = await documentOf(app)
  assert.match(document.openapi, /^3\.1\./)
  assert.equal(document.info.title, 'Holdfast')
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(match => match[1]!)
  assert.ok(references.length > 0)
  for (const reference of new Set(references)) {
    assert.notEqual(reference.split('/').reduce((at, key) => at?.[key], document), undefined, reference)
  }
})

test('every route is in the document', async t => {
  const { app } = await build(t)
  const document = await documentOf(app)
  const told = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`)
  )
  const registered = routesOf(app).filter(route => !/ (\/docs.*|\/openapi\.json|\/)$/.test(route))
  assert.ok(registered.length > 20)
  assert.deepEqual(told.filter(route => !route.startsWith('HEAD')).toSorted(), registered.toSorted())
})

test('every route has a tag, a summary, its role, its path parameters and its errors', async t => {
  const { app } = await build(t)
  const document = await documentOf(app)
  for (const [path, methods] of Object.entries<Record<string, Json>>(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const where = `${method} ${path}`
      assert.equal(operation.tags.length, 1, where)
      assert.ok(document.tags.some((tag: { name: string }) => tag.name === operation.tags[0]), where)
      assert.ok(operation.summary.length > 0, where)
      assert.match(operation.description, /Role: (viewer|operator|admin)\.|No token needed\./, where)
      const inPath = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === 'path').map(
        (parameter: Json) => parameter.name
      )
      assert.deepEqual(inPath, [...path.matchAll(/{(\w+)}/g)].map(match => match[1]), where)
      for (const [status, response] of Object.entries<Json>(operation.responses)) {
        assert.ok(response.description.length > 0, where)
        if (Number(status) >= 400 && status !== '503') {
          assert.deepEqual(Object.keys(response.content), ['application/problem+json'], `${where} ${status}`)
        }
      }
      assert.ok('500' in operation.responses, where)
      assert.equal('401' in operation.responses, path.startsWith('/api') || path === '/metrics', where)
    }
  }
})

test('a body that may be left out is said to be optional', async t => {
  const { paths } = await documentOf((await build(t)).app)
  assert.equal(paths['/api/backups'].post.requestBody.required, false)
  assert.equal(paths['/api/backups/verify'].post.requestBody.required, false)
  assert.equal(paths['/api/backups/prune'].post.requestBody.required, true)
})

test('every operation has a name of its own, and HEAD that of its GET', async t => {
  const { paths } = await documentOf((await build(t)).app)
  const ids = Object.values<Record<string, Json>>(paths).flatMap(methods =>
    Object.values(methods).map(({ operationId }) => operationId as string)
  )
  for (const id of ids) assert.match(id, /^[a-z]+([A-Z][a-z]+)*$/)
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(paths['/api/backups/{id}/rescue'].post.operationId, 'rescueRows')
  assert.equal(paths['/api/backups/{id}/download'].head.operationId, 'downloadBackupHeaders')
})

test('what answers 202 says where the job is, and does', async t => {
  const { app } = await build(t)
  const document = await documentOf(app)
  for (const methods of Object.values<Record<string, Json>>(document.paths)) {
    for (const { responses: { 202: accepted, 429: refused } } of Object.values(methods)) {
      if (accepted !== undefined) assert.deepEqual(Object.keys(accepted.headers), ['Location', 'Preference-Applied'])
      if (refused !== undefined) assert.deepEqual(Object.keys(refused.headers), ['Retry-After'])
    }
  }
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups/1/verify',
    headers: { ...headers, prefer: 'respond-async' }
  })
  assert.equal(answer.statusCode, 202)
  assert.equal(answer.headers.location, `/api/jobs/${answer.json().job.id}`)
  assert.equal(answer.headers['preference-applied'], 'respond-async')
})

test('answers may get fields that a client does not know, and bodies may not', async t => {
  const { paths, components: { schemas } } = await documentOf((await build(t)).app)
  const isClosed = (value: unknown): boolean => JSON.stringify(value ?? null).includes('"additionalProperties":false')
  assert.equal(isClosed(schemas), false)
  for (const [path, methods] of Object.entries<Record<string, Json>>(paths)) {
    for (const { operationId, responses, requestBody } of Object.values(methods)) {
      assert.equal(isClosed(responses), false, path)
      if (requestBody !== undefined) assert.equal(isClosed(requestBody), true, operationId)
    }
  }
})

test('every named schema and every body has an example, and it fits', async t => {
  const document = await documentOf((await build(t)).app)
  for (const [name, schema] of Object.entries<Json>(document.components.schemas)) {
    assert.equal(schema.examples?.length, 1, name)
    const checked = schemaOf(schema, document).safeParse(schema.examples[0])
    assert.ok(checked.success, `${name}: ${checked.error?.message}`)
  }
  for (const methods of Object.values<Record<string, Json>>(document.paths)) {
    for (const { operationId, requestBody } of Object.values(methods)) {
      if (requestBody === undefined) continue
      const { schema, example } = requestBody.content['application/json']
      assert.notEqual(example, undefined, operationId)
      const checked = schemaOf(schema, document).safeParse(example)
      assert.ok(checked.success, `${operationId}: ${checked.error?.message}`)
    }
  }
})

test('answers are as the document says', async t => {
  const { app, engine } = await build(t)
  const document = await documentOf(app)
  engine.put(
    aBackup({
      id: 2,
      status: 'failed',
      completedAt: null,
      size: null,
      checksum: null,
      errorCode: 'DISK_FULL',
      errorMessage: 'full'
    })
  )
  engine.put(
    aBackup({
      id: 3,
      suspicion: { reasons: ['rows in "orders" fell 63 %, from 100 to 37'], releasedAt: null, releasedBy: null }
    })
  )
  engine.jobLog.set(50, aJob({ id: 50, progress: { phase: 'waiting', bytesDone: 0, bytesTotal: null } }))
  const calls: readonly (readonly [string, string, string, object?])[] = [
    ['GET', '/api/backups', '/api/backups'],
    ['GET', '/api/backups/stats', '/api/backups/stats'],
    ['GET', '/api/backups/config', '/api/backups/config'],
    ['PUT', '/api/backups/config', '/api/backups/config', { maxBackups: 5 }],
    ['GET', '/api/backups/{id}', '/api/backups/1'],
    ['GET', '/api/backups/{id}', '/api/backups/2'],
    ['PATCH', '/api/backups/{id}', '/api/backups/1', { pinned: true }],
    ['DELETE', '/api/backups/{id}', '/api/backups/1'],
    ['POST', '/api/backups/{id}/undelete', '/api/backups/1/undelete'],
    ['POST', '/api/backups/{id}/release', '/api/backups/1/release'],
    ['POST', '/api/backups/{id}/release', '/api/backups/3/release'],
    ['POST', '/api/backups/{id}/restore', '/api/backups/1/restore', { confirm: true }],
    ['POST', '/api/backups/{id}/restore', '/api/backups/1/restore', { confirm: true, target: '/elsewhere/copy.db' }],
    ['POST', '/api/backups/{id}/restore', '/api/backups/1/restore', {}],
    ['GET', '/api/backups/{id}/diff', '/api/backups/1/diff?with=2&table=line&rows=5'],
    ['GET', '/api/backups/{id}/diff', '/api/backups/1/diff?with=none'],
    ['POST', '/api/backups/{id}/rescue', '/api/backups/1/rescue', { tables: ['line'], where: 'id = 4', dryRun: false }],
    ['POST', '/api/backups/{id}/rescue', '/api/backups/1/rescue', { tables: [] }],
    ['GET', '/api/backups/{id}/files', '/api/backups/1/files?pattern=payloads%2F**'],
    ['GET', '/api/backups/{id}/files', '/api/backups/1/files?limit=0'],
    ['GET', '/api/restores', '/api/restores'],
    ['POST', '/api/backups', '/api/backups'],
    ['POST', '/api/backups/{id}/verify', '/api/backups/1/verify'],
    ['POST', '/api/backups/{id}/upload', '/api/backups/1/upload'],
    ['POST', '/api/backups/verify', '/api/backups/verify'],
    ['POST', '/api/backups/prune', '/api/backups/prune', { dryRun: true }],
    ['GET', '/api/sources', '/api/sources'],
    ['GET', '/api/sources/{name}', '/api/sources/workstation'],
    ['GET', '/api/stores', '/api/stores'],
    ['POST', '/api/stores/{name}/probe', '/api/stores/far/probe'],
    ['POST', '/api/stores/{name}/probe', '/api/stores/near/probe'],
    ['GET', '/api/jobs', '/api/jobs'],
    ['GET', '/api/jobs/{id}', '/api/jobs/50'],
    ['DELETE', '/api/jobs/{id}', '/api/jobs/50'],
    ['GET', '/api/audit', '/api/audit'],
    ['GET', '/health', '/health'],
    ['GET', '/health/live', '/health/live'],
    ['GET', '/readyz', '/readyz'],
    ['GET', '/api/backups/{id}', '/api/backups/99'],
    ['GET', '/api/backups/{id}', '/api/backups/x'],
    ['PUT', '/api/backups/config', '/api/backups/config', { port: 1 }]
  ]
  for (const [method, path, url, payload] of calls) {
    const answer = await app.inject({
      method: method as 'GET',
      url,
      headers,
      ...payload === undefined ? {} : { payload }
    })
    const [media = ''] = String(answer.headers['content-type']).split(';')
    const schema = document.paths[path][method.toLowerCase()].responses[answer.statusCode]?.content[media]?.schema
    assert.ok(schema, `${method} ${url} ${answer.statusCode} ${media} is not in the document`)
    const checked = schemaOf(schema, document).safeParse(answer.json())
    assert.ok(checked.success, `${method} ${url}: ${checked.error?.message}`)
  }
})

test('the check of answers above is one that fails', async t => {
  const { app } = await build(t)
  const document = await documentOf(app)
  const schema = schemaOf(
    document.paths['/api/backups/{id}'].get.responses[200].content['application/json'].schema,
    document
  )
  const answer = (await app.inject({ url: '/api/backups/1', headers })).json()
  assert.equal(schema.safeParse(answer).success, true)
  assert.equal(schema.safeParse({ ...answer, backup: { ...answer.backup, fileSize: '1' } }).success, false)
  assert.equal(schema.safeParse({ ...answer, backup: { ...answer.backup, extra: 1 } }).success, false)
  const { checksum, ...rest } = answer.backup
  assert.equal(schema.safeParse({ ...answer, backup: rest }).success, false, String(checksum))
})

/** Closed to further fields, which the document leaves open: here each field has to be in it. */
function schemaOf (schema: object, document: Json): z.ZodType {
  const local = (value: object): object =>
    JSON.parse(
      JSON.stringify(value).replaceAll('#/components/schemas/', '#/$defs/'),
      (key, inner: Json) =>
        key !== 'properties' && inner?.properties !== undefined && inner.additionalProperties === undefined
          ? { ...inner, additionalProperties: false }
          : inner
    )
  return z.fromJSONSchema(
    { ...local(schema), $defs: local(document.components.schemas) } as Parameters<typeof z.fromJSONSchema>[0]
  )
}
