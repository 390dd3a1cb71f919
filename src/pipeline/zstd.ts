import { constants, createZstdCompress, zstdDecompress, type ZstdCompress, type ZstdOptions } from 'node:zlib'
import type { Codec } from '../core/ports/codec.ts'
import { blockStage } from './ordered.ts'
import { FRAME_LIMIT, frameStage, type Frame } from './zstd-frames.ts'
import { SeekTable } from './zstd-seek-table.ts'

const BLOCK = 2 * 1024 * 1024
/** What zstd itself takes when nothing is said. */
const LEVEL = 3
/** Frames of most databases and files, two and more, fit into so many bytes. */
const OUTPUT = 4 * 1024 * 1024

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
      const compressors = new Compressors()
      return blockStage({
        blockSize: BLOCK,
        concurrency,
        async convert (block) {
          const entry = table.reserve(block.length)
          const frame = await compressors.compress(block)
          entry.compressed = frame.length
          return frame
        },
        tail: () => table.toFrame(),
        close: () => {
          compressors.close()
        }
      })
    },
    decode: () => frameStage({ concurrency, convert: decompress })
  }
}

/**
 * Compressors that are used again: a new one for each block needs some MiB of memory, which is cleared first. Each
 * writes what it makes into one buffer after the other.
 */
class Compressors {
  readonly #idle: ZstdCompress[] = []
  readonly #all = new Set<ZstdCompress>()

  /** A frame with the length of the block in its header: without it, decoding takes four times as long. */
  async compress (block: Buffer): Promise<Buffer> {
    const compressor = this.#idle.pop() ?? this.#make()
    await new Promise<void>((resolve, reject) => {
      compressor.write(block, error => {
        if (error == null) resolve()
        else reject(error)
      })
    })
    const parts: Buffer[] = []
    for (let part = read(compressor); part !== null; part = read(compressor)) parts.push(part)
    this.#idle.push(compressor)
    const [first] = parts
    return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
  }

  /** Blocks that are under way are rejected. */
  close (): void {
    for (const compressor of this.#all) compressor.destroy()
  }

  #make (): ZstdCompress {
    const compressor = createZstdCompress({
      // Each block is a frame of its own.
      flush: constants.ZSTD_e_end,
      chunkSize: OUTPUT,
      // A whole frame waits until it is read.
      readableHighWaterMark: 2 * BLOCK,
      params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }
    } as ZstdOptions)
    // The callback of the write gets the error.
    compressor.on('error', () => {})
    this.#all.add(compressor)
    return compressor
  }
}

/** The next part that is there; null: all of the frame was read. */
function read (compressor: ZstdCompress): Buffer | null {
  return compressor.read() as Buffer | null
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
