/** Bytes that are looked at as one page, whatever pages the image itself has. */
export const PAGE = 4096
/** So many pages of an image are looked at, at most. */
export const SAMPLE = 512

/** What can be told of an image by looking at some of its pages. It says next to nothing of what is in them. */
export interface Measures {
  /** How many pages the image has, the last perhaps short. */
  readonly pages: number
  /** Every so many-th page was looked at, from the first; a power of two. */
  readonly stride: number
  /** Shannon entropy of the bytes of a page, on average: 0 (all alike) to 8 (random). */
  readonly entropy: number
  /** What the pages that were looked at are compressed to, as a share of what they are: 1 is random. */
  readonly density: number
  /**
   * One hex digit of the SHA-256 of each. A digit cannot confirm a guess at what is in a page, which a whole digest
   * could, beside a backup that is sealed; of many it still tells how many changed.
   */
  readonly sketch: string
}

/** One changed page in so many has the same digit as before. */
const DIGITS = 16

/**
 * The share of the pages there were before that are different now, or gone: 0 to 1, give or take 0.05. null: there were
 * none.
 */
export function changedShare (before: Measures, now: Measures): number | null {
  const stride = Math.max(before.stride, now.stride)
  const compared = Math.ceil(before.pages / stride)
  if (compared === 0) return null
  let changed = 0
  let gone = 0
  for (let index = 0; index < compared; index++) {
    const page = index * stride
    const digit = now.sketch[page / now.stride]
    if (digit === undefined) gone++
    else if (digit !== before.sketch[page / before.stride]) changed++
  }
  return Math.min(1, (gone + changed * DIGITS / (DIGITS - 1)) / compared)
}
