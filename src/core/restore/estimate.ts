import type { Restore } from './restore.ts'

/** How long a restore is likely to take. */
export interface RestoreEstimate {
  /** For the whole: proof, backup of what is there now, and restore. */
  readonly milliseconds: number
  /** How many restores and drills of the source it is taken from; 0: from the size alone. */
  readonly from: number
}

/** So many of the newest are enough, and their median is not moved by one that waited. */
const NEWEST = 5
/** What a restore takes however small it is, in milliseconds, and bytes per millisecond, where nothing is known. */
const [AT_LEAST, RATE] = [1000, 50_000]

/**
 * The median of the newest restores and drills that came to their end, each scaled to `size` where that is larger.
 * `earlier`: newest first; `size`: plain bytes.
 */
export function estimateRestore (earlier: readonly Restore[], size: number): RestoreEstimate {
  const durations = earlier.flatMap(({ status, bytes, startedAt, finishedAt }) => {
    if (!['completed', 'passed'].includes(status) || finishedAt === null || bytes === null || bytes === 0) return []
    const took = Math.max(0, finishedAt.getTime() - startedAt.getTime())
    return [took * Math.max(1, size / bytes)]
  }).slice(0, NEWEST).toSorted((one, other) => one - other)
  const median = durations[Math.floor(durations.length / 2)]
  return { milliseconds: Math.round(median ?? AT_LEAST + size / RATE), from: durations.length }
}
