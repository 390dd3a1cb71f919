import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { signToken } from '../../../src/http/tokens.ts'
import { aBackup } from '../../support/builders/backup.ts'
import { aJob } from '../../support/builders/job.ts'
import { VALID } from '../../support/builders/verification.ts'
import { as, build, SECRET, type Built } from '../../support/http/server.ts'
import { until as eventually } from '../../support/streams.ts'
import { memoryTokens } from '../../support/http/memory-tokens.ts'

async function listen (
  built: Built,
  headers: Record<string, string> = as('viewer')
): Promise<{ stream: IncomingMessage, until: (what: string) => Promise<string> }> {
  if (!built.app.server.listening) await built.app.listen({ port: 0, host: '127.0.0.1' })
  const [stream] = await once(
    get({ port: (built.app.server.address() as AddressInfo).port, path: '/api/events', headers }),
    'response'
  ) as [IncomingMessage]
  stream.setEncoding('utf8')
  let text = ''
  // Always there: what comes while nobody listens would be lost.
  stream.on('data', (part: string) => {
    text += part
  })
  return {
    stream,
    async until (what) {
      while (!text.includes(what)) await once(stream, 'data')
      return text
    }
  }
}

test('events come with their names and their data as JSON', async t => {
  const built = await build(t)
  const { stream, until } = await listen(built)
  assert.equal(stream.statusCode, 200)
  assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.equal(stream.headers['x-content-type-options'], 'nosniff')
  await until(': connected')
  built.events.emit({ type: 'job.updated', job: aJob() })
  built.events.emit({ type: 'backup.completed', backup: aBackup(), durationMs: 5 })
  built.events.emit({ type: 'backup.failed', backup: aBackup({ status: 'failed' }), code: 'DISK_FULL' })
  built.events.emit({ type: 'verification.finished', backup: aBackup(), verification: VALID, durationMs: 7 })
  built.events.emit({
    type: 'operation.failed',
    operation: 'create',
    source: 'workstation',
    method: null,
    code: 'DISK_FULL'
  })
  built.events.emit({ type: 'settings.changed' })
  const text = await until('settings.changed\ndata: {}\n\n')
  const events = text.split('\n\n').filter(part => part.startsWith('event: ')).map(part =>
    /^event: (.*)\ndata: (.*)$/.exec(part)!.slice(1) as [string, string]
  )
  assert.deepEqual(events.map(([name, data]) => [name, Object.keys(JSON.parse(data))]), [
    ['job.updated', ['job']],
    ['backup.completed', ['backup', 'durationMs']],
    ['backup.failed', ['backup', 'code']],
    ['verification.finished', ['backupId', 'valid', 'message', 'checks', 'signature', 'durationMs']],
    ['operation.failed', ['operation', 'source', 'method', 'code']],
    ['settings.changed', []]
  ])
})

test('a heartbeat comes where nothing happens, and a stream ends with its token', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const built = await build(t)
  const short = {
    authorization: `Bearer ${
      signToken({
        secret: SECRET,
        id: 'one',
        subject: 'ann',
        role: 'viewer',
        expiresInSeconds: 20,
        now: built.clock.now()
      })
    }`
  }
  const [long, ending] = [await listen(built), await listen(built, short)]
  await Promise.all([long.until(': connected'), ending.until(': connected')])
  built.clock.move(15_000)
  t.mock.timers.tick(15_000)
  await Promise.all([long.until(': heartbeat'), ending.until(': heartbeat')])
  built.clock.move(15_000)
  t.mock.timers.tick(15_000)
  await once(ending.stream.resume(), 'end')
  assert.match(await long.until(': heartbeat\n\n: heartbeat'), /connected/)
})

test('a stream ends once its token is revoked', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const tokens = memoryTokens()
  const built = await build(t, { tokens })
  const { stream, until } = await listen(built)
  await until(': connected')
  await tokens.revoke('one', built.clock.now())
  // What the catalog knows has changed.
  built.engine.put(aBackup())
  t.mock.timers.tick(15_000)
  await once(stream.resume(), 'end')
})

test('a close of the service ends the streams', async t => {
  const built = await build(t)
  const { stream, until } = await listen(built)
  await until(': connected')
  const ended = once(stream.resume(), 'end')
  await built.app.close()
  await ended
})

test('a stream that nobody reads holds up neither the others nor the close of the service', async t => {
  const built = await build(t)
  const slow = await listen(built)
  const quick = await listen(built)
  await quick.until(': connected')
  slow.stream.pause()
  slow.stream.on('error', () => {
    // it is cut, which is what it comes to
  })
  const received = { lines: 0 }
  quick.stream.on('data', (part: string) => {
    received.lines += part.split('\n').length - 1
  })
  const connections = async (): Promise<number> =>
    await new Promise(resolve => {
      built.app.server.getConnections((_error, count) => {
        resolve(count)
      })
    })
  // As much as the slow one's sockets take, and beyond.
  for (let sent = 1; await connections() === 2; sent++) {
    assert.ok(sent < 4000)
    built.events.emit({ type: 'backup.completed', backup: aBackup({ description: 'x'.repeat(60_000) }), durationMs: 1 })
    const lines = 3 * sent
    await eventually(() => received.lines >= lines)
  }
  built.events.emit({ type: 'settings.changed' })
  await quick.until('settings.changed')
  await built.app.close()
})

test('a reader that leaves is forgotten', async t => {
  const built = await build(t)
  const { stream, until } = await listen(built)
  await until(': connected')
  stream.destroy()
  const open = async (): Promise<number> =>
    await new Promise(resolve => {
      built.app.server.getConnections((_error, count) => {
        resolve(count)
      })
    })
  await eventually(async () => await open() === 0)
  built.events.emit({ type: 'settings.changed' })
})

test('HEAD opens no stream', async t => {
  const { app } = await build(t)
  assert.equal((await app.inject({ method: 'HEAD', url: '/api/events', headers: as('viewer') })).statusCode, 405)
})
