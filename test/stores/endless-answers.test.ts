import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { Secret } from '../../src/core/secret.ts'
import { ANSWER_LIMIT } from '../../src/stores/answer.ts'
import { azureStore } from '../../src/stores/azure/azure.ts'
import { gcsStore } from '../../src/stores/gcs/gcs.ts'
import { s3Store } from '../../src/stores/s3/s3.ts'
import { rejectsWith } from '../support/rejects.ts'
import { never } from '../support/streams.ts'

/** A store that answers everything with `status` and spaces without end, and how many bytes of them were taken. */
async function endless (
  t: TestContext,
  status: number
): Promise<{ readonly endpoint: string, readonly sent: () => number }> {
  let sent = 0
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    const spaces = async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        sent += 1024 * 1024
        yield Buffer.alloc(1024 * 1024, ' ')
      }
    }
    pipeline(Readable.from(spaces(), { objectMode: false }), response).catch(() => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close().closeAllConnections()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent: () => sent }
}

const COMMON = { name: 'far', bucket: 'b', prefix: '', clock: systemClock }

const STORES: Readonly<Record<string, (endpoint: string) => Store>> = {
  S3: endpoint =>
    s3Store({
      ...COMMON,
      endpoint,
      region: 'us-east-1',
      pathStyle: true,
      profile: 'compatible',
      credentials: { accessKeyId: 'a', secretAccessKey: new Secret('b') },
      storageClasses: {},
      encryption: null,
      kmsKeyId: undefined,
      lock: null
    }),
  'Google Cloud Storage': endpoint => gcsStore({ ...COMMON, endpoint, keyFile: undefined }),
  'Azure Blob Storage': endpoint =>
    azureStore({ ...COMMON, endpoint, account: 'a', key: new Secret('b'), container: 'c' })
}

for (const [kind, open] of Object.entries(STORES)) {
  for (const [what, status] of [['a list', 200], ['an error', 400]] as const) {
    test(`${what} of ${kind} that never ends is read up to the limit, and is STORE_FAILED`, async t => {
      const { endpoint, sent } = await endless(t, status)
      const list = open(endpoint).list('', never)
      const { message } = await rejectsWith('STORE_FAILED', list[Symbol.asyncIterator]().next())
      assert.match(message, /responded with more than \d+ bytes/)
      assert.ok(sent() < 3 * ANSWER_LIMIT, `${sent()} bytes were taken`)
    })
  }
}
