/**
 * The largest id that a backup can have: the API and the command line take fifteen digits, and a number is exact up to
 * there.
 */
export const LARGEST_ID = 999_999_999_999_999

/** The largest id that is taken from a manifest. It leaves room for more backups than anyone makes. */
const LARGEST_ADOPTED = 1_000_000_000_000

/**
 * An id in a manifest may be so far above the largest that the catalog knows. Failed and removed backups leave such
 * gaps.
 */
const LARGEST_GAP = 1_000_000

/**
 * Whether a backup that is taken over keeps the id that its manifest asks for. `largest` is the largest id in the
 * catalog, 0 where it is empty. A manifest is written by whoever can write to the store, and every later id lies above
 * those that are kept: without a bound, one manifest could use up all ids that there are.
 */
export function isAdoptableId (id: number, largest: number): boolean {
  return Number.isSafeInteger(id) && id > 0 && id <= LARGEST_ADOPTED && id <= largest + LARGEST_GAP
}
