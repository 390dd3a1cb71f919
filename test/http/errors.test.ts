import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { AddressInfo } from 'node:net'
import { BackupError } from '../../src/core/errors.ts'
import { problemSchema } from '../../src/http/schemas/common.ts'
import { as, build } from '../support/http/server.ts'

const headers = as('admin')

test('an error below 500 tells what happened, what to do, and the facts for programs', async t => {
  const { app, engine } = await build(t)
  engine.refusal = new BackupError('BACKUP_IN_PROGRESS', 'the source "workstation" is busy', {
    hint: 'Wait for job 7.',
    details: { jobId: 7, status: 1 }
  })
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups?',
    headers: { ...headers, 'x-request-id': 'abc-1' }
  })
  assert.equal(answer.statusCode, 409)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  assert.deepEqual(
    Object.entries(answer.json()),
    Object.entries({
      type: 'urn:holdfast:error:BACKUP_IN_PROGRESS',
      title: 'another job is running on the source',
      status: 409,
      detail: 'the source "workstation" is busy',
      instance: '/api/backups',
      success: false,
      code: 'BACKUP_IN_PROGRESS',
      hint: 'Wait for job 7.',
      requestId: 'abc-1',
      jobId: 7
    })
  )
})

test('an error of 500 and above tells its kind and the request id, and nothing of what lies behind', async t => {
  const { app, engine } = await build(t)
  engine.refusal = new BackupError('DISK_FULL', 'no space in "/srv/secret/backups"', {
    hint: 'Free /srv/secret.',
    details: { free: 3 },
    cause: new Error('SELECT * FROM secret')
  })
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { ...headers, 'x-request-id': 'abc-2' }
  })
  assert.equal(answer.statusCode, 507)
  assert.deepEqual(answer.json(), {
    type: 'urn:holdfast:error:DISK_FULL',
    title: 'there is not enough free disk space',
    status: 507,
    detail: 'there is not enough free disk space',
    instance: '/api/backups',
    success: false,
    code: 'DISK_FULL',
    requestId: 'abc-2'
  })
})

test('an error that nobody foresaw is INTERNAL, without its message and its stack', async t => {
  const { app, engine } = await build(t)
  engine.backup = async () => {
    throw Object.assign(new Error('SQLITE_ERROR in SELECT secret'), { statusCode: 404, code: 'SQLITE_ERROR' })
  }
  const answer = await app.inject({ url: '/api/backups/1', headers })
  assert.equal(answer.statusCode, 500)
  assert.equal(answer.json().code, 'INTERNAL')
  assert.doesNotMatch(answer.body, /SELECT|stack|\.ts/)
})

for (
  const id of [
    'abc',
    '-1',
    '0',
    '1.5',
    '1e3',
    '0x10',
    '99999999999999999999',
    '%00',
    '1%00',
    ' 1',
    '%F0%9F%98%80',
    'null',
    '__proto__',
    'a'.repeat(90)
  ]
) {
  test(`the id ${JSON.stringify(id.slice(0, 20))} is a 400 that names it`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ url: `/api/backups/${id.replace(' ', '%20')}`, headers })
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json().code, 'VALIDATION_FAILED')
    assert.deepEqual(answer.json().errors.map((error: { path: string }) => error.path), ['id'])
    assert.deepEqual(engine.calls, [])
  })
}

test('a part of the path that is longer than any id is a 400', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ url: `/api/backups/${'1'.repeat(5000)}`, headers })
  assert.equal(answer.statusCode, 400)
  assert.equal(answer.json().code, 'VALIDATION_FAILED')
})

test('an address that cannot be decoded is a 400', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ url: '/api/backups/%zz', headers })
  assert.equal(answer.statusCode, 400)
  assert.equal(answer.json().code, 'VALIDATION_FAILED')
})

test('a request that is not HTTP gets an answer and no crash', async t => {
  const { app } = await build(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.end('NOT HTTP AT ALL\r\n\r\n')
  const answer = await socket.setEncoding('utf8').reduce((text: string, part: string) => text + part, '')
  assert.match(answer, /^HTTP\/1\.1 400/)
  assert.equal((await app.inject('/health/live')).statusCode, 200)
})

test('a request id of the caller comes back, one that could not be logged does not', async t => {
  const { app } = await build(t)
  const ask = async (id: string): Promise<unknown> =>
    (await app.inject({ url: '/health/live', headers: { 'x-request-id': id } })).headers['x-request-id']
  assert.equal(await ask('run-1:2.3_4'), 'run-1:2.3_4')
  assert.match(String(await ask('a b"<script>')), /^[0-9a-f-]{36}$/)
  assert.match(String(await ask('a'.repeat(129))), /^[0-9a-f-]{36}$/)
})

for (
  const [name, raw] of [['no HTTP', 'NOT HTTP AT ALL\r\n\r\n'], [
    'a null byte',
    'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'
  ], ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`]] as const
) {
  test(`what never becomes a request is refused in the shape of every other error: ${name}`, async t => {
    const { app } = await build(t)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(raw)
    const [head = '', body = ''] = (await socket.setEncoding('utf8').reduce((text: string, part: string) =>
      text + part, '')).split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n[^]*Content-Type: application\/problem\+json/)
    const problem = problemSchema.parse(JSON.parse(body))
    assert.deepEqual([problem.status, problem.code], [400, 'VALIDATION_FAILED'])
  })
}

for (
  const path of [
    '/docs/static/%00',
    '/docs/static/a%5cb',
    '/docs/static/nothing.js',
    '/docs/static/..%2f..%2fpackage.json'
  ]
) {
  test(`an address below the documentation that leads to no file of it is a 404: ${path}`, async t => {
    const { app } = await build(t)
    const answer = await app.inject(path)
    assert.deepEqual([answer.statusCode, answer.json().code], [404, 'NOT_FOUND'])
  })
}
