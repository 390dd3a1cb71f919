import { promisify } from 'node:util'
import { createGunzip, gzip, type Gunzip } from 'node:zlib'
import { BackupError, systemCode } from '../core/errors.ts'
import type { Codec } from '../core/ports/codec.ts'
import { blockStage } from './ordered.ts'

const BLOCK = 1024 * 1024
/** What gzip itself takes when nothing is said. */
const LEVEL = 6

const gzipped = promisify(gzip)

/** gzip (RFC 1952): members of 1 MiB each, compressed side by side; `gzip -d` reads them as one file. */
export function gzipCodec (concurrency: number): Codec {
  return {
    id: 'gzip',
    extension: '.gz',
    encode: () => blockStage({ blockSize: BLOCK, concurrency, convert: compress }),
    decode
  }
}

function compress (block: Buffer): Promise<Buffer> {
  // Deflate's worst case is 5 bytes for every 16 KiB; room for all of it makes one step of the whole block.
  const chunkSize = block.length + Math.ceil(block.length / 16_383) * 5 + 64
  return gzipped(block, { level: LEVEL, chunkSize })
}

/** Node's own decoder reports damage in its own words, so its errors change on their way out. */
function decode (): Gunzip {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  const destroy = gunzip._destroy.bind(gunzip)
  gunzip._destroy = (error, done) => {
    const isOurs = error === null || !/^(Z_|ERR_ZLIB)/.test(systemCode(error) ?? '')
    destroy(
      isOurs ? error : new BackupError('DECODE_FAILED', 'the gzip stream is damaged or truncated', { cause: error }),
      done
    )
  }
  return gunzip
}
