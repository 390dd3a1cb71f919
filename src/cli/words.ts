import { inLargestUnit } from '../core/duration.ts'

/** How far `time` is from `now`, in one unit, rounded down: `2 h ago`, `in 3 d`. */
export function inAge (time: Date, now: Date): string {
  const ms = now.getTime() - time.getTime()
  if (Math.abs(ms) < 1000) return 'just now'
  return ms > 0 ? `${inLargestUnit(ms)} ago` : `in ${inLargestUnit(-ms)}`
}

/** To the minute, in UTC: `2025-11-11 02:00`. */
export function inMinutes (time: Date): string {
  return time.toISOString().slice(0, 16).replace('T', ' ')
}

/** To the second, in UTC: `2025-11-11 02:00:00`. */
export function inSeconds (time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ')
}
