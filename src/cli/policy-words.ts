import { formatDuration, inOneUnit } from '../core/duration.ts'
import type { Keep, RetentionRules } from '../core/retention/rules.ts'
import type { SourcePolicy } from '../core/schedule/policy.ts'
import type { CalendarRule } from '../core/schedule/schedule.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December'
]

/** When automatic backups are made: `every 6 h`, `daily at 02:00 and on Sundays at 03:00, time zone Europe/Vienna`. */
export function scheduleInWords ({ enabled, interval, schedule, coveredBy }: SourcePolicy): string {
  if (coveredBy !== null) return `with the set "${coveredBy}"`
  const times = [
    ...interval === null ? [] : [`every ${intervalInWords(interval)}`],
    ...schedule === null ? [] : [`${joined(schedule.rules.map(ruleWithMethod))}, time zone ${schedule.timeZone}`]
  ]
  if (times.length === 0) return 'no automatic backups'
  return `${times.join('; ')}${enabled ? '' : ' (turned off)'}`
}

/**
 * What retention keeps: `at most 10`, `of the scheduled backups one for each of the last 7 days, and never fewer than
 * 3`.
 */
export function retentionInWords ({ maxBackups, retention }: Pick<SourcePolicy, 'maxBackups' | 'retention'>): string {
  const parts = [
    ...maxBackups === null ? [] : [`at most ${maxBackups}`],
    ...retention === null
      ? []
      : [`of the scheduled backups ${joined(rulesInWords(retention))}, and never fewer than ${retention.minBackups}`]
  ]
  return parts.length === 0 ? 'all backups' : parts.join('; ')
}

/** When backups are drilled: `on Sundays at 06:00, time zone UTC`. */
export function drillsInWords ({ enabled, drillSchedule, coveredBy }: SourcePolicy): string {
  if (coveredBy !== null) return `with the set "${coveredBy}"`
  if (drillSchedule === null) return 'only on request'
  return `${ruleInWords({ tier: null, pattern: drillSchedule })}, time zone UTC${enabled ? '' : ' (turned off)'}`
}

/** Where backups are copied to of the stores that there are: `to offsite and disk; then removed from BACKUP_DIR`. */
export function copiesInWords (
  { stores, keepLocal }: Pick<SourcePolicy, 'stores' | 'keepLocal'>,
  known: readonly string[]
): string {
  const chosen = stores ?? known
  return chosen.length === 0 ? 'nowhere' : `to ${joined(chosen)}${keepLocal ? '' : '; then removed from BACKUP_DIR'}`
}

/**
 * How far chains are continued: `at most 24 backups within 7 d of the full one`; null: the schedule makes full backups
 * only.
 */
export function chainsInWords ({ schedule, maxChainLength, maxChainAge }: SourcePolicy): string | null {
  if (schedule?.rules.every(({ method = 'full' }) => method === 'full') !== false) return null
  return `at most ${maxChainLength} backups within ${inOneUnit(maxChainAge)} after the full backup`
}

function rulesInWords ({ last, within, ...rules }: RetentionRules): string[] {
  const periods = [['hour', rules.hourly], ['day', rules.daily], ['week', rules.weekly], ['month', rules.monthly], [
    'year',
    rules.yearly
  ]] as const
  return [
    ...last === undefined ? [] : [`the newest ${last}`],
    ...within === undefined ? [] : [`all of the last ${formatDuration(within)}`],
    ...periods.flatMap(([period, keep]) => keep === undefined ? [] : [`one for each ${keepInWords(period, keep)}`])
  ]
}

function keepInWords (period: string, keep: Keep): string {
  return typeof keep === 'number' ? `of the last ${keep} ${period}s` : `${period} of the last ${formatDuration(keep)}`
}

function ruleWithMethod ({ method = 'full', ...rule }: CalendarRule): string {
  return method === 'full' ? ruleInWords(rule) : `${ruleInWords(rule)} (${method})`
}

function ruleInWords ({ tier, pattern }: Pick<CalendarRule, 'tier' | 'pattern'>): string {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = pattern.split(' ')
  const isFixed = isNumber(minute) && isNumber(hour)
  const at = `at ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  const which = `${day === '*' ? '*' : 'd'}${month === '*' ? '*' : 'm'}${weekday === '*' ? '*' : 'w'}`
  if (isNumber(minute) && hour === '*' && which === '***') return `every hour at minute ${minute}`
  if (isFixed && which === '***') return `daily ${at}`
  if (isFixed && which === '**w' && isNumber(weekday)) return `on ${DAYS[Number(weekday)] ?? weekday}s ${at}`
  if (isFixed && which === 'd**' && isNumber(day)) return `on day ${day} of each month ${at}`
  if (isFixed && which === 'd**' && day === 'L') return `on the last day of each month ${at}`
  if (isFixed && which === 'dm*' && isNumber(day) && isNumber(month)) {
    return `on ${day} ${MONTHS[Number(month) - 1] ?? month} ${at}`
  }
  return `${tier === null ? '' : `${tier} `}by "${pattern}"`
}

/** `day`, `6 h`. */
function intervalInWords (interval: number): string {
  const text = inOneUnit(interval)
  return text === '1 d' ? 'day' : text === '1 h' ? 'hour' : text
}

function isNumber (text: string): boolean {
  return /^\d+$/.test(text)
}

function joined (phrases: readonly string[]): string {
  return phrases.length < 2 ? phrases.join('') : `${phrases.slice(0, -1).join(', ')} and ${phrases.at(-1) ?? ''}`
}
