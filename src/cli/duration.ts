import { BackupError } from '../core/errors.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
const LONGEST = 3650 * 86_400

/** `30d`, `12h`, `15m`, `45s` in seconds; null for `never`. Throws `VALIDATION_FAILED`. */
export function parseExpiry (text: string): number | null {
  if (text === 'never') return null
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * (UNITS[unit ?? ''] ?? 0)
  if (seconds >= 1 && seconds <= LONGEST) return seconds
  throw new BackupError('VALIDATION_FAILED', `"${text}" is not a valid lifetime of a token`, {
    hint: 'Give a number and a unit (s, m, h, d), such as 30d or 12h, at most 3650d, or "never".'
  })
}
