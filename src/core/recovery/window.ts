import type { LinkOutline, Position } from '../backup/chain-link.ts'
import type { KnownSegment } from './segment.ts'

/** A backup from which captured log can be applied: every link of its chain is there. */
export interface Base {
  /** Of the backup. */
  readonly id: number
  readonly link: LinkOutline
  /** The source had reached `link.to` by then. */
  readonly reachedAt: Date
}

/** A stretch of the history of a source without a gap: each state in it can be restored. */
export interface Window {
  readonly lineage: string
  readonly from: Position
  readonly to: Position
  /** The same stretch by the clock of the source. */
  readonly fromAt: Date
  readonly toAt: Date
  /** Ids of the backups that recovery can begin with, in the order of their positions; never empty. */
  readonly bases: readonly number[]
}

/**
 * The windows of one source, oldest first. A base that needs captured log to be usable (`link.from` before `link.to`)
 * counts only where all of that log is there. `until`: everything that the source did before this instant is captured;
 * null: not known. Pure.
 */
export function windowsOf (
  bases: readonly Base[],
  segments: readonly KnownSegment[],
  until: Date | null
): readonly Window[] {
  const lineages = new Map<string, { bases: Base[], segments: KnownSegment[] }>()
  const lineageOf = (name: string): { bases: Base[], segments: KnownSegment[] } => {
    const known = lineages.get(name) ?? { bases: [], segments: [] }
    lineages.set(name, known)
    return known
  }
  for (const base of bases) lineageOf(base.link.lineage).bases.push(base)
  for (const segment of segments) lineageOf(segment.lineage).segments.push(segment)
  const windows = [...lineages.values()].flatMap(one => windowsOfLineage(one.bases, stretchesOf(one.segments)))
    .toSorted((a, b) => a.toAt.getTime() - b.toAt.getTime())
  return until === null ? windows : withHead(windows, headOf(bases, segments), until)
}

/** Captured log without a gap. */
interface Stretch {
  readonly from: Position
  readonly to: Position
  readonly lastCommit: Date | null
}

function stretchesOf (segments: readonly KnownSegment[]): readonly Stretch[] {
  const stretches: Stretch[] = []
  for (const { from, to, lastCommit } of segments.toSorted((a, b) => order(a.from, b.from))) {
    const last = stretches.at(-1)
    if (last === undefined || from > last.to) stretches.push({ from, to, lastCommit })
    else {
      stretches[stretches.length - 1] = {
        from: last.from,
        to: to > last.to ? to : last.to,
        lastCommit: later(last.lastCommit, lastCommit)
      }
    }
  }
  return stretches
}

function windowsOfLineage (bases: readonly Base[], stretches: readonly Stretch[]): readonly Window[] {
  const windows: Window[] = []
  let next = 0
  for (const { id, link, reachedAt } of bases.toSorted((a, b) => order(a.link.to, b.link.to))) {
    while (next < stretches.length && (stretches[next]?.to ?? '') < link.to) next++
    const found = stretches[next]
    const stretch = found !== undefined && found.from <= link.to ? found : undefined
    const isUsable = link.from === link.to || (stretch !== undefined && stretch.from <= link.from)
    if (!isUsable) continue
    const last = windows.at(-1)
    const toAt = later(reachedAt, stretch?.lastCommit ?? null) ?? reachedAt
    if (last !== undefined && link.to <= last.to) {
      windows[windows.length - 1] = {
        ...last,
        to: stretch?.to ?? last.to,
        fromAt: reachedAt < last.fromAt ? reachedAt : last.fromAt,
        toAt: toAt > last.toAt ? toAt : last.toAt,
        bases: [...last.bases, id]
      }
    } else {
      windows.push({
        lineage: link.lineage,
        from: link.to,
        to: stretch?.to ?? link.to,
        fromAt: reachedAt,
        toAt,
        bases: [id]
      })
    }
  }
  return windows
}

/** Where the source is now, as far as is known: the lineage of what is newest, and its last position. */
interface Head {
  readonly lineage: string
  readonly position: Position
}

/** undefined: nothing is known. */
function headOf (bases: readonly Base[], segments: readonly KnownSegment[]): Head | undefined {
  const known = [
    ...bases.map(({ link: { lineage, to }, reachedAt }) => ({ lineage, to, at: reachedAt })),
    ...segments.map(({ lineage, to, finishedAt }) => ({ lineage, to, at: finishedAt }))
  ]
  const newest = known.reduce<typeof known[number] | undefined>(
    (best, one) => best === undefined || one.at > best.at ? one : best,
    undefined
  )
  if (newest === undefined) return undefined
  const { lineage } = newest
  return {
    lineage,
    position: known.reduce((last, one) => one.lineage === lineage && one.to > last ? one.to : last, newest.to)
  }
}

function withHead (
  windows: readonly Window[],
  head: Head | undefined,
  until: Date
): readonly Window[] {
  return windows.map(window =>
    window.lineage === head?.lineage && window.to === head.position && until > window.toAt
      ? { ...window, toAt: until }
      : window
  )
}

function later (one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other
  return one > other ? one : other
}

function order (a: Position, b: Position): number {
  return a < b ? -1 : a > b ? 1 : 0
}
