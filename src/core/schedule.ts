/**
 * When the next interval backup is due: one interval after the last was started, at once where there was none or the
 * time has passed. A last start in the future (the clock was set back) counts as now, so that an interval is never
 * waited for longer than its length.
 */
export function nextDue (last: Date | null, interval: number, now: Date): Date {
  if (last === null) return now
  const from = Math.min(last.getTime(), now.getTime())
  return new Date(Math.max(from + interval, now.getTime()))
}
