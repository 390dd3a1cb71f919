import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkScratch, requireFree } from '../../../src/engine/artifacts/free-space.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { prose } from '../../support/streams.ts'

for (const compression of ['gzip', 'zstd'] as const) {
  test(`what ${compression} unpacks to must have its room before anything is written`, async t => {
    const { engine, source, create, deps } = await testEngine(t)
    source.bytes = prose(300_000)
    const { id } = await create({ compression })
    const { scratch } = deps
    const space = scratch.space.bind(scratch)
    Object.assign(scratch, { space: async () => ({ ...await space(), free: deps.diskReserve + 299_999 }) })
    await rejectsWith('DISK_FULL', (await engine.verify(id)).result)
    Object.assign(scratch, { space: async () => ({ ...await space(), free: deps.diskReserve + 300_000 }) })
    assert.equal((await (await engine.verify(id)).result).verification.valid, true)
  })
}

test('what is needed may take all of the free space but the reserve, to the byte', () => {
  requireFree({ diskReserve: 30 }, 'the disk', 70, 100)
  assert.throws(() => {
    requireFree({ diskReserve: 30 }, 'the disk', 71, 100)
  }, {
    code: 'DISK_FULL',
    message: 'the disk has 100 bytes free; the backup needs 71, and 30 must stay free',
    hint: /DISK_RESERVE_BYTES/
  })
})

test('the error for the scratch directory names it', async t => {
  const { deps: { scratch } } = await testEngine(t)
  await checkScratch({ scratch, diskReserve: 0 }, 1)
  const { message } = await rejectsWith('DISK_FULL', checkScratch({ scratch, diskReserve: 0 }, Number.MAX_SAFE_INTEGER))
  assert.ok(message.startsWith(`the scratch directory "${scratch.directory}" has `), message)
})
