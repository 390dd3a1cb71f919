import type { Transform } from 'node:stream'

export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const
export type Compression = typeof COMPRESSIONS[number]

/** A stage that changes bytes reversibly. Both directions bound their memory whatever the length of the stream. */
export interface Codec {
  readonly id: string
  /** What it adds to a file's name: `.zst`. */
  readonly extension: string
  encode(): Transform
  /** Errors with `DECODE_FAILED` on bytes that are damaged or cut short. */
  decode(): Transform
}

/** A stage that only watches. `result` is right once the stream has ended. */
export interface Tap<T> {
  readonly stream: Transform
  result(): T
}
