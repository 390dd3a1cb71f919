import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { STREAMS } from '../../src/http/event-hub.ts'
import { makeMoney } from '../support/databases/money.ts'
import { startService, until } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

/** What 256 open files leave room for beside two jobs. */
const ROOM = 64

test('more connections than files may be open leave a backup and the health of the service alone', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 1000 })
  const service = await startService(t, home, { DATABASE_PATH: './shop.db' }, tokenFor('admin'), { openFiles: 256 })
  const port = Number(new URL(service.url).port)
  const opened = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {}).resume()
    t.after(() => {
      socket.destroy()
    })
    return socket
  }
  const streams: Socket[] = []
  for (let i = 0; i < ROOM; i++) {
    const stream = opened()
    streams.push(stream)
    const answer = once(stream, 'data')
    stream.write(
      `GET /api/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${
        tokenFor('viewer', `client ${Math.floor(i / STREAMS)}`)
      }\r\n\r\n`
    )
    assert.match(String(await answer), /^HTTP\/1.1 200 /)
  }
  await Promise.all(Array.from({ length: 300 }, () => once(opened(), 'close')))
  assert.ok(streams.every(({ closed }) => !closed), 'what was open has to give way')
  // The first of them is for whoever asks until the service has seen that they are gone.
  for (const stream of streams.slice(0, 3)) stream.destroy()
  await until(
    () => service.call('GET', '/health', undefined, { connection: 'close' }).catch(() => undefined),
    answer => answer?.status === 200
  )
  assert.equal((await service.call('POST', '/api/backups', undefined, { connection: 'close' })).status, 201)
  for (const stream of streams) stream.destroy()
  assert.equal((await service.call('GET', '/health')).status, 200)
  const { body: metrics } = await service.call('GET', '/metrics')
  assert.ok(
    Number(/^holdfast_connections_refused_total (\d+)$/m.exec(metrics as string)?.[1]) >= 300,
    'what is refused is not counted'
  )
  assert.match(service.log(), /connections were refused/)
})
