import type { Position } from '../backup/chain-link.ts'
import type { Compression } from '../ports/codec.ts'
import type { Encryption } from '../ports/encryption.ts'

/**
 * A stretch of the captured history of a source: it leads from the state at `from` to the state at `to`. Where one ends
 * and the next begins, the positions are equal: a file of transactions 5 to 7 leads from 4 to 7.
 */
export interface SegmentSpan {
  readonly lineage: string
  readonly from: Position
  readonly to: Position
}

/** What recovery has to know of a segment. */
export interface KnownSegment extends SegmentSpan {
  /** Of the first and the last transaction that ended in it, by the clock of the source; null: none, or not known. */
  readonly firstCommit: Date | null
  readonly lastCommit: Date | null
  /** Nothing in it is younger. */
  readonly finishedAt: Date
  /** A copy of one that was not full yet: one that leads further takes its place. */
  readonly isPartial: boolean
}

/** One object of captured log. It is no backup and has no manifest. */
export interface Segment extends KnownSegment {
  readonly id: number
  readonly source: string
  /** Name of the object in every store, `log/<source>/<lineage>/<name>` and the endings of codec and seal. */
  readonly key: string
  /** What the source calls it. */
  readonly name: string
  /** As it is stored: bytes, and SHA-256 in hex. */
  readonly object: { readonly size: number, readonly sha256: string }
  /** The plain bytes. */
  readonly image: { readonly size: number, readonly sha256: string }
  readonly compression: Compression
  readonly encryption: Encryption
}

/** What leads from `start` as far as may be without a gap. */
export interface Run<T> {
  /** In the order in which they are applied. Each begins at or before the end of the one before it. */
  readonly segments: readonly T[]
  readonly reached: Position
}

/**
 * Follows the segments that may be used from a position as far as they lead, in as few steps as possible. All are of
 * one lineage. Pure, as all here.
 */
export function follow<T extends KnownSegment> (
  segments: readonly T[],
  start: Position,
  mayUse: (segment: T) => boolean = () => true
): Run<T> {
  const chosen: T[] = []
  let reached = start
  let best: T | undefined
  for (const segment of segments.filter(mayUse).toSorted(byFrom)) {
    if (segment.from > reached) {
      if (best === undefined || best.to <= reached) break
      chosen.push(best)
      reached = best.to
      if (segment.from > reached) break
    }
    if (best === undefined || leadsFurther(segment, best)) best = segment
  }
  if (best !== undefined && best.to > reached) {
    chosen.push(best)
    reached = best.to
  }
  return { segments: chosen, reached }
}

function byFrom (a: SegmentSpan, b: SegmentSpan): number {
  return a.from < b.from ? -1 : a.from > b.from ? 1 : 0
}

function leadsFurther (one: KnownSegment, other: KnownSegment): boolean {
  return one.to > other.to || (one.to === other.to && other.isPartial && !one.isPartial)
}
