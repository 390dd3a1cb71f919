import { Cron } from 'croner'
import type { Calendar } from '../core/schedule/schedule.ts'
import { zoneOf, type Zone } from '../core/zone.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/**
 * How far back to look for a last time, growing. The longest that a pattern can pause is eight years: 29 February
 * around 2100.
 */
const LOOK_BACK = [HOUR, DAY, 8 * DAY, 32 * DAY, 367 * DAY, 8 * 367 * DAY]

interface Rhythm {
  readonly cron: Cron
  /** Whether it comes round in every hour of a day. */
  readonly isHourly: boolean
  readonly zone: Zone
}

/**
 * croner reads the patterns, on a clock that is never changed; where its times lie on the clock of a zone is decided
 * here. Left to itself it loses the times of a list or range that are left out in spring, and doubles those that come
 * twice in autumn.
 *
 * Answers are remembered, so that asking again before the next time has come costs next to nothing.
 */
export function makeCalendar (): Calendar {
  const rhythms = new Map<string, Rhythm>()
  const rhythmOf = (pattern: string, timeZone: string): Rhythm => {
    const key = `${timeZone} ${pattern}`
    let rhythm = rhythms.get(key)
    if (rhythm === undefined) {
      rhythm = {
        cron: new Cron(pattern, { paused: true, timezone: 'UTC', mode: '5-part' }),
        isHourly: isHourly(pattern),
        zone: zoneOf(timeZone)
      }
      rhythms.set(key, rhythm)
    }
    return rhythm
  }
  const next = remember((pattern, timeZone, after) => nextTime(rhythmOf(pattern, timeZone), after))
  // A last time is one that the search forward finds: the two can never contradict each other.
  const previous = remember((pattern, timeZone, at) => previousTime(rhythmOf(pattern, timeZone), at))
  return {
    next: (pattern, timeZone, after) => toDate(next(pattern, timeZone, after.getTime()).to),
    previous: (pattern, timeZone, at) => toDate(previous(pattern, timeZone, at.getTime()).from)
  }
}

/** From one time to the one after it; what is not known is infinite. */
interface Span {
  readonly from: number
  readonly to: number
}

type Search = (pattern: string, timeZone: string, instant: number) => Span

/**
 * So many spans of a pattern are remembered: the last due time, the one before it, and the same with the grace period
 * of each question taken off.
 */
const SPANS = 8

/**
 * Remembers the last spans of each pattern, the newest first: questions about several instants do not push each other
 * out.
 */
function remember (search: Search): Search {
  const found = new Map<string, readonly Span[]>()
  return (pattern, timeZone, instant) => {
    const key = `${timeZone} ${pattern}`
    const spans = found.get(key) ?? []
    const known = spans.find(({ from, to }) => from <= instant && instant < to)
    if (known !== undefined) return known
    const span = search(pattern, timeZone, instant)
    found.set(key, [span, ...spans.slice(0, SPANS - 1)])
    return span
  }
}

function nextTime (rhythm: Rhythm, after: number): Span {
  return { from: after, to: firstFrom(rhythm, after + 1) }
}

function previousTime (rhythm: Rhythm, at: number): Span {
  const to = firstFrom(rhythm, at + 1)
  const start = LOOK_BACK.map(length => at - length).find(from => firstFrom(rhythm, from) <= at)
  if (start === undefined) return { from: Number.NEGATIVE_INFINITY, to }
  let [low, high] = [start, at + 1]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (firstFrom(rhythm, middle) <= at) low = middle
    else high = middle
  }
  return { from: low, to }
}

/** The first time at or after `instant`. */
function firstFrom ({ cron, isHourly, zone }: Rhythm, instant: number): number {
  let at = instant
  for (;;) {
    const { from, to, offset, before } = zone.stretchAt(at)
    if (at === from && makesUp(isHourly, offset - before) && shownFrom(cron, from + before) < from + offset) return from
    const shown = shownFrom(cron, at + offset)
    if (shown === Number.POSITIVE_INFINITY) return shown
    const found = shown - offset
    const repeatedUntil = from + before - offset
    if (found >= to) at = to
    else if (found < repeatedUntil && !isHourly) at = repeatedUntil
    else return found
  }
}

/** What is left out is made up for, unless it comes round every hour anyway and no less than an hour is left out. */
function makesUp (isHourly: boolean, leftOut: number): boolean {
  return leftOut > 0 && (!isHourly || leftOut < HOUR)
}

/** The first time on the clock that the pattern names, at or after `local`. */
function shownFrom (cron: Cron, local: number): number {
  return cron.nextRun(new Date(local - 1))?.getTime() ?? Number.POSITIVE_INFINITY
}

function isHourly (pattern: string): boolean {
  const hours = new Set<number>()
  for (const part of pattern.trim().split(/\s+/)[1]?.split(',') ?? []) {
    const [range = '', step = '1'] = part.split('/')
    const [first = '', last = first] = range === '*' ? ['0', '23'] : range.split('-')
    for (let hour = Number(first); hour <= Number(last); hour += Number(step)) hours.add(hour)
  }
  return hours.size === 24
}

function toDate (instant: number): Date | null {
  return Number.isFinite(instant) ? new Date(instant) : null
}
