import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { BackupError } from '../../src/core/errors.ts'
import type { Cipher, Opener } from '../../src/core/ports/encryption.ts'
import { needTool } from '../support/skip-without.ts'
import { bodyOf, chunks, digestOf, noise, prose, rejection, through } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

export interface CipherCase {
  readonly name: string
  readonly cipher: Cipher
  /** By the private key or passphrase. */
  readonly opener: Opener
  /** By one that does not fit, and is not known to. */
  readonly stranger: Opener
  /** Bytes that are sealed in one piece. */
  readonly piece: number
  /** How many runs of each kind a case is worth: a cipher may take long to begin. */
  readonly runs: number
  /**
   * Bytes by which the whole process, its threads included, may grow while a long stream goes through: what has been
   * let go counts until it is collected.
   */
  readonly growth: number
  /**
   * The stream is that of another case, and only its header differs: then what concerns the stream alone is tried
   * there.
   */
  readonly isHeaderOnly?: boolean
  readonly tool: string
  /** The words with which the tool opens `file`, having made ready in `home`; undefined: it cannot be told its key. */
  readonly opens?: (home: string, file: string) => readonly string[]
  /** The words with which the tool seals `file` to standard output. */
  readonly seals?: (home: string, file: string) => readonly string[]
}

/** What holds for every way of sealing. */
export function cipherSuite (given: CipherCase): void {
  describe(`${given.name}: round trip`, () => {
    roundTripSuite(given)
  })
  describe(`${given.name}: damage`, () => {
    damageSuite(given)
  })
  describe(`${given.name}: the standard tool`, () => {
    toolSuite(given)
  })
}

function same (found: Buffer, expected: Buffer): void {
  assert.deepEqual(digestOf(found), digestOf(expected))
}

async function sealed ({ cipher }: CipherCase, bytes: Buffer): Promise<Buffer> {
  return await through(cipher.seal().encode(), chunks(bytes, 64 * 1024))
}

async function outcomeOf (stage: Duplex, bytes: Buffer): Promise<string | Buffer> {
  try {
    return await through(stage, chunks(bytes, 100_000))
  } catch (error) {
    if (!(error instanceof BackupError)) throw error
    if (error.code === 'DECODE_FAILED') assert.equal(error.details?.check, 'decryption')
    return error.code
  }
}

function roundTripSuite (given: CipherCase): void {
  const { cipher, opener, piece, isHeaderOnly = false } = given
  for (
    const size of isHeaderOnly
      ? [0, 1, 3 * piece + 7]
      : [0, 1, piece - 1, piece, piece + 1, 3 * piece, 3 * piece + 7]
  ) {
    test(`${size} bytes come back as they were, by the key and by the seal itself`, async () => {
      const [bytes, seal] = [noise(size), cipher.seal()]
      const stored = await through(seal.encode(), chunks(bytes, 50_000))
      assert.equal(stored.length > size, true)
      same(await through(opener.decode(), chunks(stored, 33_333)), bytes)
      same(await through(seal.decode(), chunks(stored, 70_000)), bytes)
    })
  }

  test('the same bytes are sealed another way each time, and nothing of them is to be seen', async () => {
    const bytes = Buffer.concat([Buffer.from('the marker of the test'), prose(3000)])
    const [one, other] = [await sealed(given, bytes), await sealed(given, bytes)]
    assert.notDeepEqual(one.subarray(-1000), other.subarray(-1000))
    for (const stored of [one, other]) {
      assert.deepEqual(['the marker', 'the ledger', 'year, line'].filter(word => stored.includes(word)), [])
    }
  })

  if (!isHeaderOnly) streamSuite(given)
}

