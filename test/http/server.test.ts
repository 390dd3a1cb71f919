import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { FakeEngine } from '../support/engine/fake-engine.ts'
import { as, build } from '../support/http/server.ts'
import { until } from '../support/streams.ts'

test('the server closes as soon as what was under way is answered, though its connection could be used again', async t => {
  const go = Promise.withResolvers<undefined>()
  const engine = new FakeEngine(1)
  engine.gate = go.promise
  const { app } = await build(t, { engine })
  await app.listen({ port: 0 })
  const agent = new Agent({ keepAlive: true })
  t.after(() => {
    agent.destroy()
  })
  const answered = new Promise<number | undefined>((resolve, reject) => {
    const { port } = app.server.address() as AddressInfo
    request({ method: 'POST', port, path: '/api/backups', agent, headers: as('operator') }, response => {
      response.resume().on('end', () => {
        resolve(response.statusCode)
      })
    }).on('error', reject).end()
  })
  await until(() => engine.calls.length > 0)
  const closed = app.close()
  await until(() => !app.server.listening)
  go.resolve(undefined)
  assert.equal(await answered, 201)
  await closed
})
