import assert from 'node:assert/strict'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { holdfast } from '../../support/processes/holdfast.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { startService } from '../../support/processes/service.ts'
import { shopHome } from '../../support/databases/shop-home.ts'
import { tokenFor } from '../../support/http/token.ts'
import { until } from '../../support/streams.ts'

const SERVER = { pid: 4711, host: 'here', since: '2025-11-24T22:30:00.000Z' }

test('scheduler stop asks the server to end and waits until it has', async t => {
  const asked: number[] = []
  const found = [SERVER, SERVER, SERVER, undefined]
  const { holdfast, clock } = await commandLine(t, {
    deps: {
      findServer: async () => found.shift(),
      terminate: pid => {
        asked.push(pid)
      }
    }
  })
  const stopped = holdfast('scheduler', 'stop')
  for (let looks = 0; looks < 2; looks++) {
    await until(() => clock.sleeping > 0)
    clock.moveToNext()
  }
  const { code, out } = await stopped
  assert.deepEqual([code, out, asked, found], [
    0,
    'stopped process 4711, which had been running since 2025-11-24 22:30:00 UTC (1 h ago)\n',
    [4711],
    []
  ])
})

test('scheduler stop --json has the server that ended', async t => {
  const found = [SERVER, undefined]
  const { json } = await commandLine(t, { deps: { findServer: async () => found.shift(), terminate () {} } })
  const printed = await json('scheduler', 'stop')
  assert.deepEqual(OUTPUTS['scheduler stop'].parse(printed), { stopped: SERVER })
})

test('scheduler stop: nobody there is 4, one elsewhere or not ours is 5', async t => {
  const refuse = (): never => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' })
  }
  for (
    const [findServer, expected, message] of [
      [async () => undefined, 4, /no server is running/],
      [async () => ({ ...SERVER, host: 'elsewhere' }), 5, /runs on the host "elsewhere", not on "here"/],
      [async () => SERVER, 5, /process 4711 cannot be stopped \(EPERM\)/]
    ] as const
  ) {
    const { holdfast } = await commandLine(t, { deps: { findServer, terminate: refuse } })
    const { code, err } = await holdfast('scheduler', 'stop')
    assert.equal(code, expected)
    assert.match(err, message)
  }
})

test('scheduler status finds the server, and scheduler stop ends it', async t => {
  const { cwd, environment } = shopHome(t)
  const service = await startService(t, cwd, environment, tokenFor('admin'))
  const exited = once(service.child, 'exit')
  const status = OUTPUTS['scheduler status'].parse(
    JSON.parse((await holdfast(['scheduler', 'status', '--json'], cwd, environment)).out)
  )
  assert.deepEqual([status.server?.pid, status.server?.host], [service.child.pid, hostname()])
  const { code, out } = await holdfast(['backup', 'scheduler', 'stop'], cwd, environment)
  assert.deepEqual([code, (await exited)[0]], [0, 0])
  assert.match(out, new RegExp(`^stopped process ${service.child.pid}, `))
  assert.equal((await holdfast(['scheduler', 'stop'], cwd, environment)).code, 4)
})
