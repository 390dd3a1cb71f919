import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import pino from 'pino'
import type { AuditEntry } from '../../src/core/catalog/audit.ts'
import { BackupError } from '../../src/core/errors.ts'
import { aBackup } from '../support/builders/backup.ts'
import { aJob } from '../support/builders/job.ts'
import { as, build, type Built } from '../support/http/server.ts'
import { until } from '../support/streams.ts'

const admin = as('admin', 'ann')
const brief =
  ({ actor, action, target, outcome, code }: AuditEntry): unknown[] => [actor, action, target, outcome, code]

async function entriesAfter (built: Built, ...requests: readonly InjectOptions[]): Promise<unknown[][]> {
  for (const request of requests) await built.app.inject({ headers: admin, ...request })
  return built.audit.entries.map(brief)
}

for (
  const [method, url, payload, action, target] of [
    ['POST', '/api/backups', undefined, 'backup create', 'source workstation'],
    ['POST', '/api/backups/2/verify', undefined, 'backup verify', 'backup 2'],
    ['POST', '/api/backups/verify', {}, 'backup verify', null],
    ['POST', '/api/backups/verify', { source: 'workstation' }, 'backup verify', 'source workstation'],
    ['PATCH', '/api/backups/2', { pinned: true }, 'backup edit', 'backup 2'],
    ['DELETE', '/api/backups/2', undefined, 'backup remove', 'backup 2'],
    ['POST', '/api/backups/2/undelete', undefined, 'backup undelete', 'backup 2'],
    ['POST', '/api/backups/3/release', undefined, 'backup release', 'backup 3'],
    ['POST', '/api/backups/prune', { dryRun: false }, 'backup prune', null],
    ['PUT', '/api/backups/config', { maxBackups: 3 }, 'config change', null],
    ['DELETE', '/api/jobs/1', undefined, 'job cancel', 'job 1'],
    ['GET', '/api/backups/2/download', undefined, 'backup download', 'backup 2'],
    ['GET', '/api/backups/2/diff?rows=1', undefined, 'diff', 'backup 2'],
    ['GET', '/api/audit', undefined, 'audit', null],
    ['POST', '/api/backups/2/restore', { dryRun: true }, 'restore dry-run', 'backup 2'],
    ['POST', '/api/backups/2/rescue', { tables: ['t'], dryRun: false }, 'rescue', 'backup 2'],
    ['POST', '/api/backups/2/rescue', { tables: ['t'], dryRun: true }, 'rescue dry-run', 'backup 2']
  ] as const
) {
  test(`${method} ${url} ${payload === undefined ? '' : JSON.stringify(payload)} leaves the entry "${action}" on ${target ?? 'everything'}`, async t => {
    const built = await build(t)
    built.engine.jobLog.set(1, aJob())
    built.engine.put(aBackup({ id: 3, suspicion: { reasons: ['x'], releasedAt: null, releasedBy: null } }))
    assert.deepEqual(await entriesAfter(built, { method, url, ...payload === undefined ? {} : { payload } }), [[
      'ann',
      action,
      target,
      'done',
      null
    ]])
  })
}

test('of the routes that read only those leave an entry that show what is in a backup, or this log', async t => {
  const { app } = await build(t)
  const { paths } = (await app.inject('/openapi.json')).json()
  const reads = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).filter(method => method === 'get').map(() => path)
  )
  const built = await build(t)
  await entriesAfter(
    built,
    ...reads.filter(path => path !== '/api/events').map(path => ({
      url: path.replace('{id}', '1').replace('{name}', 'workstation')
    }))
  )
  assert.deepEqual(built.audit.entries.map(({ action }) => action).toSorted(), ['audit', 'backup download'])
})

test('a route below /api that changes something and has no action cannot be registered', async t => {
  const { app } = await build(t)
  assert.throws(() => app.post('/api/other', { config: { role: 'admin' } }, () => ''), {
    message: /"\/api\/other" changes something/
  })
  app.get('/api/other', { config: { role: 'admin' } }, () => '')
})

test('an entry says who it was, from where, when, and which request', async t => {
  const built = await build(t, { trustProxy: 1 })
  await built.app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { ...as('operator', 'bob'), 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'r-7' }
  })
  assert.deepEqual(built.audit.entries, [{
    id: 1,
    times: 1,
    at: built.clock.now(),
    origin: 'api',
    actor: 'bob',
    role: 'operator',
    address: '203.0.113.9',
    action: 'backup create',
    target: 'source workstation',
    outcome: 'done',
    code: null,
    requestId: 'r-7'
  }])
})

