import { createHash, hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { BackupError } from '../core/errors.ts'
import type { ObjectFacts } from '../core/ports/store.ts'

const MiB = 1024 * 1024
/** The parts of an object of known length are of this size, or as large as it takes to stay below `MAX_PARTS`. */
const PART = 8 * MiB
const MAX_PARTS = 10_000
/** Where the length is not known, parts double in size every so many: 10,000 of them hold the 5 TB that S3 allows. */
const DOUBLED_EVERY = 1_000

export interface UploadPart {
  /** Counted from 1. */
  readonly number: number
  readonly bytes: Buffer
  readonly isLast: boolean
}

/** What is known of the body once its last part was taken. */
export interface UploadParts {
  readonly parts: AsyncGenerator<UploadPart, undefined>
  size(): number
  /** To be called once a part is not needed any more: its memory then serves another. */
  reuse(part: UploadPart): void
  /** Of all of it. */
  crc32(): number
  /** In hex. */
  sha256(): string
}

/**
 * Cuts a body into parts, of which the last may be empty if it is the first, and digests it on the way. Holds one part
 * in memory. What misses `size` or `sha256` of the facts rejects before its last part is given: with `STORE_FAILED`,
 * `CHECKSUM_MISMATCH`.
 */
export function splitIntoParts (body: Readable, facts: ObjectFacts): UploadParts {
  const digest = createHash('sha256')
  let size = 0
  let crc = 0
  let sha256 = ''
  const spare: Buffer[] = []

  function room (number: number): Buffer {
    const length = partSize(number, facts.size)
    const bytes = spare.pop()
    return bytes?.length === length ? bytes : Buffer.allocUnsafeSlow(length)
  }

  async function* parts (): AsyncGenerator<UploadPart, undefined> {
    let number = 1
    let filled = 0
    let bytes = room(number)
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (facts.size !== undefined && size > facts.size) throw sizeError(size, facts.size)
      digest.update(chunk)
      crc = crc32(chunk, crc)
      for (let at = 0; at < chunk.length;) {
        // Only now is it sure that this part is not the last.
        if (filled === bytes.length) {
          yield { number, bytes, isLast: false }
          number++
          filled = 0
          bytes = room(number)
        }
        const copied = chunk.copy(bytes, filled, at)
        filled += copied
        at += copied
      }
    }
    if (facts.size !== undefined && size !== facts.size) throw sizeError(size, facts.size)
    sha256 = digest.digest('hex')
    if (facts.sha256 !== undefined && facts.sha256 !== sha256) {
      throw new BackupError('CHECKSUM_MISMATCH', `the body has SHA-256 ${sha256} instead of ${facts.sha256}`, {
        hint: 'The data changed after its digest was computed. Check the disk of the file.'
      })
    }
    yield { number, bytes: bytes.subarray(0, filled), isLast: true }
  }

  return {
    parts: parts(),
    reuse: ({ bytes }) => {
      spare.push(bytes)
    },
    size: () => size,
    crc32: () => crc,
    sha256: () => sha256
  }
}

/**
 * Bytes of the part of that number: whole MiB, and equal but for the last one where the length is known, for some
 * stores want it so.
 */
export function partSize (number: number, size: number | undefined): number {
  if (size === undefined) return PART * 2 ** Math.floor((number - 1) / DOUBLED_EVERY)
  return Math.max(PART, Math.ceil(size / MAX_PARTS / MiB) * MiB)
}

/** As S3 writes a CRC-32: four bytes in base64. */
export function base64Crc32 (crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes.toString('base64')
}

export function md5 (bytes: Buffer): string {
  return hash('md5', bytes, 'hex')
}

function sizeError (size: number, expected: number): BackupError {
  return new BackupError(
    'STORE_FAILED',
    size > expected
      ? `the body has more than the expected ${expected} bytes`
      : `the body has ${size} bytes instead of ${expected}`
  )
}
