import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { Download } from '../../../src/engine/restore/download.ts'
import type { ByteRange } from '../../../src/core/ports/store.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { digestOf, never, noise, rejection } from '../../support/streams.ts'

async function read (download: Download, range?: ByteRange): Promise<Buffer> {
  return await buffer(await download.open(range, never))
}

for (
  const [compression, contentType, extension] of [['none', 'text/plain', ''], [
    'gzip',
    'application/gzip',
    '.gz'
  ], ['zstd', 'application/zstd', '.zst']] as const
) {
  test(`a ${compression} backup is given out as it is stored, with what describes it`, async t => {
    const { engine, create } = await testEngine(t)
    const backup = await create({ compression })
    const download = await engine.download(backup.id, { decoded: false })
    const stored = readFileSync(backup.filePath)
    assert.ok((await read(download)).equals(stored))
    const { fileName, etag, size } = download
    assert.deepEqual([fileName, etag, size, download.contentType], [
      `shop-backup-2025-11-24T23-30-01.db${extension}`,
      `"${digestOf(stored).sha256}"`,
      stored.length,
      contentType
    ])
  })

  test(`a ${compression} backup is given out decoded, with what describes that`, async t => {
    const { engine, source, create } = await testEngine(t)
    const { id } = await create({ compression })
    const download = await engine.download(id, { decoded: true })
    assert.ok((await read(download)).equals(source.bytes))
    const { fileName, etag, size } = download
    assert.deepEqual([fileName, etag, size, download.contentType], [
      'shop-backup-2025-11-24T23-30-01.db',
      `"${digestOf(source.bytes).sha256}"`,
      source.bytes.length,
      'text/plain'
    ])
  })

  test(`parts of a ${compression} backup, stored and decoded, are those of the whole`, async t => {
    const { engine, source, create } = await testEngine(t)
    source.bytes = noise(300_000)
    const backup = await create({ compression })
    for (const [decoded, whole] of [[false, readFileSync(backup.filePath)], [true, source.bytes]] as const) {
      const download = await engine.download(backup.id, { decoded })
      const last = whole.length - 1
      for (
        const [start, end] of [[0, 0], [0, 99], [70_000, 200_000], [last, last], [last - 9, last], [0, last]] as const
      ) {
        assert.ok((await read(download, { start, end })).equals(whole.subarray(start, end + 1)), `${start} to ${end}`)
      }
    }
  })

  test(`a ${compression} backup that was damaged has no clean end`, async t => {
    const { engine, create } = await testEngine(t)
    const { id, filePath } = await create({ compression })
    const bytes = readFileSync(filePath)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(filePath, bytes)
    for (const decoded of [false, true]) {
      const download = await engine.download(id, { decoded })
      for (
        const range of [undefined, { start: 0, end: download.size - 1 }, { start: 0, end: 0 }, {
          start: download.size - 1,
          end: download.size - 1
        }]
      ) {
        const { code } = await rejection(read(download, range)) as { code: string }
        assert.ok(['CHECKSUM_MISMATCH', 'DECODE_FAILED'].includes(code), code)
      }
    }
  })
}

test('a backup whose object is missing is OBJECT_NOT_FOUND', async t => {
  const { engine, create } = await testEngine(t)
  const { id, filePath } = await create({ compression: 'gzip' })
  rmSync(filePath)
  await rejectsWith('OBJECT_NOT_FOUND', engine.download(id, { decoded: false }))
  await rejectsWith('OBJECT_NOT_FOUND', (await engine.download(id, { decoded: true })).open(undefined, never))
})

test('an object of another length is refused before a byte of it is sent', async t => {
  const { engine, create } = await testEngine(t)
  const { id, filePath } = await create()
  writeFileSync(filePath, Buffer.concat([readFileSync(filePath), Buffer.alloc(1)]))
  await rejectsWith('CHECKSUM_MISMATCH', engine.download(id, { decoded: false }))
})

test('a backup in the trash is given out by its own name', async t => {
  const { engine, create } = await testEngine(t)
  const { id, key } = await create()
  await (await engine.remove(id, { force: true })).result
  assert.equal((await engine.download(id, { decoded: false })).fileName, key)
})

