import type { Position } from '../backup/chain-link.ts'
import type { Segment } from '../recovery/segment.ts'

export type NewSegment = Omit<Segment, 'id'>

export interface SegmentQuery {
  readonly source: string
  /** Left out: every lineage. */
  readonly lineage?: string
  /** Only what leads past this position … */
  readonly from?: Position
  /** … and begins before this one. */
  readonly to?: Position
}

/** Captured log, and the stores that hold it. Segments are no backups. */
export interface SegmentLog {
  /**
   * Records a segment that `landing` holds, and promises a copy of it to each of `promised`. One of the same name with
   * the same content is answered as it is known already; a partial one is replaced by one that leads further, and is
   * promised anew. `SEGMENT_CONFLICT` where the name stands for something else.
   */
  add(segment: NewSegment, landing: string, promised: readonly string[], at: Date): Promise<Segment>
  /** By lineage, and then in the order of their positions. */
  list(query: SegmentQuery): Promise<readonly Segment[]>
  /** What is still to be brought into the store, the oldest first, at most so many: a batch for one job. */
  promised(store: string, limit: number): Promise<readonly Segment[]>
  /** The store holds them now. Those that are not known any more are passed over. */
  stored(ids: readonly number[], store: string, at: Date): Promise<void>
  /** Names of the stores that hold the segment, or are to get it. */
  stores(id: number): Promise<readonly string[]>
  /** The store holds them no longer, and gets none. A segment that no store holds or gets is forgotten. May repeat. */
  remove(ids: readonly number[], store: string): Promise<void>
}
