import { Argument, InvalidArgumentError, Option } from 'commander'
import { parseSpan } from '../core/duration.ts'
import { BackupError } from '../core/errors.ts'
import { parsePastTime, PAST_TIMES } from './past-time.ts'
import type { Shell } from './shell.ts'

/** The description of a backup holds so many characters. */
const LONGEST_DESCRIPTION = 1000

/** A list on the screen or as JSON has at most this many entries. */
const LONGEST_LIST = 999_999_999

export function jsonOption (): Option {
  return new Option('--json', 'print JSON; docs/cli.schema.json describes the format')
}

export function sourceOption (what: string): Option {
  return new Option('--source <name>', what)
}

export function idArgument (): Argument {
  return new Argument('<id>', 'id of the backup, as shown by "list"').argParser(parseId)
}

export function restoreArgument (): Argument {
  return new Argument('<id>', 'id of the restore, as shown by "restores"').argParser((text: string) => {
    if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Give the id of a restore, such as 12.')
    return Number(text)
  })
}

export function idsArgument (flags: '<ids...>' | '[ids...]'): Argument {
  return new Argument(flags, 'ids of the backups, as shown by "list"').argParser(repeatable(parseId))
}

/** The parser of an argument or option that can be given several times: a list of the values, in their order. */
export function repeatable<T> (parse: (text: string) => T): (text: string, before?: readonly T[]) => readonly T[] {
  return (text, before = []) => [...before, parse(text)]
}

/** The parser of a whole number in decimal digits. Throws `InvalidArgumentError` for anything else. */
export function wholeNumber (min: number, max: number): (text: string) => number {
  return text => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

export function parseId (text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Give the id of a backup, such as 12.')
  return Number(text)
}

export function limitOption (what: string): Option {
  return new Option('--limit <number>', `show at most this many ${what}`).argParser(wholeNumber(1, LONGEST_LIST))
    .default(50)
}

export function sinceOption (what: string, screen: Shell['screen']): Option {
  return pastTimeOption('--since <time>', `${what} at or after this`, screen)
}

/** `screen` is only asked when the option is given. */
export function pastTimeOption (flags: string, what: string, screen: Shell['screen']): Option {
  return new Option(flags, `${what}: ${PAST_TIMES}`).argParser(text => parsePastTime(text, screen()))
}

const LONGEST_WAIT = 3_600_000

/** `500ms`, `15s`, `2m` in milliseconds, up to an hour. */
export function parseWait (text: string): number {
  const ms = parseSpan(text, ['ms', 's', 'm'], 7)
  if (ms !== undefined && ms <= LONGEST_WAIT) return ms
  throw new InvalidArgumentError('Give a number and a unit (ms, s, m), such as 15s, at most 60m.')
}

const LONGEST_EXPIRY = 3650 * 86_400_000

/** `30d`, `12h`, `15m`, `45s` in seconds; null for `never`. Throws `VALIDATION_FAILED`. */
export function parseExpiry (text: string): number | null {
  if (text === 'never') return null
  const ms = parseSpan(text, ['s', 'm', 'h', 'd'])
  if (ms !== undefined && ms > 0 && ms <= LONGEST_EXPIRY) return ms / 1000
  throw new BackupError('VALIDATION_FAILED', `"${text}" is not a valid lifetime of a token`, {
    hint: 'Give a number and a unit (s, m, h, d), such as 30d or 12h, at most 3650d, or "never".'
  })
}

export function parseDescription (text: string): string {
  if (text.length > LONGEST_DESCRIPTION) throw new InvalidArgumentError(`At most ${LONGEST_DESCRIPTION} characters.`)
  return text
}
