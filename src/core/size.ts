const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** A number of bytes for people: `15.3 MB`. */
export function inSize (bytes: number): string {
  let [value, step] = [bytes, 0]
  // 999,950 bytes are 1.0 MB: what would be rounded up to a thousand has the next unit.
  while (value >= (step === 0 ? 1000 : 999.95) && step < UNITS.length - 1) [value, step] = [value / 1000, step + 1]
  return `${value.toFixed(step === 0 ? 0 : 1)} ${UNITS[step] ?? ''}`
}
