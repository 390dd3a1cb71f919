import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { BackupError } from '../../src/core/errors.ts'
import type { Codec } from '../../src/core/ports/codec.ts'
import { digestCheck } from '../../src/pipeline/digest.ts'
import { needTool } from '../support/skip-without.ts'
import { bodyOf, chunks, digestOf, noise, prose, rejection, through } from '../support/streams.ts'

export interface CodecCase {
  readonly codec: Codec
  /** The standard tool: reads what the codec writes, and the other way round. */
  readonly tool: string
  /** Bytes that the codec takes at once. */
  readonly block: number
  /** Ways to call the tool to compress. */
  readonly levels: ReadonlyArray<readonly string[]>
}

/** What holds for every codec. */
export function codecSuite (given: CodecCase): void {
  const name = given.codec.id
  describe(`${name}: round trip`, () => {
    roundTripSuite(given)
  })
  describe(`${name}: the standard tool`, () => {
    toolSuite(given)
  })
  describe(`${name}: damage`, () => {
    damageSuite(given)
  })
}

/** Runs a tool of the system over `input`. */
export function runTool (tool: string, words: readonly string[], input: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync(tool, words, { input, maxBuffer: 256 * 1024 * 1024 })
  assert.equal(status, 0, stderr.toString())
  return stdout
}

export function encode (codec: Codec, bytes: Buffer, chunkSize = 64 * 1024): Promise<Buffer> {
  return through(codec.encode(), chunks(bytes, chunkSize))
}

export function decode (codec: Codec, bytes: Buffer, chunkSize = 64 * 1024): Promise<Buffer> {
  return through(codec.decode(), chunks(bytes, chunkSize))
}

function same (found: Buffer, expected: Buffer): void {
  assert.deepEqual(digestOf(found), digestOf(expected))
}

