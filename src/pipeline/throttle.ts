import { Transform } from 'node:stream'
import type { Clock } from '../core/clock.ts'

/** So many parts of a second may go through at once. */
const SLICE = 10

/**
 * Lets at most `rate` bytes a second through, evenly, over the whole life of the stream: a pause of whoever sends is
 * not made up for. An aborted signal ends the waiting with its reason.
 */
export function throttle (rate: number, clock: Clock, signal: AbortSignal): Transform {
  const step = Math.max(1, Math.floor(rate / SLICE))
  let free = 0
  const pass = async (stream: Transform, chunk: Buffer): Promise<void> => {
    for (let at = 0; at < chunk.length; at += step) {
      const part = chunk.subarray(at, at + step)
      const now = clock.now().getTime()
      // The clock may have been set back: no wait is longer than one for the part itself.
      const wait = Math.min(free - now, part.length / rate * 1000 + 1000 / SLICE)
      if (wait > 0) await clock.sleep(Math.ceil(wait), signal)
      free = Math.max(now, Math.min(free, now + 1000)) + part.length / rate * 1000
      stream.push(part)
    }
  }
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      pass(this, chunk).then(() => {
        done()
      }, done)
    }
  })
}
