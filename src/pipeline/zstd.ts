import { constants, zstdCompress, zstdDecompress, type ZstdOptions } from 'node:zlib'
import type { Codec } from '../core/ports/codec.ts'
import { blockStage } from './ordered.ts'
import { FRAME_LIMIT, frameStage, type Frame } from './zstd-frames.ts'
import { SeekTable } from './zstd-seek-table.ts'

const BLOCK = 2 * 1024 * 1024
/** What zstd itself takes when nothing is said. */
const LEVEL = 3

/**
 * Zstandard (RFC 8878): one frame for each 2 MiB, compressed side by side, each with its length and checksum, and a
 * seek table at the end. `zstd -d` reads them as one file. Frames are decoded one by one, because Node 24 loses every
 * frame but the first of a stream, and because that uses every core.
 */
export function zstdCodec (concurrency: number): Codec {
  return {
    id: 'zstd',
    extension: '.zst',
    encode () {
      const table = new SeekTable()
      return blockStage({
        blockSize: BLOCK,
        concurrency,
        async convert (block) {
          const entry = table.reserve(block.length)
          const frame = await compress(block)
          entry.compressed = frame.length
          return frame
        },
        tail: () => table.toFrame()
      })
    },
    decode: () => frameStage({ concurrency, convert: decompress })
  }
}

function compress (block: Buffer): Promise<Buffer> {
  return run(zstdCompress, block, {
    // Databases compress to less than half, mostly; what does not takes another step. Room for the worst case would be
    // as much garbage again as the blocks themselves.
    chunkSize: Math.max(64, block.length >> 1),
    // Without it the header keeps silent about the length, and decoding takes four times as long.
    pledgedSrcSize: block.length,
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }
  })
}

function decompress ({ bytes, size }: Frame): Promise<Buffer> {
  // A frame that is silent about its length may be a few bytes that become terabytes.
  return run(zstdDecompress, bytes, {
    maxOutputLength: FRAME_LIMIT,
    ...size !== undefined && { chunkSize: Math.max(64, size + 1) }
  })
}

type OneShot = (bytes: Buffer, options: ZstdOptions, done: (error: Error | null, result: Buffer) => void) => void

function run (convert: OneShot, bytes: Buffer, options: ZstdOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    convert(bytes, options, (error, result) => {
      if (error === null) resolve(result)
      else reject(error)
    })
  })
}
