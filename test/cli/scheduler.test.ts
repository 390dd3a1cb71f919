import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'

const SERVER = { pid: 4711, host: 'here', since: '2025-11-24T22:30:00.000Z' }

test('scheduler status tells who serves, and when the next backups are due', async t => {
  const { holdfast, json } = await commandLine(t, { deps: { findServer: async () => SERVER } })
  const { out } = await holdfast('scheduler', 'status')
  assert.match(out, /^✓ process 4711 on "here" serves, since 1 h ago\n\nSOURCE +MADE +LAST +NEXT +NEXT \(UTC\)\nshop +every 1 h +- +just now +2025-11-24 23:30\n$/)
  assert.deepEqual((await json('scheduler', 'status')).server, SERVER)
})

test('scheduler status says when nobody serves', async t => {
  const { holdfast, json } = await commandLine(t)
  assert.match((await holdfast('backup', 'scheduler', 'status')).out, /^! no server is running/)
  assert.equal((await json('scheduler', 'status')).server, null)
})

test('scheduler stop asks the server to end and waits until it has', async t => {
  const asked: number[] = []
  const found = [SERVER, SERVER, SERVER, undefined]
  const { holdfast, clock } = await commandLine(t, { deps: { findServer: async () => found.shift(), terminate: pid => { asked.push(pid) } } })
  const moving = setInterval(() => { clock.move(200) }, 1)
  const { code, out } = await holdfast('scheduler', 'stop')
  clearInterval(moving)
  assert.deepEqual([code, out, asked, found], [0, 'stopped process 4711, which had served since 2025-11-24T22:30:00.000Z\n', [4711], []])
})

test('scheduler stop: nobody there is 4, one elsewhere or not ours is 5', async t => {
  const refuse = (): never => { throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' }) }
  for (const [findServer, expected, message] of [
    [async () => undefined, 4, /no server is running/],
    [async () => ({ ...SERVER, host: 'elsewhere' }), 5, /runs on "elsewhere", not on "here"/],
    [async () => SERVER, 5, /process 4711 cannot be stopped \(EPERM\)/]
  ] as const) {
    const { holdfast } = await commandLine(t, { deps: { findServer, terminate: refuse } })
    const { code, err } = await holdfast('scheduler', 'stop')
    assert.equal(code, expected)
    assert.match(err, message)
  }
})

test('scheduler start is serve by another name', async t => {
  let served = 0
  const { holdfast } = await commandLine(t, { deps: { serve: async () => { served++; return 7 } } })
  const codes = [(await holdfast('scheduler', 'start')).code, (await holdfast('backup', 'scheduler', 'start')).code, (await holdfast('serve')).code]
  assert.deepEqual([codes, served], [[7, 7, 7], 3])
})

test('runs shows what fell due and what came of it', async t => {
  const { holdfast, json, deps, clock } = await commandLine(t)
  const key = { kind: 'backup', source: 'shop', rule: 'daily' } as const
  await deps.catalog.runs.record({
    rules: [{ ...key, says: '0 2 * * *', since: new Date(0) }],
    dropped: [],
    added: [{ ...key, tier: 'daily', dueAt: clock.now(), status: 'skipped', nextAttemptAt: null, reason: 'the service was down', finishedAt: clock.now() }],
    changed: []
  })
  assert.match((await holdfast('runs')).out, /^DUE \(UTC\) +AGE +KIND +SOURCE +RULE +STATUS +TRIES +REASON\n2025-11-24 23:30 +just now +backup +shop +daily +skipped +0 +the service was down\n$/)
  assert.deepEqual((await json('runs', '--status', 'skipped', '--kind', 'backup', '--source', 'shop')).runs.length, 1)
  assert.deepEqual(await json('runs', '--status', 'failed'), { runs: [] })
  assert.equal((await holdfast('runs', '--status', 'failed')).out, 'no runs\n')
})