function roundTripSuite ({ codec, block }: CodecCase): void {
  for (const size of [0, 1, block - 1, block, block + 1, 3 * block + 7]) {
    for (const [what, make] of [['random', noise], ['repeating', prose]] as const) {
      test(`${size} ${what} bytes come back as they were`, async () => {
        const bytes = make(size)
        same(await decode(codec, await encode(codec, bytes)), bytes)
      })
    }
  }

  test('what repeats becomes much smaller, and what is random hardly larger', async () => {
    assert.ok((await encode(codec, prose(block))).length < block / 50)
    assert.ok((await encode(codec, noise(block))).length < block * 1.001 + 100)
  })

  test('however the bytes are cut into chunks, on both ways, they come back', async () => {
    const bytes = Buffer.concat([prose(block), noise(block + 99, 2), prose(5000)])
    const cuts = fc.array(fc.integer({ min: 1, max: block * 2 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(cuts, cuts, async (writes, reads) => {
        const encoded = await through(codec.encode(), cutLike(bytes, [...writes, 100_000]))
        same(await through(codec.decode(), cutLike(encoded, [...reads, 100_000])), bytes)
      }),
      { numRuns: 12 }
    )
  })

  test('a stream that comes byte by byte comes back', async () => {
    const bytes = Buffer.concat([prose(3000), noise(500)])
    same(await decode(codec, await encode(codec, bytes, 1), 1), bytes)
  })

  test('the same bytes are encoded the same way, however many blocks are converted at once', async () => {
    const bytes = Buffer.concat([noise(block), prose(block), noise(block, 7)])
    same(await encode(codec, bytes), await encode(codec, bytes, 1_000_003))
  })

  test('memory stays bounded, however long the stream is', { timeout: 60_000 }, async () => {
    const chunk = Buffer.concat([prose(900_000), noise(100_000)])
    const total = 120
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    let size = 0
    const watch = new Writable({
      write (bytes: Buffer, _encoding, done) {
        size += bytes.length
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
        done()
      }
    })
    await pipeline(Readable.from(Array<Buffer>(total).fill(chunk)), codec.encode(), codec.decode(), watch)
    assert.equal(size, total * chunk.length)
    assert.ok(most < 80_000_000, `${most} bytes were held at once`)
  })

  for (const direction of ['encode', 'decode'] as const) {
    test(`an abort ends ${direction} with the signal's reason`, async () => {
      const abort = new AbortController()
      const encoded = await encode(codec, noise(3 * block))
      const sink = new Writable({
        write (_chunk, _encoding, done) {
          abort.abort()
          done()
        }
      })
      const error = await rejection(
        pipeline(bodyOf(direction === 'encode' ? noise(6 * block) : encoded), codec[direction](), sink, {
          signal: abort.signal
        })
      )
      assert.equal((error as Error).name, 'AbortError')
    })
  }
}

function toolSuite ({ codec, tool, block, levels }: CodecCase): void {
  for (const size of [0, 1, 3 * block + 7]) {
    test(`${tool} reads ${size} encoded bytes`, async t => {
      if (!needTool(t, tool)) return
      const bytes = Buffer.concat([noise(Math.min(size, block)), prose(Math.max(0, size - block))])
      const encoded = await encode(codec, bytes)
      runTool(tool, ['-t'], encoded)
      same(runTool(tool, ['-dc'], encoded), bytes)
    })
  }

  for (const words of levels) {
    test(`what ${[tool, ...words].join(' ')} wrote is decoded`, async t => {
      if (!needTool(t, tool)) return
      const bytes = Buffer.concat([prose(block), noise(300_000), prose(block)])
      same(await decode(codec, runTool(tool, [...words, '-c'], bytes)), bytes)
    })
  }

  test(`several files of ${tool} one after the other are decoded as one`, async t => {
    if (!needTool(t, tool)) return
    const parts = [prose(1000), noise(70_000), Buffer.alloc(0), prose(3)]
    same(await decode(codec, Buffer.concat(parts.map(part => runTool(tool, ['-c'], part)))), Buffer.concat(parts))
  })
}

/** What became of damaged bytes: the error's code, or the plain bytes. */
async function outcomeOf (codec: Codec, damaged: Buffer): Promise<string | Buffer> {
  try {
    return await decode(codec, damaged, 50)
  } catch (error) {
    return error instanceof BackupError ? error.code : String(error)
  }
}

function damageSuite ({ codec, block }: CodecCase): void {
  const plain = Buffer.concat([prose(400), noise(100)])

  test('a stream cut anywhere is DECODE_FAILED, unless whole frames are left', async () => {
    const encoded = await encode(codec, plain)
    for (let length = 0; length < encoded.length; length++) {
      const outcome = await outcomeOf(codec, encoded.subarray(0, length))
      if (outcome instanceof Buffer) same(outcome, plain)
      else assert.equal(outcome, 'DECODE_FAILED', `after ${length} bytes`)
    }
  })

  test('a large stream cut in its middle is DECODE_FAILED', async () => {
    const encoded = await encode(codec, noise(3 * block))
    assert.equal(await outcomeOf(codec, encoded.subarray(0, Math.floor(encoded.length / 2))), 'DECODE_FAILED')
  })

  test('one flipped bit anywhere is DECODE_FAILED, or is found by the digest', async () => {
    const encoded = await encode(codec, plain)
    for (let bit = 0; bit < encoded.length * 8; bit += 3) {
      const damaged = Buffer.from(encoded)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      const outcome = await outcomeOf(codec, damaged)
      if (typeof outcome === 'string') assert.equal(outcome, 'DECODE_FAILED', `bit ${bit}`)
      await assert.rejects(
        pipeline(
          bodyOf(damaged),
          digestCheck(digestOf(encoded), 'the object'),
          codec.decode(),
          digestCheck(digestOf(plain), 'the image'),
          new Writable({
            write (_chunk, _encoding, done) {
              done()
            }
          })
        ),
        BackupError
      )
    }
  })

  for (
    const [what, bytes] of [['text', Buffer.from('this is not compressed at all')], ['random bytes', noise(100_000)], [
      'zeros',
      Buffer.alloc(100_000)
    ], ['no bytes at all', Buffer.alloc(0)]] as const
  ) {
    test(`${what} instead of an encoded stream is DECODE_FAILED`, async () => {
      assert.equal(await outcomeOf(codec, bytes), 'DECODE_FAILED')
    })
  }

  test('the error of the stream before passes through as it is', async () => {
    const error = new Error('the disk')
    const body = new Readable({
      read () {
        this.destroy(error)
      }
    })
    assert.equal(
      await rejection(pipeline(
        body,
        codec.decode(),
        new Writable({
          write (_chunk, _encoding, done) {
            done()
          }
        })
      )),
      error
    )
  })
}

function* cutLike (bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}
