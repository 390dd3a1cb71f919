import type { Backup } from '../../../src/core/backup/backup.ts'
import type { LinkOutline, Position } from '../../../src/core/backup/chain-link.ts'
import type { Segment } from '../../../src/core/recovery/segment.ts'
import { NOW, backupOf } from './backup.ts'

const MINUTE = 60_000

/** A number as a position. */
export function at (position: number): Position {
  return position.toString(16).padStart(16, '0')
}

/** The source is at position n so many minutes after a first instant. */
export function instant (position: number): Date {
  return new Date(NOW.getTime() - 10_000 * MINUTE + position * MINUTE)
}

export function linkOf (given: Partial<LinkOutline> = {}): LinkOutline {
  return { chain: 'chain-1', lineage: 'lineage-1', depth: 0, from: at(0), to: at(0), ...given }
}

/** A live backup of a chain that stands at the position, and needs no captured log unless it is given a `from`. */
export function linked (
  id: number,
  position: number,
  { from = position, ...given }: Partial<Omit<LinkOutline, 'from' | 'to'>> & { readonly from?: number } = {},
  rest: Partial<Backup> = {}
): Backup {
  return backupOf(id, {
    startedAt: instant(position),
    completedAt: instant(position),
    link: linkOf({ ...given, from: at(from), to: at(position) }),
    ...rest
  })
}

/** Captured log between two positions. A transaction ended at each position but the first. */
export function segmentOf (from: number, to: number, given: Partial<Segment> = {}): Segment {
  const name = `${at(from)}-${at(to)}`
  return {
    id: from * 1000 + to,
    source: 'shop',
    lineage: 'lineage-1',
    from: at(from),
    to: at(to),
    key: `log/shop/lineage-1/${name}`,
    name,
    firstCommit: instant(from + 1),
    lastCommit: instant(to),
    finishedAt: instant(to),
    isPartial: false,
    object: { size: 10, sha256: 'b'.repeat(64) },
    image: { size: 10, sha256: 'a'.repeat(64) },
    compression: 'none',
    encryption: 'none',
    ...given
  }
}