test('what is not allowed or not possible is refused, and what was begun in vain has failed', async t => {
  const built = await build(t)
  await entriesAfter(
    built,
    { method: 'DELETE', url: '/api/backups/2', headers: as('viewer', 'eve') },
    { method: 'GET', url: '/api/backups/2/download', headers: as('operator', 'eve') },
    { method: 'DELETE', url: '/api/backups/77' },
    { method: 'DELETE', url: '/api/backups/none' },
    { method: 'PUT', url: '/api/backups/config', payload: { secret: 'hunter2' } }
  )
  built.engine.refusal = new BackupError('DISK_FULL', 'full')
  await entriesAfter(built, {
    method: 'POST',
    url: '/api/backups',
    payload: { source: 'workstation', description: 'hunter2' }
  })
  assert.deepEqual(built.audit.entries.map(brief), [
    ['eve', 'backup remove', 'backup 2', 'refused', 'FORBIDDEN'],
    ['eve', 'backup download', 'backup 2', 'refused', 'FORBIDDEN'],
    ['ann', 'backup remove', 'backup 77', 'refused', 'BACKUP_NOT_FOUND'],
    ['ann', 'backup remove', null, 'refused', 'VALIDATION_FAILED'],
    ['ann', 'config change', null, 'refused', 'VALIDATION_FAILED'],
    ['ann', 'backup create', 'source workstation', 'failed', 'DISK_FULL']
  ])
  assert.doesNotMatch(JSON.stringify(built.audit.entries), /hunter2/)
})

test('what a caller made up is cut short, or left out where it names no source', async t => {
  const built = await build(t, { trustProxy: 1 })
  const long = 'x'.repeat(5000)
  await entriesAfter(
    built,
    {
      method: 'POST',
      url: '/api/backups/verify',
      headers: { ...as('admin', long), 'x-forwarded-for': long },
      payload: {}
    },
    { method: 'POST', url: '/api/backups/verify', payload: { source: `${long}\n` } },
    { method: 'POST', url: '/api/backups/verify', payload: { source: ['workstation'] } }
  )
  await built.app.close()
  assert.deepEqual(built.audit.entries.map(({ actor, address, target }) => [actor?.length, address?.length, target]), [
    [200, 9, null],
    [3, 9, null],
    [3, 9, null]
  ])
})

test('work that goes on is done as soon as it is accepted', async t => {
  const built = await build(t)
  assert.deepEqual(
    await entriesAfter(built, { method: 'POST', url: '/api/backups', headers: { ...admin, prefer: 'respond-async' } }),
    [['ann', 'backup create', 'source workstation', 'done', null]]
  )
})

test('what did nothing leaves no entry: an answer given again, a dry run, a download that had nothing to send', async t => {
  const built = await build(t)
  const { headers: { etag } } = await built.app.inject({ url: '/api/backups/1/download', headers: admin })
  assert.equal(built.audit.entries.length, 1)
  const once = { method: 'POST', url: '/api/backups', headers: { ...admin, 'idempotency-key': 'k' } } as const
  await entriesAfter(
    built,
    once,
    once,
    { method: 'POST', url: '/api/backups/prune', payload: { dryRun: true } },
    { url: '/api/backups/1/download', headers: { ...admin, 'if-none-match': String(etag) } },
    { method: 'HEAD', url: '/api/backups/1/download' },
    { method: 'HEAD', url: '/api/backups/1/diff?rows=5' },
    { url: '/api/backups/1/diff' },
    { method: 'POST', url: '/api/nowhere' },
    { method: 'POST', url: '/api/jobs' }
  )
  assert.deepEqual(built.audit.entries.map(({ action }) => action), ['backup download', 'backup create'])
})

test('a dry run that is refused or fails leaves an entry all the same', async t => {
  const built = await build(t)
  const dryRun = { method: 'POST', url: '/api/backups/prune', payload: { dryRun: true } } as const
  await entriesAfter(built, { ...dryRun, headers: as('viewer', 'eve') })
  built.engine.refusal = new BackupError('CATALOG_BUSY', 'busy')
  assert.deepEqual(await entriesAfter(built, dryRun), [
    ['eve', 'backup prune', null, 'refused', 'FORBIDDEN'],
    ['ann', 'backup prune', null, 'failed', 'CATALOG_BUSY']
  ])
})

test('a caller that hangs up has done what it asked for, and a download that it cut short has failed', async t => {
  const built = await build(t)
  const { app, engine, audit } = built
  const recorded = new Map([['backup create', Promise.withResolvers<AuditEntry>()], [
    'backup download',
    Promise.withResolvers<AuditEntry>()
  ]])
  const record = audit.record.bind(audit)
  audit.record = async entry => {
    const kept = await record(entry)
    recorded.get(kept.action)?.resolve(kept)
    return kept
  }
  const gate = Promise.withResolvers<undefined>()
  engine.gate = gate.promise
  const left = Promise.withResolvers<undefined>()
  engine.download = async () => ({
    fileName: 'a.db',
    store: 'local',
    size: 1e9,
    etag: '"a"',
    contentType: 'application/octet-stream',
    hasRanges: true,
    open: async () =>
      new Readable({
        read () {
          this.push(Buffer.alloc(1024))
        }
      })
  })
  app.server.on('connection', socket =>
    socket.once('close', () => {
      left.resolve(undefined)
    }))
  await app.listen({ port: 0 })
  const { port } = app.server.address() as AddressInfo

  const asked = request({ port, method: 'POST', path: '/api/backups', headers: admin }).on('error', () => {
    // it hangs up
  })
  asked.end()
  await until(() => engine.calls.length > 0)
  asked.destroy()
  await left.promise
  gate.resolve(undefined)
  const created = await recorded.get('backup create')!.promise
  assert.deepEqual(brief(created), ['ann', 'backup create', 'source workstation', 'done', null])
  assert.match(String(created.address), /127\.0\.0\.1/)

  const download = request({ port, path: '/api/backups/1/download', headers: admin })
  download.end()
  const [answer] = await once(download, 'response') as [Readable]
  answer.on('error', () => {
    // it is cut
  }).destroy()
  assert.deepEqual(brief(await recorded.get('backup download')!.promise), [
    'ann',
    'backup download',
    'backup 1',
    'failed',
    null
  ])
})

