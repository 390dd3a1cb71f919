import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Compression } from '../../../src/core/ports/codec.ts'
import { MAIN } from '../../../src/core/ports/part.ts'
import { fileImages, withImages, type ImagesRequest } from '../../../src/engine/artifacts/images.ts'
import { checkScratch } from '../../../src/engine/artifacts/free-space.ts'
import { NO_KEYS } from '../../../src/pipeline/keyring.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { digestOf, never } from '../../support/streams.ts'

/** A new backup, as it is asked for. */
async function made (
  { deps, create }: TestEngine,
  compression: Compression,
  isOwn = false
): Promise<ImagesRequest & { readonly filePath: string }> {
  const { id, key, filePath } = await create({ compression })
  return { key, filePath, manifest: (await deps.catalog.backups.manifest(id))!, isOwn }
}

function scratchFiles ({ deps }: TestEngine): string[] {
  return readdirSync(deps.scratch.directory).map(name => `${deps.scratch.directory}/${name}`)
}

for (
  const [compression, isOwn, isStored] of [
    ['none', false, true],
    ['none', true, false],
    ['gzip', false, false],
    ['zstd', true, false]
  ] as const
) {
  const where = isStored ? 'the stored file' : 'a file in scratch space, unpacked once and removed in the end'
  test(`the file of a ${compression} backup${isOwn ? ' that must be its own' : ''} is ${where}`, async t => {
    const bench = await testEngine(t)
    const request = await made(bench, compression, isOwn)
    const asked: number[] = []
    const onUnpack = (bytes: number): void => {
      asked.push(bytes)
    }
    const used = await withImages(bench.deps, { ...request, onUnpack }, async images => {
      const path = await images.file(MAIN, never)
      assert.equal(await images.file(MAIN, never), path)
      assert.deepEqual(readFileSync(path), bench.source.bytes)
      assert.deepEqual(scratchFiles(bench), isStored ? [] : [path])
      return path
    }, never)
    assert.equal(used === request.filePath, isStored)
    assert.deepEqual([asked, scratchFiles(bench)], [isStored ? [] : [bench.source.bytes.length], []])
  })
}

test('where the work fails its error is thrown, and no file stays in scratch space', async t => {
  const bench = await testEngine(t)
  const error = new Error('it failed')
  const work = withImages(bench.deps, await made(bench, 'zstd'), async images => {
    await images.file(MAIN, never)
    throw error
  }, never)
  await assert.rejects(work, error)
  assert.deepEqual(scratchFiles(bench), [])
})

test('a file of its own, or a stream, is compared with the digests, a stored file is not', async t => {
  const bench = await testEngine(t)
  const request = await made(bench, 'none')
  writeFileSync(request.filePath, Buffer.alloc(bench.source.bytes.length))
  const file = (isOwn: boolean): Promise<string> =>
    withImages(bench.deps, { ...request, isOwn }, images => images.file(MAIN, never), never)
  await rejectsWith('CHECKSUM_MISMATCH', file(true))
  assert.equal(await file(false), request.filePath)
  await rejectsWith(
    'CHECKSUM_MISMATCH',
    withImages(bench.deps, request, async images => await buffer(await images.open(MAIN, never)), never)
  )
})

test('without room in scratch space, or without the key, there is no file', async t => {
  const { identity, recipient } = await ageKey()
  const bench = await testEngine(t, {
    keyring: await keyring({ identities: [identity], sealing: { encryption: 'age', ageRecipients: [recipient] } })
  })
  const request = await made(bench, 'none')
  const requireRoom = (bytes: number): Promise<void> =>
    checkScratch({ ...bench.deps, diskReserve: Number.MAX_SAFE_INTEGER }, bytes)
  const file = (deps: TestEngine['deps'], more: Partial<ImagesRequest>): Promise<string> =>
    withImages(deps, { ...request, ...more }, images => images.file(MAIN, never), never)
  await rejectsWith('DISK_FULL', file(bench.deps, { requireRoom }))
  await rejectsWith('KEY_MISSING', file({ ...bench.deps, keyring: NO_KEYS }, {}))
  assert.deepEqual(scratchFiles(bench), [])
})

test('every part can be opened, and one that the backup has not is an error with the names of all', async t => {
  const source = new MemorySource('shop', { hasIndex: true })
  const bench = await testEngine(t, { sources: [source] })
  const request = await made(bench, 'zstd')
  await withImages(bench.deps, request, async images => {
    assert.deepEqual(JSON.parse(String(await buffer(await images.open('index', never)))), {
      sha256: digestOf(source.bytes).sha256
    })
    const error = await rejectsWith('PART_NOT_FOUND', images.open('globals', never))
    assert.equal(error.hint, 'It has "main", "index".')
  }, never)
})

test('the rest is what no caller has read to its end, and damage there is found', async t => {
  const source = new MemorySource('shop', { hasIndex: true })
  const bench = await testEngine(t, { sources: [source] })
  const request = await made(bench, 'none')
  const [index] = request.manifest.parts
  const path = request.filePath.replace(request.key, index!.object.name)
  await withImages(bench.deps, request, async images => {
    await images.file(MAIN, never)
    await images.readRest(never)
  }, never)
  writeFileSync(path, readFileSync(path).fill(0x20))
  await withImages(bench.deps, request, async images => {
    await images.file(MAIN, never)
    await rejectsWith('CHECKSUM_MISMATCH', images.readRest(never))
  }, never)
})

test('a plain file by itself is the main part', async t => {
  const bench = await testEngine(t)
  const { filePath } = await bench.create()
  const images = fileImages(filePath)
  assert.equal(await images.file(MAIN, never), filePath)
  assert.deepEqual(await buffer(await images.open(MAIN, never)), bench.source.bytes)
  for (const asked of [images.file('files', never), images.open('files', never)]) {
    assert.match((await rejectsWith('PART_NOT_FOUND', asked)).message, /^part "files" is not available: .*"$/)
  }
})
