import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { BackupError } from '../core/errors.ts'
import type { Tap } from '../core/ports/codec.ts'
import type { ByteRange } from '../core/ports/store.ts'

export interface Digest {
  /** Bytes. */
  readonly size: number
  /** In hex. */
  readonly sha256: string
}

/** Counts and digests what goes through. `onBytes` is told the count so far after each chunk, and the chunk. */
export function digestTap (onBytes?: (bytes: number, chunk: Buffer) => void): Tap<Digest> {
  const hash = createHash('sha256')
  let size = 0
  let sha256: string | undefined
  const stream = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      onBytes?.(size, chunk)
      done(null, chunk)
    }
  })
  return {
    stream,
    result () {
      sha256 ??= hash.digest('hex')
      return { size, sha256 }
    }
  }
}

/**
 * Lets bytes through and errors with `CHECKSUM_MISMATCH` unless they are exactly those of `expected`: as soon as there
 * are more of them, otherwise at their end. The last chunk is held back until then, so that a reader that counts bytes,
 * as a client that was told a `Content-Length` does, never has all of a stream that is wrong. Nothing is copied for it.
 */
export function digestCheck (expected: Digest, what: string, onBytes?: (bytes: number) => void): Transform {
  const hash = createHash('sha256')
  const held = holdBack()
  let size = 0
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      onBytes?.(size)
      if (size > expected.size) done(tooLong(expected, what))
      else done(null, held.swap(chunk))
    },
    flush (done) {
      const wrong = mismatch({ size, sha256: hash.digest('hex') }, expected, what)
      if (wrong === undefined) done(null, held.last())
      else done(wrong)
    }
  })
}

/**
 * Lets only the bytes of `range` through. The last of them are held back until all of the stream has come to its end.
 */
export function slice ({ start, end }: ByteRange): Transform {
  const held = holdBack()
  let at = 0
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at))
      at += chunk.length
      done(null, held.swap(part))
    },
    flush (done) {
      done(null, held.last())
    }
  })
}

/** Lets so many bytes through, and errors with what `toError` makes at the first one more. */
export function atMost (bytes: number, toError: () => Error): Transform {
  let seen = 0
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > bytes) done(toError())
      else done(null, chunk)
    }
  })
}

interface Held {
  /** Holds `chunk`, and gives the one that was held before. */
  swap(chunk: Buffer): Buffer | undefined
  last(): Buffer | undefined
}

/** Keeps one chunk that has bytes in it. */
function holdBack (): Held {
  let held: Buffer | undefined
  return {
    swap (chunk) {
      if (chunk.length === 0) return undefined
      const before = held
      held = chunk
      return before
    },
    last: () => held
  }
}

function tooLong (expected: Digest, what: string): BackupError {
  return new BackupError('CHECKSUM_MISMATCH', `${what} has more than ${expected.size} bytes`)
}

/** What is wrong with `found`, or undefined where it is as expected. */
export function mismatch (found: Digest, expected: Digest, what: string): BackupError | undefined {
  if (found.size !== expected.size) {
    return new BackupError('CHECKSUM_MISMATCH', `${what} has ${found.size} bytes instead of ${expected.size}`)
  }
  if (found.sha256 !== expected.sha256) {
    return new BackupError('CHECKSUM_MISMATCH', `${what} has SHA-256 ${found.sha256} instead of ${expected.sha256}`)
  }
  return undefined
}
