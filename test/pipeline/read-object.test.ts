import assert from 'node:assert/strict'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { BackupError } from '../../src/core/errors.ts'
import { makeCodecs } from '../../src/pipeline/codecs.ts'
import { digestObject, openImage, type ReadRequest } from '../../src/pipeline/read-object.ts'
import { writeObject } from '../../src/pipeline/write-object.ts'
import { rejectsWith } from '../support/rejects.ts'
import { faultyStore } from '../support/stores/faulty-local.ts'
import { bodyOf, digestOf, never, noise, prose, rejection, until } from '../support/streams.ts'

const BYTES = Buffer.concat([noise(1_500_000), prose(1_500_000)])
const codecs = makeCodecs(2)
const NAMES = ['none', 'gzip', 'zstd'] as const

async function stored (
  t: TestContext,
  compression: typeof NAMES[number]
): Promise<{ readonly request: ReadRequest, readonly path: string }> {
  const { store, directory } = await faultyStore(t)
  const codec = codecs[compression]
  const written = await writeObject({
    image: bodyOf(BYTES),
    size: BYTES.length,
    codec,
    seal: null,
    store,
    key: 'a',
    onBytes: () => {}
  }, never)
  return { request: { store, key: 'a', codec, opener: null, ...written }, path: join(directory, 'a') }
}

async function read (request: ReadRequest): Promise<Buffer> {
  return await buffer(await openImage(request, never))
}

for (const name of NAMES) {
  test(`${name}: the image is what was written, and progress is told to its end`, async t => {
    const { request } = await stored(t, name)
    let last = 0
    const image = await read({
      ...request,
      onBytes: bytes => {
        last = bytes
      }
    })
    assert.ok(image.equals(BYTES))
    assert.equal(last, BYTES.length)
  })

  test(`${name}: an image with another digest than recorded errors`, async t => {
    const { request } = await stored(t, name)
    await rejectsWith('CHECKSUM_MISMATCH', read({ ...request, image: digestOf(noise(BYTES.length, 5)) }))
  })

  test(`${name}: one flipped bit anywhere has no clean end`, async t => {
    const { request, path } = await stored(t, name)
    const whole = readFileSync(path)
    for (let n = 0; n < 20; n++) {
      const at = Math.floor(whole.length * n / 20) + n
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << n % 8
      writeFileSync(path, damaged)
      const error = await rejection(read(request))
      assert.ok(
        error instanceof BackupError && ['CHECKSUM_MISMATCH', 'DECODE_FAILED'].includes(error.code),
        `byte ${at}: ${String(error)}`
      )
    }
  })

  test(`${name}: an object that is cut by one byte has no clean end`, async t => {
    const { request, path } = await stored(t, name)
    truncateSync(path, readFileSync(path).length - 1)
    const error = await rejection(read(request))
    assert.ok(error instanceof BackupError && ['CHECKSUM_MISMATCH', 'DECODE_FAILED'].includes(error.code))
  })

  test(`${name}: a reader that leaves early closes the object`, async t => {
    const { request } = await stored(t, name)
    let source: Readable | undefined
    const get = async (...args: Parameters<typeof request.store.get>): Promise<Readable> => {
      source = await request.store.get(...args)
      return source
    }
    const store = { ...request.store, get }
    for await (const chunk of await openImage({ ...request, store }, never) as AsyncIterable<Buffer>) {
      if (chunk.length > 0) break
    }
    await until(() => source?.closed === true)
  })
}

test('an object with other bytes of the same content errors', async t => {
  const { request, path } = await stored(t, 'gzip')
  writeFileSync(path, readFileSync(path).with(9, 7))
  await rejectsWith('CHECKSUM_MISMATCH', read(request))
})

test('what the store throws comes through', async t => {
  const { request } = await stored(t, 'zstd')
  await rejectsWith('OBJECT_NOT_FOUND', openImage({ ...request, key: 'b' }, never))
  await rejectsWith('OBJECT_NOT_FOUND', digestObject(request.store, 'b', () => {}, never))
})

test('digestObject tells the bytes so far and gives the digest of what is stored', async t => {
  const { request, path } = await stored(t, 'gzip')
  const seen: number[] = []
  assert.deepEqual(
    await digestObject(request.store, 'a', bytes => {
      seen.push(bytes)
    }, never),
    digestOf(readFileSync(path))
  )
  assert.deepEqual([seen.toSorted((a, b) => a - b), seen.at(-1)], [seen, request.object.size])
})

test('an abort ends the reading', async t => {
  const { request } = await stored(t, 'none')
  const abort = new AbortController()
  await rejection(digestObject(request.store, 'a', () => {
    abort.abort()
  }, abort.signal))
})
