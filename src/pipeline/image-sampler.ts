import { hash } from 'node:crypto'
import { zstdCompress } from 'node:zlib'
import { PAGE, strideFor, type Measures } from '../core/backup/measures.ts'

/** Decimals that say something: two images are never compared more closely. */
const PRECISION = 10_000

/**
 * Measures an image that passes by. Of each only `SAMPLE` pages are copied, at most 2 MiB, and looked at in the end:
 * next to the digest of the whole that costs nothing.
 */
export class ImageSampler {
  readonly #pages: number
  readonly #stride: number
  readonly #sample: Buffer
  #at = 0

  /** `size` is the length of the image in bytes. */
  constructor (size: number) {
    this.#pages = Math.ceil(size / PAGE)
    this.#stride = strideFor(this.#pages)
    const looked = Math.ceil(this.#pages / this.#stride)
    const last = Math.max(0, looked - 1)
    this.#sample = Buffer.alloc(looked === 0 ? 0 : last * PAGE + Math.min(PAGE, size - last * this.#stride * PAGE))
  }

  /** The next bytes of the image. They are copied as far as they are needed. */
  take (chunk: Buffer): void {
    const end = this.#at + chunk.length
    const step = this.#stride * PAGE
    for (let start = Math.floor(this.#at / step) * step; start < end; start += step) {
      const from = Math.max(start, this.#at)
      const to = Math.min(start + PAGE, end)
      if (from < to) chunk.copy(this.#sample, start / this.#stride + from - start, from - this.#at, to - this.#at)
    }
    this.#at = end
  }

  /** Right once the whole image was taken. */
  async measures (): Promise<Measures> {
    const sample = this.#sample
    let sketch = ''
    let entropy = 0
    for (let at = 0; at < sample.length; at += PAGE) {
      const page = sample.subarray(at, at + PAGE)
      sketch += hash('sha256', page, 'hex').charAt(0)
      entropy += entropyOf(page)
    }
    return {
      pages: this.#pages,
      stride: this.#stride,
      entropy: rounded(entropy / Math.max(1, sketch.length)),
      density: sample.length === 0 ? 0 : rounded(await compressedSize(sample) / sample.length),
      sketch
    }
  }
}

/** In bits a byte. */
function entropyOf (page: Buffer): number {
  const counts = new Uint32Array(256)
  for (const byte of page) counts[byte] = (counts[byte] ?? 0) + 1
  let entropy = 0
  for (const count of counts) if (count > 0) entropy -= count / page.length * Math.log2(count / page.length)
  return entropy
}

/** On the thread pool, whatever the backup itself is compressed with: so it can be compared when that was changed. */
function compressedSize (bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    zstdCompress(bytes, (error, result) => {
      if (error === null) resolve(result.length)
      else reject(error)
    })
  })
}

function rounded (value: number): number {
  return Math.round(value * PRECISION) / PRECISION
}
