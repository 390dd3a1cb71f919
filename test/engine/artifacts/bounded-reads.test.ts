import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { MANIFEST_LIMIT } from '../../../src/core/backup/manifest.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { readManifest, readText } from '../../../src/engine/artifacts/objects.ts'
import { zstdCodec } from '../../../src/pipeline/zstd.ts'
import { testEngine } from '../../support/engine.ts'
import { farStore } from '../../support/far-store.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never, prose, through } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a manifest is read no further than a manifest can be long, whatever the store says of its size', async t => {
  const MiB = Buffer.alloc(1024 * 1024, ' ')
  let given = 0
  const endless = (): Readable => new Readable({ read () { given += MiB.length; this.push(MiB) } })
  const { store } = farStore(tempDir(t))
  const lying: Store = { ...store, stat: async key => ({ key, size: 1000, modifiedAt: new Date() }), get: async () => endless() }
  await rejectsWith('MANIFEST_INVALID', readManifest(lying, 'a.db', never))
  assert.ok(given < 2 * MANIFEST_LIMIT, `${given} bytes`)
  given = 0
  assert.equal(await readText(lying, 'a.db', 5000, never), undefined)
  assert.ok(given < 10 * MiB.length, `${given} bytes`)
})

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

test('frames that hold nothing, without end, are damage', async () => {
  const { decode } = zstdCodec(2)
  const empty = zstdCompressSync(Buffer.alloc(0))
  const some = Buffer.concat(Array<Buffer>(4000).fill(empty))
  assert.equal((await through(decode(), [some, zstdCompressSync(Buffer.from('x'))])).toString(), 'x')
  await rejectsWith('DECODE_FAILED', through(decode(), [some, some]))
  const skipped = Buffer.from('502a4d1800000000', 'hex')
  await rejectsWith('DECODE_FAILED', through(decode(), [Buffer.concat(Array<Buffer>(9000).fill(skipped))]))
  const small = zstdCompressSync(Buffer.alloc(2048))
  assert.equal((await through(decode(), [Buffer.concat(Array<Buffer>(9000).fill(small))])).length, 9000 * 2048)
})
