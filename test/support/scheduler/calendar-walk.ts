const MINUTE = 60_000
const HOUR = 60 * MINUTE
const HALF = 30 * MINUTE

/**
 * When a cron pattern is due, said a second time and as plainly as can be: by looking at the clock of a zone at every
 * minute. A time of day counts as shown when the clock passes it, also by a jump. Clocks are only changed on whole and
 * half hours of UTC.
 */
export class CalendarWalk {
  readonly #format: Intl.DateTimeFormat
  readonly #offsets = new Map<number, number>()

  constructor (zone: string) {
    this.#format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  }

  /** The instants, from `from` on and before `to`, at which the clock of the zone is changed. */
  changes (from: number, to: number): number[] {
    const changes: number[] = []
    for (let at = from; at < to; at += HALF) if (this.shownAt(at) - this.shownAt(at - HALF) !== HALF) changes.push(at)
    return changes
  }

  /** What the clock shows, as if that were UTC. */
  shownAt (instant: number): number {
    const half = Math.floor(instant / HALF)
    let offset = this.#offsets.get(half)
    if (offset === undefined) {
      const [, day, month, year, hour, minute] = /(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(
        this.#format.format(half * HALF)
      )!.map(Number)
      offset = Date.UTC(year!, month! - 1, day, hour, minute) - half * HALF
      this.#offsets.set(half, offset)
    }
    return instant + offset
  }

  /** From `from` on and before `to`, both of them whole minutes. */
  times (pattern: string, from: number, to: number): number[] {
    const fields = fieldsOf(pattern)
    const isHourly = fields[1].size === 24
    const times: number[] = []
    let shown = this.shownAt(from - MINUTE)
    for (let at = from; at < to; at += MINUTE) {
      const before = shown
      shown = this.shownAt(at)
      const leftOut = shown - before - MINUTE
      const hasJumpedOver = leftOut > 0 && (!isHourly || leftOut < HOUR) &&
        this.#isAnyDue(fields, before + MINUTE, shown)
      if (hasJumpedOver || (isDue(fields, shown) && (isHourly || !this.#wasShownBefore(at, shown)))) times.push(at)
    }
    return times
  }

  #isAnyDue (fields: Fields, from: number, to: number): boolean {
    for (let shown = from; shown < to; shown += MINUTE) if (isDue(fields, shown)) return true
    return false
  }

  #wasShownBefore (instant: number, shown: number): boolean {
    return [0.5, 1, 2, 3].some(hours => this.shownAt(instant - hours * HOUR) === shown)
  }
}

type Fields = readonly [
  minutes: Set<number>,
  hours: Set<number>,
  days: Set<number>,
  months: Set<number>,
  weekdays: Set<number>
]

function isDue ([minutes, hours, days, months, weekdays]: Fields, shown: number): boolean {
  // The minute alone rules out most of them.
  if (!minutes.has(shown / MINUTE % 60)) return false
  const at = new Date(shown)
  return hours.has(at.getUTCHours()) && days.has(at.getUTCDate()) && months.has(at.getUTCMonth() + 1) &&
    weekdays.has(at.getUTCDay())
}

function fieldsOf (pattern: string): Fields {
  const [minute, hour, day, month, weekday] = pattern.split(' ')
  return [
    expand(minute!, 0, 59),
    expand(hour!, 0, 23),
    expand(day!, 1, 31),
    expand(month!, 1, 12),
    expand(weekday!, 0, 6)
  ]
}

function expand (field: string, min: number, max: number): Set<number> {
  const numbers = new Set<number>()
  for (const part of field.split(',')) {
    const [range, step = '1'] = part.split('/')
    const [first, last = first] = range === '*' ? [min, max] : range!.split('-').map(Number)
    for (let number = first!; number <= last!; number += Number(step)) numbers.add(number)
  }
  return numbers
}
