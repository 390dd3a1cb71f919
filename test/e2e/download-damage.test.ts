import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { holdfast } from '../support/processes/holdfast.ts'
import { workDir } from '../support/config/config.ts'
import { makeMoney } from '../support/databases/money.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { SECRET, startService } from '../support/processes/service.ts'

interface Arrived {
  readonly status: number
  readonly length: number
  /** Whether the connection held until all that was promised had come. */
  readonly isWhole: boolean
}

async function ask (url: string, headers: Record<string, string>): Promise<Arrived> {
  const [answer] = await once(get(url, { headers, agent: false }), 'response') as [IncomingMessage]
  let length = 0
  answer.on('data', (chunk: Buffer) => {
    length += chunk.length
  })
  await once(answer, 'end').catch(() => {})
  return { status: answer.statusCode ?? 0, length, isWhole: answer.complete }
}

test('over HTTP no client takes a damaged backup for whole, in any way of asking for it', async t => {
  const home = workDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 3000 })
  const { out } = await holdfast(['token', 'create', '--role', 'admin', '--subject', 'ann'], home, {
    JWT_SECRET: SECRET
  })
  const token = out.trim()
  const service = await startService(t, home, { DATABASE_PATH: join(home, 'shop.db') }, token)
  let planted = 0
  for (const compression of ['none', 'zstd', 'gzip']) {
    const { status, body } = await service.call('POST', '/api/backups', { type: 'manual', compression })
    assert.equal(status, 201)
    const { id, filePath } = body.backup as { id: number, filePath: string }
    const whole = readFileSync(filePath)
    const url = `${service.url}/api/backups/${id}/download`
    const ways: ReadonlyArray<readonly [string, Record<string, string>]> = [
      [url, {}],
      [`${url}?decoded=true`, {}],
      [url, { range: 'bytes=0-' }],
      [url, { range: 'bytes=-1' }],
      [`${url}?decoded=true`, { range: 'bytes=0-99' }]
    ]
    const askAll = async (): Promise<Arrived[]> =>
      await Promise.all(
        ways.map(async ([to, headers]) => await ask(to, { ...headers, authorization: `Bearer ${token}` }))
      )
    for (const at of [0, 5000, whole.length >> 1, whole.length - 10, whole.length - 1]) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1
      writeFileSync(filePath, damaged)
      for (const [n, { status, isWhole }] of (await askAll()).entries()) {
        assert.ok(status >= 500 || !isWhole, `${compression}, byte ${at}, way ${n}: ${status}`)
        planted++
      }
    }
    writeFileSync(filePath, whole)
    assert.deepEqual((await askAll()).map(({ status, isWhole }) => [status, isWhole]), [
      [200, true],
      [200, true],
      [206, true],
      [206, true],
      [206, true]
    ])
  }
  tellPlanted(t, 'damaged backups asked for over HTTP', planted, planted)
})