test('an entry that cannot be written hinders no answer, and is told in the log', async t => {
  const lines: string[] = []
  const built = await build(t, {
    audit: {
      record: async () => {
        throw new BackupError('CATALOG_BUSY', 'busy')
      },
      list: async () => ({ entries: [], next: null })
    },
    logger: pino({ level: 'error' }, {
      write: line => {
        lines.push(line)
      }
    })
  })
  const answer = await built.app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { ...admin, 'x-request-id': 'r-8' }
  })
  assert.equal(answer.statusCode, 201)
  await built.app.close()
  assert.match(lines.join(''), /"level":50[^\n]*"action":"backup create","requestId":"r-8"[^\n]*could not be written/)
})

test('a close waits for the entries that are being written', async t => {
  const gate = Promise.withResolvers<never>()
  const built = await build(t, {
    audit: { record: () => gate.promise, list: async () => ({ entries: [], next: null }) }
  })
  await built.app.inject({ method: 'POST', url: '/api/backups', headers: admin })
  let isClosed = false
  const closed = built.app.close().then(() => {
    isClosed = true
  })
  for (let i = 0; i < 20; i++) {
    await new Promise(resolve => {
      setImmediate(resolve)
    })
  }
  assert.equal(isClosed, false)
  gate.reject(new Error('gone'))
  await closed
})

test('who has no valid token cannot fill the log', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const built = await build(t)
  const knock = (remoteAddress: string, url = '/api/backups'): Promise<unknown> =>
    built.app.inject({ method: 'POST', url, remoteAddress, headers: { authorization: 'Bearer wrong' } })
  for (let i = 0; i < 5; i++) await knock('10.0.0.1')
  await knock('10.0.0.2')
  await knock('10.0.0.1', '/api/backups/1/verify')
  const seen = (): unknown[] =>
    built.audit.entries.splice(0).map(
      ({ actor, address, action, code, times }) => [actor, address, action, code, times]
    )
  assert.deepEqual(seen(), [
    [null, '10.0.0.1', 'backup create', 'UNAUTHORIZED', 1],
    [null, '10.0.0.2', 'backup create', 'UNAUTHORIZED', 1],
    [null, '10.0.0.1', 'backup verify', 'UNAUTHORIZED', 1]
  ])
  t.mock.timers.tick(60_000)
  assert.deepEqual(seen(), [[null, '10.0.0.1', 'backup create', 'UNAUTHORIZED', 4]])
  await knock('10.0.0.1')
  assert.deepEqual(seen(), [], 'it goes on, and is counted')
  await built.app.close()
  assert.deepEqual(seen(), [[null, '10.0.0.1', 'backup create', 'UNAUTHORIZED', 1]])
})

test('what comes too often is counted, too', async t => {
  const built = await build(t, { limits: { bodyBytes: 1024, requestsPerMinute: 1, connections: 100 } })
  for (let i = 0; i < 4; i++) await built.app.inject({ method: 'POST', url: '/api/backups/1/verify', headers: admin })
  await built.app.close()
  assert.deepEqual(built.audit.entries.map(({ outcome, code, times }) => [outcome, code, times]), [['done', null, 1], [
    'refused',
    'RATE_LIMITED',
    1
  ], ['refused', 'RATE_LIMITED', 2]])
})

test('who may not do a thing cannot fill the log by asking again, whatever the error, nor does who polls it', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const built = await build(t)
  const seen = (): unknown[] =>
    built.audit.entries.splice(0).map(({ actor, action, target, code, times }) => [actor, action, target, code, times])
  for (let id = 1; id < 60; id++) {
    await built.app.inject({
      method: 'POST',
      url: `/api/backups/${id}/restore`,
      headers: as('viewer', 'eve'),
      payload: {}
    })
    await built.app.inject({ method: 'POST', url: '/api/backups/77/verify', headers: as('operator', 'bob') })
    await built.app.inject({ url: '/api/audit', headers: admin })
  }
  assert.deepEqual(seen(), [
    ['eve', 'restore', 'backup 1', 'FORBIDDEN', 1],
    ['bob', 'backup verify', 'backup 77', 'BACKUP_NOT_FOUND', 1],
    ['ann', 'audit', null, null, 1]
  ])
  t.mock.timers.tick(60_000)
  assert.deepEqual(seen(), [
    ['eve', 'restore', null, 'FORBIDDEN', 58],
    ['bob', 'backup verify', 'backup 77', 'BACKUP_NOT_FOUND', 58],
    ['ann', 'audit', null, null, 58]
  ])
})
