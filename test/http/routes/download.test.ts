import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { LightMyRequestResponse as Response } from 'fastify'
import { BackupError } from '../../../src/core/errors.ts'
import { as, build, type Built } from '../../support/http/server.ts'

const headers = as('admin')
const download = (
  app: Built['app'],
  given: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
  query = ''
): Promise<Response> =>
  app.inject({ method, url: `/api/backups/1/download${query}`, headers: { ...headers, ...given } })

test('a download is whole, with its length, its tag and a safe name', async t => {
  const { app, engine } = await build(t)
  const answer = await download(app)
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.rawPayload, engine.bytes)
  assert.equal(answer.headers['content-length'], String(engine.bytes.length))
  assert.equal(answer.headers['content-type'], 'application/vnd.sqlite3')
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="workstation__x___.db"')
  assert.equal(answer.headers['accept-ranges'], 'bytes')
  assert.match(String(answer.headers.etag), /^"[0-9a-f]{64}"$/)
})

test('HEAD tells the same and sends nothing', async t => {
  const { app, engine } = await build(t)
  const answer = await download(app, { range: 'bytes=0-1' }, 'HEAD')
  assert.deepEqual([answer.statusCode, answer.headers['content-length'], answer.body], [
    200,
    String(engine.bytes.length),
    ''
  ])
})

test('the plain image comes where it is asked for', async t => {
  const { app, engine } = await build(t)
  await download(app, {}, 'GET', '?decoded=true')
  assert.deepEqual(engine.calls, ['download 1 true'])
})

test('a range is a 206 that says which bytes it is', async t => {
  const { app, engine } = await build(t)
  const answer = await download(app, { range: 'bytes=-4' })
  assert.equal(answer.statusCode, 206)
  assert.deepEqual(answer.rawPayload, engine.bytes.subarray(-4))
  assert.equal(
    answer.headers['content-range'],
    `bytes ${engine.bytes.length - 4}-${engine.bytes.length - 1}/${engine.bytes.length}`
  )
  assert.equal(answer.headers['content-length'], '4')
})

test('a range outside is a 416 that says how much there is', async t => {
  const { app, engine } = await build(t)
  const answer = await download(app, { range: 'bytes=1000-' })
  assert.equal(answer.statusCode, 416)
  assert.equal(answer.json().code, 'RANGE_NOT_SATISFIABLE')
  assert.equal(answer.headers['content-range'], `bytes */${engine.bytes.length}`)
  assert.equal(answer.headers.etag, undefined)
})

test('several ranges are answered with the whole', async t => {
  const { app } = await build(t)
  assert.equal((await download(app, { range: 'bytes=0-1,3-4' })).statusCode, 200)
})

test('what the caller has already is a 304', async t => {
  const { app } = await build(t)
  const { etag } = (await download(app)).headers
  const answer = await download(app, { 'if-none-match': `"other", ${etag}` })
  assert.deepEqual([answer.statusCode, answer.body, answer.headers.etag], [304, '', etag])
})

test('a range of something else is answered with the whole', async t => {
  const { app } = await build(t)
  const { etag } = (await download(app)).headers
  assert.equal((await download(app, { range: 'bytes=0-1', 'if-range': '"other"' })).statusCode, 200)
  assert.equal((await download(app, { range: 'bytes=0-1', 'if-range': `W/${etag}` })).statusCode, 200)
  assert.equal((await download(app, { range: 'bytes=0-1', 'if-range': String(etag) })).statusCode, 206)
})

test('a backup that there is not is a 404 with its own code', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ url: '/api/backups/9/download', headers })
  assert.deepEqual([answer.statusCode, answer.json().code], [404, 'BACKUP_NOT_FOUND'])
})

