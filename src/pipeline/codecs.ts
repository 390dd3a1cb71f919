import { availableParallelism } from 'node:os'
import type { Codec, Compression } from '../core/ports/codec.ts'
import { gzipCodec } from './gzip.ts'
import { zstdCodec } from './zstd.ts'

/** Node's thread pool has four threads, and the store needs one of them to write. */
const MOST = 3

export type Codecs = Readonly<Record<Compression, Codec | null>>

/** What each compression is done with; null: nothing is to be done. Blocks are converted on every core there is. */
export function makeCodecs (concurrency = Math.min(MOST, availableParallelism())): Codecs {
  return { none: null, gzip: gzipCodec(concurrency), zstd: zstdCodec(concurrency) }
}