test('a backup that is gone is BACKUP_DELETED, and one that never was BACKUP_NOT_FOUND', async t => {
  const { engine, create } = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  await create()
  await create()
  await rejectsWith('BACKUP_DELETED', engine.download(1, { decoded: false }))
  await rejectsWith('BACKUP_NOT_FOUND', engine.download(9, { decoded: false }))
})

for (const compression of ['none', 'zstd'] as const) {
  test(`each part of a ${compression} backup is given out as it is stored and decoded, whole and in ranges`, async t => {
    const source = new MemorySource('shop', { hasIndex: true })
    const { engine, directory, create } = await testEngine(t, { sources: [source] })
    const { id, parts: [index] } = await create({ compression })
    const request = { part: 'index', decoded: false }
    const stored = readFileSync(join(directory, index!.fileName))
    const download = await engine.download(id, request)
    assert.deepEqual(
      [download.fileName, download.size, download.etag, download.contentType],
      [
        index!.fileName,
        stored.length,
        `"${digestOf(stored).sha256}"`,
        compression === 'none' ? 'application/json' : 'application/zstd'
      ]
    )
    assert.ok((await read(download)).equals(stored))
    assert.ok((await read(download, { start: 3, end: 9 })).equals(stored.subarray(3, 10)))

    const plain = JSON.stringify({ sha256: digestOf(source.bytes).sha256 })
    const decoded = await engine.download(id, { ...request, decoded: true })
    assert.deepEqual([decoded.fileName, decoded.contentType, decoded.size], [
      'shop-backup-2025-11-24T23-30-01.index.json',
      'application/json',
      plain.length
    ])
    assert.equal(String(await read(decoded)), plain)
    assert.equal(String(await read(decoded, { start: 2, end: 7 })), 'sha256')
  })
}

test('without a part the main one is given out', async t => {
  const source = new MemorySource('shop', { hasIndex: true })
  const { engine, create } = await testEngine(t, { sources: [source] })
  const { id, key, checksum } = await create()
  for (const part of [undefined, 'main']) {
    const { fileName, etag, contentType } = await engine.download(id, { decoded: false, part })
    assert.deepEqual([fileName, etag, contentType], [key, `"${checksum}"`, 'text/plain'])
  }
})

test('a part that the backup does not have is PART_NOT_FOUND with the names of those that it has', async t => {
  const source = new MemorySource('shop', { hasIndex: true })
  const { engine, create } = await testEngine(t, { sources: [source] })
  const { id } = await create()
  const { hint } = await rejectsWith('PART_NOT_FOUND', engine.download(id, { decoded: false, part: 'globals' }))
  assert.equal(hint, 'It has "main", "index".')
})

test('a part of the trash is read there and has its own name; damage of it has no clean end', async t => {
  const source = new MemorySource('shop', { hasIndex: true })
  const { engine, create, directory } = await testEngine(t, { sources: [source] })
  const { id, parts: [index] } = await create()
  await (await engine.remove(id, { force: true })).result
  const path = join(directory, 'trash', index!.fileName)
  const download = await engine.download(id, { decoded: false, part: 'index' })
  assert.equal(download.fileName, index!.fileName)
  assert.ok((await read(download)).equals(readFileSync(path)))
  writeFileSync(path, readFileSync(path).fill(0x20))
  await rejectsWith('CHECKSUM_MISMATCH', read(await engine.download(id, { decoded: false, part: 'index' })))
})

test('all parts are a tar without ranges from the store that has them, and only as they are stored', async t => {
  const source = new MemorySource('shop', { hasIndex: true })
  const { engine, create } = await testEngine(t, { sources: [source] })
  const { id, key } = await create()
  const download = await engine.download(id, { decoded: false, part: 'all' })
  assert.deepEqual(
    [download.fileName, download.contentType, download.hasRanges, download.store],
    [`${key}.tar`, 'application/x-tar', false, 'local']
  )
  assert.equal((await read(download)).length, download.size)
  await rejectsWith('VALIDATION_FAILED', engine.download(id, { decoded: true, part: 'all' }))
})
