import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { as, build } from '../support/http/server.ts'

const MAX = 3

/** What is sent, word for word, and the status that it has while there are few. */
const KINDS: Readonly<Record<string, readonly [string, number]>> = {
  'no HTTP': ['rubbish\r\n\r\n', 400],
  'headers that are too large': [`GET /api/backups HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 400],
  'an address that is no URL': ['GET /api/backups/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
  'a body that is no JSON': [
    'POST /api/backups HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: T\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{',
    400
  ],
  'a body that is too large': [
    'POST /api/backups HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: T\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n',
    413
  ],
  'a body of another type': [
    'POST /api/backups HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: T\r\nContent-Type: text/xml\r\nContent-Length: 1\r\n\r\n<',
    415
  ]
}

async function asker (t: TestContext): Promise<(bytes: string) => Promise<string>> {
  const { app } = await build(t, { limits: { bodyBytes: 1024, requestsPerMinute: MAX, connections: 100 } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return async bytes => {
    const socket = connect(port, '127.0.0.1')
    socket.write(bytes.replace('Authorization: T', `Authorization: ${as('operator').authorization}`))
    return await text(socket)
  }
}

for (const [kind, [bytes, status]] of Object.entries(KINDS)) {
  test(`requests with ${kind} are limited as all others are`, async t => {
    const ask = await asker(t)
    for (let i = 0; i < MAX; i++) assert.match(await ask(bytes), new RegExp(`^HTTP/1.1 ${status} `))
    const refused = await ask(bytes)
    assert.match(refused, /^HTTP\/1.1 429 Too Many Requests\r\n/)
    assert.match(refused, /\r\nretry-after: \d+\r\n/i)
    assert.match(refused, /"code":"RATE_LIMITED"/)
  })
}

test('what cannot be read counts together with all else that comes from the address', async t => {
  const ask = await asker(t)
  const [noHttp, noUrl] = [KINDS['no HTTP']![0], KINDS['an address that is no URL']![0]]
  for (const bytes of [noHttp, noUrl, 'GET /api/backups HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']) {
    assert.doesNotMatch(await ask(bytes), / 429 /)
  }
  for (const bytes of [noHttp, noUrl, 'GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']) {
    assert.match(await ask(bytes), /^HTTP\/1.1 429 /)
  }
})
