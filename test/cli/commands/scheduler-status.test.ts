import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandLine } from '../../support/cli/command-line.ts'

const SERVER = { pid: 4711, host: 'here', since: '2025-11-24T22:30:00.000Z' }

test('scheduler status shows which process serves, and when the next backups are due', async t => {
  const { holdfast, json } = await commandLine(t, { deps: { findServer: async () => SERVER } })
  const { code, out } = await holdfast('scheduler', 'status')
  assert.equal(code, 0)
  assert.match(
    out,
    /^✓ process 4711 on "here" is running, started 2025-11-24 22:30:00 UTC \(1 h ago\)\n\nSOURCE +SCHEDULE +LAST +NEXT +NEXT \(UTC\)\nshop +every hour +- +just now +2025-11-24 23:30\n$/
  )
  assert.deepEqual((await json('scheduler', 'status')).server, SERVER)
})

test('scheduler status warns where no server runs', async t => {
  const { holdfast, json } = await commandLine(t)
  assert.match((await holdfast('backup', 'scheduler', 'status')).out, /^! no server is running/)
  assert.equal((await json('scheduler', 'status')).server, null)
})