/** What goes by the seal itself, which knows the key of its stream. */
function streamSuite ({ cipher, piece, runs, growth }: CipherCase): void {
  test('however the bytes are cut into chunks, on both ways, they come back', async () => {
    const bytes = Buffer.concat([noise(piece + 99), prose(5000)])
    const cuts = fc.array(fc.integer({ min: 1, max: piece * 2 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(cuts, cuts, async (writes, reads) => {
        const seal = cipher.seal()
        same(await through(seal.decode(), cutLike(await through(seal.encode(), cutLike(bytes, writes)), reads)), bytes)
      }),
      { numRuns: runs }
    )
  })

  test('a stream that comes byte by byte comes back', async () => {
    const [bytes, seal] = [noise(700), cipher.seal()]
    same(await through(seal.decode(), chunks(await through(seal.encode(), chunks(bytes, 1)), 1)), bytes)
  })

  test('memory stays bounded, however long the stream is', { timeout: 60_000 }, async () => {
    const [chunk, total] = [noise(1_000_000), 250]
    const seal = cipher.seal()
    const before = process.memoryUsage.rss()
    let [most, size] = [0, 0]
    const watch = new Writable({
      write (bytes: Buffer, _encoding, done) {
        size += bytes.length
        most = Math.max(most, process.memoryUsage.rss() - before)
        done()
      }
    })
    await pipeline(Readable.from(Array<Buffer>(total).fill(chunk)), seal.encode(), seal.decode(), watch)
    assert.equal(size, total * chunk.length)
    assert.ok(most < growth, `the process grew by ${most} bytes`)
  })

  for (const direction of ['encode', 'decode'] as const) {
    test(`an abort ends ${direction} with an AbortError, and the stage is gone`, async () => {
      const [abort, seal] = [new AbortController(), cipher.seal()]
      const stored = await through(seal.encode(), chunks(noise(20 * piece), piece))
      const sink = new Writable({
        write (_chunk, _encoding, done) {
          abort.abort()
          done()
        }
      })
      const stage = seal[direction]()
      const error = await rejection(
        pipeline(bodyOf(direction === 'encode' ? noise(20 * piece) : stored), stage, sink, { signal: abort.signal })
      )
      assert.equal((error as Error).name, 'AbortError')
      assert.equal(stage.destroyed, true)
    })
  }
}

function damageSuite (given: CipherCase): void {
  const { opener, stranger, piece, runs, cipher, isHeaderOnly = false } = given
  const fails = async (what: string, bytes: Buffer): Promise<void> => {
    const outcome = await outcomeOf(opener.decode(), bytes)
    assert.equal(typeof outcome === 'string' ? outcome : `${outcome.length} bytes`, 'DECODE_FAILED', what)
  }

  test('cut short near the end of any piece, of the header or of the whole, it is DECODE_FAILED', async () => {
    const stored = await sealed(given, noise(2 * piece + 100))
    const head = stored.length - 2 * piece - 100
    const ends = [0, head, ...isHeaderOnly ? [] : [piece + head, 2 * piece + head, stored.length]]
    const lengths = new Set(
      ends.flatMap(end => [-40, -33, -32, -31, -17, -16, -15, -1, 0, 1, 15, 16, 17, 32, 33, 40].map(by => end + by))
        .filter(length => length >= 0 && length < stored.length)
    )
    const chosen = runs >= 50 ? lengths : [...lengths].filter((_, index) => index % 5 === 0)
    for (const length of chosen) await fails(`${length} of ${stored.length} bytes`, stored.subarray(0, length))
    await fails('all but the last byte', stored.subarray(0, -1))
  })

  test('followed by anything, by itself too, it is DECODE_FAILED', async () => {
    const [whole, empty] = [await sealed(given, noise(3000)), await sealed(given, Buffer.alloc(0))]
    for (const stored of isHeaderOnly ? [whole] : [whole, empty]) {
      for (
        const more of isHeaderOnly
          ? [Buffer.from('x'), stored]
          : [Buffer.from([0]), Buffer.from('x'), noise(16), noise(piece), stored]
      ) await fails(`with ${more.length} bytes more`, Buffer.concat([stored, more]))
    }
  })

  test('one flipped bit anywhere is DECODE_FAILED, and never other bytes', async () => {
    const [bytes, seal] = [noise(400), cipher.seal()]
    const stored = await through(seal.encode(), [bytes])
    const end = 8 * (isHeaderOnly ? stored.length - bytes.length : stored.length)
    const step = Math.max(1, Math.floor(end / (runs * 6)))
    for (let bit = 0; bit < end; bit += step) {
      const damaged = Buffer.from(stored)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      const outcome = await outcomeOf(opener.decode(), damaged)
      // What no recipient needs may say anything; what comes out is what was sealed.
      if (typeof outcome !== 'string') same(outcome, bytes)
      else assert.match(outcome, /^(DECODE_FAILED|KEY_MISSING)$/, `bit ${bit}`)
    }
  })

  for (
    const [what, bytes] of [['text', Buffer.from('this is not sealed at all')], ['random bytes', noise(100_000)], [
      'zeros',
      Buffer.alloc(100_000)
    ], ['no bytes at all', Buffer.alloc(0)]] as const
  ) {
    test(`${what} instead of a sealed stream is DECODE_FAILED`, async () => {
      await fails(what, bytes)
    })
  }

  test('another key opens nothing, and says that it is the key', async () => {
    assert.match(
      String(await outcomeOf(stranger.decode(), await sealed(given, noise(3000)))),
      /^(KEY_MISSING|DECODE_FAILED)$/
    )
  })

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
        opener.decode(),
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

function toolSuite (given: CipherCase): void {
  const { opener, tool, piece, opens, seals, isHeaderOnly = false } = given
  const sizes = isHeaderOnly ? [0, 3 * piece + 7] : [0, 1, 3 * piece, 3 * piece + 7]
  const run = (words: readonly string[], home: string): Buffer =>
    execFileSync(tool, words, { cwd: home, maxBuffer: 256 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] })

  for (const size of opens === undefined ? [] : sizes) {
    test(`${tool} opens ${size} sealed bytes`, async (t: TestContext) => {
      if (!needTool(t, tool)) return
      const [bytes, home] = [noise(size), tempDir(t)]
      const file = join(home, 'sealed')
      writeFileSync(file, await sealed(given, bytes))
      same(run(opens!(home, file), home), bytes)
    })
  }

  for (const size of seals === undefined ? [] : sizes) {
    test(`what ${tool} sealed of ${size} bytes is opened`, async (t: TestContext) => {
      if (!needTool(t, tool)) return
      const [bytes, home] = [noise(size), tempDir(t)]
      const file = join(home, 'plain')
      writeFileSync(file, bytes)
      same(await through(opener.decode(), chunks(run(seals!(home, file), home), 10_000)), bytes)
    })
  }
}

function* cutLike (bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}
