import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, build } from '../support/http/server.ts'

const headers = as('admin')
const JSON_TYPE = { ...headers, 'content-type': 'application/json' }

const EMPTY: Readonly<Record<string, Record<string, string>>> = {
  'without a media type': headers,
  'with the media type of JSON': JSON_TYPE,
  'with the media type of JSON and its charset': { ...headers, 'content-type': 'application/json; charset=utf-8' },
  'with the media type that curl -d sends': { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
}

for (const [what, given] of Object.entries(EMPTY)) {
  test(`an empty body ${what} means the defaults`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ method: 'POST', url: '/api/backups', headers: given, payload: '' })
    assert.equal(answer.statusCode, 201, answer.body)
    assert.deepEqual(engine.calls, ['create {"type":"manual","mayRemove":true}'])
  })
}

const BAD: Readonly<Record<string, readonly [string, string[] | undefined]>> = {
  'cut short': ['{"type":', undefined],
  'two values': ['{} {}', undefined],
  'an own prototype': ['{"__proto__": {"type": "manual"}}', undefined],
  'an own constructor': ['{"constructor": {"prototype": {"type": "manual"}}}', undefined],
  'a text': ['"manual"', ['']],
  'a list': ['[]', ['']],
  'a number': ['7', ['']],
  'an unknown key': ['{"typo": 1}', ['typo']],
  'deep nesting': [`{"description": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`, ['description']]
}

for (const [what, [payload, paths]] of Object.entries(BAD)) {
  test(`a body with ${what} is a 400, and nothing is done`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ method: 'POST', url: '/api/backups', headers: JSON_TYPE, payload })
    assert.equal(answer.statusCode, 400, answer.body)
    assert.equal(answer.json().code, 'VALIDATION_FAILED')
    assert.deepEqual(answer.json().errors?.map((error: { path: string }) => error.path), paths)
    assert.deepEqual(engine.calls, [])
  })
}

test('a body that is not declared as JSON is a 415 that says how to', async t => {
  const { app, engine } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    payload: '{"type":"manual"}'
  })
  assert.equal(answer.statusCode, 415)
  assert.equal(answer.json().code, 'MEDIA_TYPE_UNSUPPORTED')
  assert.match(answer.json().hint, /Content-Type: application\/json/)
  assert.deepEqual(engine.calls, [])
})

test('a media type that cannot be understood is a 415', async t => {
  const { app } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { ...headers, 'content-type': '///' },
    payload: 'x'
  })
  assert.equal(answer.statusCode, 415)
})

test('a body beyond the limit is a 413', async t => {
  const { app } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: JSON_TYPE,
    payload: `{"description": "${'x'.repeat(70_000)}"}`
  })
  assert.equal(answer.statusCode, 413)
  assert.equal(answer.json().code, 'BODY_TOO_LARGE')
})

test('a body that says it is compressed is refused, and one that says it is not is read', async t => {
  const { app } = await build(t)
  const send = async (encoding: string): Promise<number> =>
    (await app.inject({
      method: 'POST',
      url: '/api/backups',
      headers: { ...as('operator'), 'content-type': 'application/json', 'content-encoding': encoding },
      payload: '{}'
    })).statusCode
  assert.deepEqual([await send('gzip'), await send('identity')], [415, 201])
})
