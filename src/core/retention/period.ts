import type { Duration } from '../duration.ts'
import type { Tier } from '../tier.ts'
import { zoneOf, type Zone } from '../zone.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

/** Hours, days, ISO weeks, months and years as the clocks of one zone show them. */
export class Periods {
  readonly #zone: Zone

  /** Throws a RangeError for a zone that there is not. */
  constructor (timeZone: string) {
    this.#zone = zoneOf(timeZone)
  }

  /**
   * Names the period that holds the instant: `2025-11-24`, `2025-W48`. Later periods of a tier never have the name of
   * an earlier one: an hour that comes twice, because the clock was set back, is two.
   */
  periodOf (tier: Tier, instant: Date): string {
    const { offset } = this.#zone.stretchAt(instant.getTime())
    const local = new Date(instant.getTime() + offset)
    const text = local.toISOString()
    switch (tier) {
      case 'hourly':
        return `${text.slice(0, 13)} ${offsetText(offset)}`
      case 'daily':
        return text.slice(0, 10)
      case 'weekly':
        return isoWeek(local)
      case 'monthly':
        return text.slice(0, 7)
      case 'yearly':
        return text.slice(0, 4)
    }
  }

  /**
   * So long before `now`, by the calendar: a month before the 31st is the last day of a shorter month, and a day is as
   * long as it was. A time of day that the clock left out then counts as the one after the gap.
   */
  before (now: Date, { years, months, days, hours }: Duration): Date {
    const { offset } = this.#zone.stretchAt(now.getTime())
    const local = new Date(now.getTime() + offset)
    const first = new Date(Date.UTC(local.getUTCFullYear() - years, local.getUTCMonth() - months, 1))
    const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
    const time = local.getTime() % DAY
    const wanted = first.getTime() + (Math.min(local.getUTCDate(), length) - 1 - days) * DAY + time
    return new Date(this.#zone.instantOf(wanted) - hours * HOUR)
  }

  /** So long after `from`, likewise. */
  after (from: Date, { years, months, days, hours }: Duration): Date {
    return this.before(from, { years: -years, months: -months, days: -days, hours: -hours })
  }
}

function offsetText (offset: number): string {
  const minutes = Math.abs(offset) / 60_000
  return `${offset < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${
    String(minutes % 60).padStart(2, '0')
  }`
}

/** ISO 8601: weeks begin on Monday, and belong to the year that has their Thursday. */
function isoWeek (local: Date): string {
  const weekday = (local.getUTCDay() + 6) % 7
  const thursday = new Date(local.getTime() - local.getTime() % DAY + (3 - weekday) * DAY)
  const year = thursday.getUTCFullYear()
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY))
  return `${year}-W${String(week).padStart(2, '0')}`
}
