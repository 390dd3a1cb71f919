import { z } from 'zod'
import { parseDuration, type Duration } from '../core/duration.ts'
import { whole, type Field } from '../core/ports/field.ts'
import type { RetentionRules } from '../core/retention/rules.ts'
import { checkGiven } from './checked-value.ts'
import type { Problem } from './problem.ts'
import { asMap, readMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'

/** So many good backups stay whatever the rules say, where nothing else is given. */
export const MIN_BACKUPS = 3
const MOST = 100_000

const count = whole(1, MOST)
export const duration: Field<Duration> = {
  kind: 'value',
  schema: z.string().transform((text, context) => {
    try {
      return parseDuration(text)
    } catch {
      context.addIssue('not a duration')
      return z.NEVER
    }
  }),
  fromText: text => text,
  expects: 'a time such as 30d, 12h, 4w or 1y6mo'
}
const keep: Field<number | Duration> = {
  ...duration,
  schema: z.union([count.schema, duration.schema]),
  expects: `${count.expects}, or ${duration.expects}`
}

const FIELDS = {
  last: count,
  hourly: keep,
  daily: keep,
  weekly: keep,
  monthly: keep,
  yearly: keep,
  within: duration,
  retentionDays: whole(1, 36_600),
  minBackups: count
} as const

type Key = keyof typeof FIELDS

/** Which scheduled backups stay; undefined, and problems reported, where the map says it wrongly or not at all. */
export function readRetention (given: RawValue, problems: Problem[]): RetentionRules | undefined {
  const map = asMap(given, problems)
  if (map === undefined) return undefined
  const before = problems.length
  const fields = readMap(map, { prefix: `${given.name}.`, base: given.base }, Object.keys(FIELDS), problems, meaningOf)
  const values = Object.fromEntries(
    [...fields].map(([key, field]) => [key, checkGiven<unknown>(FIELDS[key as Key], field, problems)])
  )
  const [within, days] = [fields.get('within'), fields.get('retentionDays')]
  if (within !== undefined && days !== undefined) {
    problems.push({ name: days.name, problem: `duplicates ${within.name}`, remedy: 'Keep one of the two.' })
  }
  if (problems.length > before) return undefined

  const { minBackups = MIN_BACKUPS, retentionDays, ...rules } = values as Partial<Omit<RetentionRules, 'within'>> & {
    readonly within?: Duration
    readonly retentionDays?: number
  }
  const all = retentionDays === undefined ? rules : { ...rules, within: inDays(retentionDays) }
  if (Object.keys(all).length > 0) return { ...all, minBackups }
  problems.push({
    name: given.name,
    problem: 'has no rule',
    remedy: 'Set at least one rule, such as "daily: 7", or remove it.'
  })
  return undefined
}

export function inDays (days: number): Duration {
  return { years: 0, months: 0, days, hours: 0 }
}

/** The guide says `daily_keep` for what is `daily` here. */
function meaningOf (key: string): string {
  return toCamelCase(key).replace(/^(hourly|daily|weekly|monthly|yearly)Keep$/, '$1')
}
