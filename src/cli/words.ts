const SPANS = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1000, 's']] as const

/** A span of milliseconds for people, in its two largest units: `3 d 4 h`. */
export function inSpan (ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'], [
    Math.floor(seconds / 60) % 60,
    'min'
  ], [seconds % 60, 's']] as const
  const first = parts.findIndex(([number]) => number > 0)
  if (first === -1) return '0 s'
  return parts.slice(first, first + 2).filter(([number]) => number > 0).map(([number, unit]) => `${number} ${unit}`)
    .join(' ')
}

/** How far `time` is from `now`, in one unit, rounded down: `2 h ago`, `in 3 d`. */
export function inAge (time: Date, now: Date): string {
  const ms = now.getTime() - time.getTime()
  const [length, unit] = SPANS.find(([length]) => Math.abs(ms) >= length) ?? [1000, 's']
  const count = Math.floor(Math.abs(ms) / length)
  if (count === 0) return 'just now'
  return ms > 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`
}

/** How long something took: `12.4 s`, from a minute on as `inSpan`. */
export function inDuration (ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : inSpan(ms)
}

/** To the minute, in UTC: `2025-11-11 02:00`. */
export function inMinutes (time: Date): string {
  return time.toISOString().slice(0, 16).replace('T', ' ')
}

/** To the second, in UTC: `2025-11-11 02:00:00`. */
export function inSeconds (time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ')
}
