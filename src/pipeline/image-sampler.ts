import { hash } from 'node:crypto'
import { zstdCompress } from 'node:zlib'
import { PAGE, SAMPLE, type Measures } from '../core/backup/measures.ts'

/** Decimals that say something: two images are never compared more closely. */
const PRECISION = 10_000

/**
 * Measures an image that passes by. Of each only `SAMPLE` pages are copied, at most 2 MiB, and looked at in the end:
 * next to the digest of the whole that costs nothing. Its length need not be known: strides are powers of two, so the
 * pages of a longer stride are among those that were kept for a shorter one.
 */
export class ImageSampler {
  #stride = 1
  #sample: Buffer[] = []
  #at = 0

  /** The next bytes of the image. They are copied as far as they are needed. */
  take (chunk: Buffer): void {
    const end = this.#at + chunk.length
    for (let start = this.#firstFrom(this.#at); start < end;) {
      if (start / PAGE / this.#stride === SAMPLE) {
        this.#sample = this.#sample.filter((_, index) => index % 2 === 0)
        this.#stride *= 2
        continue
      }
      const from = Math.max(start, this.#at)
      const to = Math.min(start + PAGE, end)
      if (from < to) {
        const page = this.#sample[start / PAGE / this.#stride] ??= Buffer.allocUnsafe(PAGE)
        chunk.copy(page, from - start, from - this.#at, to - this.#at)
      }
      start += this.#stride * PAGE
    }
    this.#at = end
  }

  /** Right once the whole image was taken. */
  async measures (): Promise<Measures> {
    const pages = this.#sample.map((page, index) => page.subarray(0, this.#at - index * this.#stride * PAGE))
    const sample = Buffer.concat(pages)
    const entropy = pages.reduce((sum, page) => sum + entropyOf(page), 0)
    return {
      pages: Math.ceil(this.#at / PAGE),
      stride: this.#stride,
      entropy: rounded(entropy / Math.max(1, pages.length)),
      density: sample.length === 0 ? 0 : rounded(await compressedSize(sample) / sample.length),
      sketch: pages.map(page => hash('sha256', page, 'hex').charAt(0)).join('')
    }
  }

  /** Where the page begins that has the byte at `at`, or the one before it, and is looked at. */
  #firstFrom (at: number): number {
    const step = this.#stride * PAGE
    return Math.floor(at / step) * step
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
