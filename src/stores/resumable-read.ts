import { Readable } from 'node:stream'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import type { ByteRange } from '../core/ports/store.ts'

/** Connections that may break one after the other without a single byte having come. */
const BREAKS = 4
const AGAIN_AFTER_MS = 500
/** Milliseconds that a connection may be silent before it counts as broken. */
const IDLE_MS = 60_000

export interface Reading {
  /** Names the object, for messages. */
  readonly what: string
  /** Length of the object. */
  readonly size: number
  readonly range: ByteRange | undefined
  readonly clock: Clock
  /** Opens bytes `start` to `end`, both included, of this very object: it rejects once another has its name. */
  readonly open: (start: number, end: number, signal: AbortSignal) => Promise<Readable>
  /** What an error of such a stream is in our own words. */
  readonly translate: (error: unknown) => BackupError
}

/**
 * The bytes of an object, as a body that errors where it would stop short of its length. A connection that breaks
 * midway is made anew from the byte that was reached. Resolves once the first one stands. `RANGE_NOT_SATISFIABLE`.
 */
export async function readWhole (reading: Reading, signal: AbortSignal): Promise<Readable> {
  const start = reading.range?.start ?? 0
  const end = Math.min(reading.range?.end ?? Number.POSITIVE_INFINITY, reading.size - 1)
  if (reading.range !== undefined && start > end) {
    throw new BackupError('RANGE_NOT_SATISFIABLE', `${reading.what} does not have the requested range`, {
      hint: 'Request a range within its size.'
    })
  }
  if (start > end) return Readable.from([], { objectMode: false })
  const closed = new AbortController()
  const together = AbortSignal.any([signal, closed.signal])
  const first = await reading.open(start, end, together)
  const body = Readable.from(bytes(reading, first, start, end, together), {
    objectMode: false,
    highWaterMark: 256 * 1024
  })
  const abort = (): void => {
    body.destroy(signal.reason as Error)
  }
  signal.addEventListener('abort', abort, { once: true })
  body.once('close', () => {
    signal.removeEventListener('abort', abort)
    closed.abort()
    first.destroy()
  })
  return body
}

async function* bytes (
  reading: Reading,
  first: Readable,
  start: number,
  end: number,
  signal: AbortSignal
): AsyncGenerator<Buffer, undefined> {
  const { what, clock, open, translate } = reading
  const total = end - start + 1
  let at = start
  let part = first
  for (let breaks = 0;; breaks++) {
    let cause: BackupError | undefined
    try {
      for await (const chunk of lively(part)) {
        if (at + chunk.length > end + 1) {
          throw new BackupError(
            'STORE_FAILED',
            `the store returned more of ${what} than the requested ${total} bytes`
          )
        }
        at += chunk.length
        breaks = 0
        yield chunk
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof BackupError) throw error
      cause = translate(error)
    } finally {
      part.destroy()
    }
    if (at > end) return undefined
    if (breaks === BREAKS) {
      throw new BackupError(
        'STORE_FAILED',
        `reading ${what} repeatedly stopped after ${at - start} of ${total} bytes`,
        { hint: 'Check the network, then retry.', cause }
      )
    }
    await clock.sleep(AGAIN_AFTER_MS, signal)
    part = await open(at, end, signal)
  }
}

/** The chunks of a stream, which breaks when one does not come for long. Whoever takes them may take their time. */
async function* lively (stream: Readable): AsyncGenerator<Buffer, undefined> {
  const watch = (): NodeJS.Timeout =>
    setTimeout(() => {
      stream.destroy(new Error('the connection was idle for too long'))
    }, IDLE_MS)
  let timer = watch()
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      clearTimeout(timer)
      yield chunk
      timer = watch()
    }
  } finally {
    clearTimeout(timer)
  }
  return undefined
}
