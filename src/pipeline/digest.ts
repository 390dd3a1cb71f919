import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { BackupError } from '../core/errors.ts'
import type { Tap } from '../core/stage.ts'

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

/** Lets bytes through and errors with `CHECKSUM_MISMATCH` at their end unless they are exactly those of `expected`. */
export function digestCheck (expected: Digest, what: string, onBytes?: (bytes: number) => void): Transform {
  const hash = createHash('sha256')
  let size = 0
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      onBytes?.(size)
      done(null, chunk)
    },
    flush (done) {
      done(mismatch({ size, sha256: hash.digest('hex') }, expected, what) ?? null)
    }
  })
}

/** What is wrong with `found`, or undefined where it is as expected. */
export function mismatch (found: Digest, expected: Digest, what: string): BackupError | undefined {
  if (found.size !== expected.size) return new BackupError('CHECKSUM_MISMATCH', `${what} has ${found.size} bytes instead of ${expected.size}`)
  if (found.sha256 !== expected.sha256) return new BackupError('CHECKSUM_MISMATCH', `${what} has SHA-256 ${found.sha256} instead of ${expected.sha256}`)
  return undefined
}