test('bytes that cannot be opened are an error like any other', async t => {
  const { app, engine } = await build(t)
  const known = await engine.download(1, { decoded: false })
  engine.download = async () => ({
    ...known,
    open: async () => {
      throw new BackupError('OBJECT_NOT_FOUND', 'the store does not hold it')
    }
  })
  const answer = await download(app)
  assert.deepEqual(
    [answer.statusCode, answer.json().code, answer.headers['content-disposition'], answer.headers.etag],
    [404, 'OBJECT_NOT_FOUND', undefined, undefined]
  )
})

test('bytes that turn out to be damaged cut the connection: no client takes them for whole', async t => {
  const { app, engine } = await build(t)
  const known = await engine.download(1, { decoded: false })
  engine.download = async () => ({
    ...known,
    open: async () =>
      Readable.from((async function* () {
        yield engine.bytes.subarray(0, 10)
        throw new BackupError('CHECKSUM_MISMATCH', 'damaged')
      })())
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [answer] = await once(
    get({ port: (app.server.address() as AddressInfo).port, path: '/api/backups/1/download', headers }),
    'response'
  )
  await assert.rejects(answer.resume().toArray(), { code: 'ECONNRESET' })
})

test('a caller that leaves lets the bytes go', async t => {
  const { app, engine } = await build(t)
  const known = await engine.download(1, { decoded: false })
  const left = Promise.withResolvers<undefined>()
  const endless = new Readable({
    read () {
      this.push(Buffer.alloc(65_536))
    },
    destroy (error, done) {
      left.resolve(undefined)
      done(error)
    }
  })
  const signals: AbortSignal[] = []
  engine.download = async () => ({
    ...known,
    size: 1e12,
    open: async (_range, signal) => {
      signals.push(signal)
      return endless
    }
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [answer] = await once(
    get({ port: (app.server.address() as AddressInfo).port, path: '/api/backups/1/download', headers }),
    'response'
  )
  await once(answer, 'data')
  answer.destroy()
  await left.promise
  assert.equal(signals[0]!.aborted, true)
})

test('a download that does not end does not hold up the close of the service', async t => {
  const { app, engine } = await build(t)
  const known = await engine.download(1, { decoded: false })
  engine.download = async () => ({
    ...known,
    size: 1e12,
    open: async () =>
      new Readable({
        read () {
          // nothing more comes
        },
        construct (done) {
          this.push('x')
          done()
        }
      })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [answer] = await once(
    get({ port: (app.server.address() as AddressInfo).port, path: '/api/backups/1/download', headers }),
    'response'
  )
  const cut = assert.rejects(answer.resume().toArray(), { code: 'ECONNRESET' })
  await app.close()
  await cut
})

test('a part comes where it is asked for, in ranges too', async t => {
  const { app, engine } = await build(t)
  assert.equal((await download(app, { range: 'bytes=0-1' }, 'GET', '?part=globals')).statusCode, 206)
  assert.deepEqual(engine.calls, ['download 1 false globals'])
})

test('a range of all parts is refused, and they come whole without one', async t => {
  const { app, engine } = await build(t)
  const whole = await download(app, {}, 'GET', '?part=all')
  assert.deepEqual([whole.statusCode, whole.headers['accept-ranges'], whole.rawPayload], [200, 'none', engine.bytes])
  for (const range of ['bytes=0-1', 'bytes=1000-']) {
    const { statusCode, headers, ...answer } = await download(app, { range }, 'GET', '?part=all')
    assert.deepEqual([statusCode, answer.json().code, headers['content-range']], [
      416,
      'RANGE_NOT_SATISFIABLE',
      undefined
    ])
    assert.match(answer.json().hint, /one part/)
  }
})

test('a part that there is not is a 404 with its own code', async t => {
  const { app, engine } = await build(t)
  engine.download = async () => {
    throw new BackupError('PART_NOT_FOUND', 'the backup has no part "x"', { hint: 'It has "main".' })
  }
  const answer = await download(app, {}, 'GET', '?part=x')
  assert.deepEqual([answer.statusCode, answer.json().code, answer.json().hint], [
    404,
    'PART_NOT_FOUND',
    'It has "main".'
  ])
})
