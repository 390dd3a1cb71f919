import { z } from 'zod'
import { choice, flag, whole, wholeBy, type Field } from '../core/ports/field.ts'
import type { SourceOverrides } from '../core/schedule/policy.ts'
import type { CalendarRule } from '../core/schedule/schedule.ts'
import { settingsSchema } from '../core/schedule/settings.ts'
import { checkGiven } from './checked-value.ts'
import { cronPattern } from './cron.ts'
import type { Problem } from './problem.ts'
import { asMap, readMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'

/** When backups are made by themselves. */
export type Timing = Pick<SourceOverrides, 'interval' | 'schedule'>

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december'
]
/** 29 February is left out: it is not in every year. */
const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const LAST = 'L'

const last = z.literal('last').transform(() => LAST)
const time = value(
  z.string().regex(/^([01]?\d|2[0-3]):[0-5]\d$/).transform(text => text.split(':').map(Number).toReversed().join(' ')),
  'a time of day in quotes, such as "02:00"'
)

const method = choice(['full', 'incremental'])

/** Minute and hour come as a pattern begins with them, the rest as it goes on. */
const FIELDS = {
  hourlyEnabled: flag,
  hourlyInterval: value(
    z.literal([1, 2, 3, 4, 6, 8, 12]),
    'a number of hours that divides the day: 1, 2, 3, 4, 6, 8 or 12'
  ),
  hourlyMinute: whole(0, 59),
  hourlyMethod: method,
  dailyEnabled: flag,
  dailyTime: time,
  dailyMethod: method,
  weeklyEnabled: flag,
  weeklyDay: value(nameIn(DAYS), `one of ${DAYS.join(', ')}`),
  weeklyTime: time,
  weeklyMethod: method,
  monthlyEnabled: flag,
  monthlyDay: value(z.union([z.int().min(1).max(28), last]), 'a day that exists in every month: 1 to 28, or last'),
  monthlyTime: time,
  monthlyMethod: method,
  yearlyEnabled: flag,
  yearlyMonth: value(
    z.union([z.int().min(1).max(12), nameIn(MONTHS).transform(index => index + 1)]),
    'a month, 1 to 12, or its name'
  ),
  yearlyDay: value(z.union([z.int().min(1).max(31), last]), 'a day of that month, or last'),
  yearlyTime: time,
  yearlyMethod: method,
  interval: wholeBy(settingsSchema.shape.autoBackupInterval),
  timeZone: value(z.string().refine(isTimeZone), 'a time zone by its name, such as "Europe/Vienna"')
} as const

type Key = keyof typeof FIELDS
type Values = { readonly [K in Key]?: typeof FIELDS[K]['schema']['_output'] }

const KEYS = [...Object.keys(FIELDS), 'cron'] as readonly string[]
const TIERS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

/**
 * What the map of a schedule says. A tier runs when it is enabled, or when any of its keys is given and it is not said
 * to be off; what is left out of it are the times of the guide. undefined, and problems reported, where that is no
 * schedule.
 */
export function readSchedule (given: RawValue, problems: Problem[]): Timing | undefined {
  const map = asMap(given, problems)
  if (map === undefined) return undefined
  const before = problems.length
  const fields = readMap(map, { prefix: `${given.name}.`, base: given.base }, KEYS, problems, toCamelCase)
  const values = Object.fromEntries(
    [...fields].flatMap(([key, field]) =>
      key === 'cron' ? [] : [[key, checkGiven<unknown>(FIELDS[key as Key], field, problems)]]
    )
  ) as Values
  const patterns = readPatterns(fields.get('cron'), problems)
  checkYearly(fields.get('yearlyDay'), values, problems)
  const tiers = TIERS.filter(tier => values[`${tier}Enabled`] ?? [...fields.keys()].some(key => key.startsWith(tier)))
  if (problems.length > before) return undefined

  const rules = [
    ...tiers.map((tier): CalendarRule => ({
      name: tier,
      tier,
      pattern: patternOf(tier, values),
      ...values[`${tier}Method`] === 'incremental' ? { method: 'incremental' } : {}
    })),
    ...patterns.map(ruleOfPattern)
  ]
  const { interval, timeZone = 'UTC' } = values
  if (rules.length === 0 && interval === undefined) {
    problems.push({
      name: given.name,
      problem: 'has no time',
      remedy:
        'Set at least one, such as dailyTime: "02:00", or remove it; with "enabled: false", backups are only made on request.'
    })
    return undefined
  }
  return {
    ...interval === undefined ? {} : { interval },
    ...rules.length === 0 ? {} : { schedule: { rules, timeZone } }
  }
}

export function ruleOfPattern (pattern: string): CalendarRule {
  return { name: `cron ${pattern}`, tier: null, pattern }
}

function readPatterns (given: RawValue | undefined, problems: Problem[]): readonly string[] {
  if (given === undefined) return []
  const list: unknown[] = Array.isArray(given.value) ? given.value : [given.value]
  const places = list.map((value, index) => ({
    ...given,
    value,
    name: Array.isArray(given.value) ? `${given.name}[${index}]` : given.name
  }))
  const patterns = places.map(place => checkGiven(cronPattern, place, problems))
  for (const [index, pattern] of patterns.entries()) {
    if (pattern !== undefined && patterns.indexOf(pattern) < index) {
      problems.push({
        name: places[index]?.name ?? given.name,
        problem: `"${pattern}" occurs twice`,
        remedy: 'Keep one of the two.'
      })
    }
  }
  return patterns.filter(pattern => pattern !== undefined)
}

function patternOf (tier: typeof TIERS[number], values: Values): string {
  const {
    hourlyInterval = 1,
    hourlyMinute = 0,
    dailyTime = '0 2',
    weeklyDay = 0,
    weeklyTime = '0 3',
    monthlyDay = 1,
    monthlyTime = '0 4',
    yearlyMonth = 1,
    yearlyDay = 1,
    yearlyTime = '0 5'
  } = values
  switch (tier) {
    case 'hourly':
      return `${hourlyMinute} ${hourlyInterval === 1 ? '*' : `*/${hourlyInterval}`} * * *`
    case 'daily':
      return `${dailyTime} * * *`
    case 'weekly':
      return `${weeklyTime} * * ${weeklyDay}`
    case 'monthly':
      return `${monthlyTime} ${monthlyDay} * *`
    case 'yearly':
      return `${yearlyTime} ${yearlyDay} ${yearlyMonth} *`
  }
}

function checkYearly (given: RawValue | undefined, { yearlyMonth = 1, yearlyDay }: Values, problems: Problem[]): void {
  const days = LENGTHS[yearlyMonth - 1] ?? 31
  if (given === undefined || typeof yearlyDay !== 'number' || yearlyDay <= days) return
  problems.push({
    name: given.name,
    problem: `"${yearlyDay}" does not exist in that month in every year`,
    remedy: `Set 1 to ${days}, or last.`
  })
}

function value<T> (schema: z.ZodType<T>, expects: string): Field<T> {
  return { kind: 'value', schema, fromText: text => text, expects }
}

/** Its place among `names`, by the whole name or its first three letters. */
function nameIn (names: readonly string[]): z.ZodType<number> {
  return z.string().transform(text => names.findIndex(name => [name, name.slice(0, 3)].includes(text.toLowerCase())))
    .refine(index => index >= 0)
}

function isTimeZone (name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    // Intl throws what it does not know.
    return false
  }
}
