import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { connectionsFor, refusalLog } from '../../src/http/connections.ts'
import { STREAMS } from '../../src/http/event-hub.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { as, build, type Built } from '../support/http/server.ts'
import { until } from '../support/streams.ts'

async function listening (
  t: TestContext,
  connections: number
): Promise<Built & { readonly refused: () => number, readonly port: number }> {
  let refused = 0
  const built = await build(t, {
    limits: { bodyBytes: 1024, requestsPerMinute: 0, connections },
    onRefusedConnection () {
      refused += 1
    }
  })
  await built.app.listen({ port: 0, host: '127.0.0.1' })
  return { ...built, refused: () => refused, port: (built.app.server.address() as AddressInfo).port }
}

async function opened (t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {}).resume()
  t.after(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

async function answered (
  port: number,
  options: { readonly agent?: Agent, readonly headers?: Record<string, string>, readonly path?: string } = {}
): Promise<IncomingMessage> {
  const [response] = await once(get({ host: '127.0.0.1', port, path: '/health/live', ...options }), 'response') as [
    IncomingMessage
  ]
  return response
}

test('half of the descriptors that catalog, children and stores leave is for connections, within bounds', () => {
  assert.deepEqual([
    connectionsFor(1024, 2),
    connectionsFor(256, 2),
    connectionsFor(256, 64),
    connectionsFor(1_048_576, 2),
    connectionsFor(Infinity, 2)
  ], [448, 64, 16, 10_000, 10_000])
})

test('a connection too many is closed and counted, and one that ends makes room', async t => {
  const { app, port, refused } = await listening(t, 2)
  const [first] = [await opened(t, port), await opened(t, port)]
  const third = await opened(t, port)
  if (!third.closed) await once(third, 'close')
  assert.equal(refused(), 1)
  first.destroy()
  const count = promisify(app.server.getConnections.bind(app.server))
  await until(async () => await count() <= 1)
  assert.equal((await answered(port)).statusCode, 200)
})

test('idle connections give way where there are too many', async t => {
  const { app, port } = await listening(t, 1)
  const agent = new Agent({ keepAlive: true })
  t.after(() => {
    agent.destroy()
  })
  const idle = once(app.server, 'connection')
  const response = await answered(port, { agent })
  response.resume()
  await once(response, 'end')
  const [socket] = await idle as [Socket]
  const gone = once(socket, 'close')
  await opened(t, port)
  await gone
  assert.equal((await answered(port)).statusCode, 200)
})

test('a caller that stops reading its answer is let go, and one whose answer has not begun is not', async t => {
  const { app, port, engine } = await listening(t, 10)
  const go = Promise.withResolvers<undefined>()
  engine.gate = go.promise
  const sockets: Socket[] = []
  app.server.on('connection', socket => {
    sockets.push(socket)
  })
  const waiting = await opened(t, port)
  const answer = once(waiting, 'data')
  waiting.write(
    `POST /api/backups HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAuthorization: ${
      as('operator').authorization
    }\r\n\r\n`
  )
  await until(() => engine.calls.length > 0)
  const stream = await opened(t, port)
  stream.write(`GET /api/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${as('viewer').authorization}\r\n\r\n`)
  await once(stream, 'data')
  // What the system would do after two minutes without a byte.
  for (const socket of sockets) socket.emit('timeout')
  await once(stream, 'close')
  go.resolve(undefined)
  assert.match(String(await answer), /^HTTP\/1.1 201/)
})

test('a caller may have only so many event streams, whatever others have', async t => {
  const { port } = await listening(t, 100)
  const listen = (subject: string): Promise<IncomingMessage> =>
    answered(port, { path: '/api/events', headers: as('viewer', subject) })
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => listen('ann')))
  assert.ok(streams.every(({ statusCode }) => statusCode === 200))
  const refused = await listen('ann')
  assert.equal(refused.statusCode, 429)
  assert.equal((JSON.parse(String((await refused.toArray())[0])) as { code: string }).code, 'STREAM_LIMIT')
  const other = await listen('bob')
  assert.equal(other.statusCode, 200)
  for (const stream of [...streams, other]) stream.destroy()
})

test('refused connections are a line of the log at once, and then one a minute at most', () => {
  const lines: object[] = []
  const clock = new FakeClock('2025-11-24T00:00:00Z')
  const refuse = refusalLog(9, clock, {
    warn: facts => {
      lines.push(facts)
    }
  })
  for (let i = 0; i < 5; i++) refuse()
  clock.move(60_000)
  refuse()
  assert.deepEqual(lines, [{ refused: 1, maxConnections: 9 }, { refused: 5, maxConnections: 9 }])
})
