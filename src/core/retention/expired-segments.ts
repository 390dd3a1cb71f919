import type { Position } from '../backup/chain-link.ts'
import type { SegmentSpan, KnownSegment } from '../recovery/segment.ts'
import type { Base } from '../recovery/window.ts'

/**
 * The captured log of one source that may go: what no kept backup needs to be usable, and what is older than the log is
 * kept. `bases`: all backups of the source that stay. `since`: each instant from then on can be restored, so that the
 * log stays from the newest base that is older; null: from the oldest base on. Log of a lineage without a base stays
 * until there is a newer base of another lineage. Pure.
 */
export function expiredSegments<T extends KnownSegment> (
  segments: readonly T[],
  bases: readonly Base[],
  since: Date | null
): readonly T[] {
  const byLineage = Map.groupBy(bases, ({ link }) => link.lineage)
  const newest = bases.reduce<Base | undefined>(
    (best, one) => best === undefined || one.reachedAt > best.reachedAt ? one : best,
    undefined
  )
  const starts = new Map([...byLineage].map(([lineage, own]) => [lineage, startOf(own, since)]))
  return segments.filter(segment => {
    if (since !== null && segment.finishedAt >= since) return false
    const start = starts.get(segment.lineage)
    if (start === undefined) return newest !== undefined && segment.finishedAt < newest.reachedAt
    return segment.to <= start && !(byLineage.get(segment.lineage) ?? []).some(base => isNeeded(segment, base))
  })
}

/** From where on the log of a lineage stays. */
function startOf (bases: readonly Base[], since: Date | null): Position {
  const [oldest, ...younger] = bases.toSorted((a, b) => a.reachedAt.getTime() - b.reachedAt.getTime())
  const start = since === null ? oldest : younger.findLast(({ reachedAt }) => reachedAt <= since) ?? oldest
  return start?.link.from ?? ''
}

/** Whether the base is only usable with the segment. */
function isNeeded ({ from, to }: SegmentSpan, { link }: Base): boolean {
  return from < link.to && to > link.from
}
