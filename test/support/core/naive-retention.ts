import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Duration } from '../../../src/core/duration.ts'
import type { RetentionPolicy } from '../../../src/core/retention/retention.ts'
import type { Tier } from '../../../src/core/tier.ts'

const DAY = 86_400_000
const QUARTER = 15 * 60_000

/**
 * The ids that a policy keeps, found the slow and plain way: every rule looks at every backup by itself, and the
 * suspects are asked for by themselves.
 */
export function naiveKept (all: readonly Backup[], policy: RetentionPolicy, now: Date): ReadonlySet<number> {
  const isSuspect = ({ suspicion }: Backup): boolean => suspicion !== null && suspicion.releasedAt === null
  const live = all.filter(one => one.status === 'completed' && one.trashedAt === null && one.deletedAt === null)
  const good = live.filter(one => !isSuspect(one))
  const suspects = live.filter(isSuspect)
  const decided = [decideSeries(good, good, live, policy, now), decideSeries(suspects, live, live, policy, now)]
  const kept = new Set<number>()
  for (const one of live) {
    const isBeyond = decided.some(({ beyond }) => beyond.has(unitOf(one, live).id))
    if (decided.some(({ chosen, stay }) => stay.has(one.id) || (chosen.has(one.id) && !isBeyond))) kept.add(one.id)
  }
  const past = suspects.filter(one => one.startedAt <= now)
  const first = past.find(one => one.id === policy.suspect?.id) ??
    past.find(one => past.every(other => other === one || isNewer(other, one)))
  if (first !== undefined) kept.add(first.id)
  const { suspect } = policy
  if (suspect !== null) {
    for (const one of good) if (isWhole(one, live) && one.startedAt < suspect.startedAt) kept.add(one.id)
  }
  for (let before = -1; before !== kept.size;) {
    before = kept.size
    for (const one of live) if (live.some(child => kept.has(child.id) && child.parentId === one.id)) kept.add(one.id)
  }
  return kept
}

/** The one it is built on, if that is there and of the same chain. */
function parentOf (one: Backup, live: readonly Backup[]): Backup | undefined {
  const parent = live.find(({ id }) => id === one.parentId)
  const [child, before] = [one.link, parent?.link ?? null]
  if (child === null || before === null) return child === before ? parent : undefined
  return child.chain === before.chain && child.lineage === before.lineage && child.depth === before.depth + 1
    ? parent
    : undefined
}

/** The full backup that it needs, found in no more steps than there are backups. */
function fullOf (one: Backup, live: readonly Backup[], steps = live.length): Backup | undefined {
  if (one.parentId === null) return (one.link?.depth ?? 0) === 0 ? one : undefined
  const parent = steps === 0 ? undefined : parentOf(one, live)
  return parent && fullOf(parent, live, steps - 1)
}

/** What is counted where the one goes: its full backup, or itself where that is out of reach. */
function unitOf (one: Backup, live: readonly Backup[]): Backup {
  return fullOf(one, live) ?? one
}

/** Neither it nor anything that it needs is damaged or away. */
function isWhole (one: Backup, live: readonly Backup[]): boolean {
  if (one.verification.status === 'invalid' || fullOf(one, live) === undefined) return false
  const parent = parentOf(one, live)
  return one.parentId === null || (parent !== undefined && isWhole(parent, live))
}

interface NaiveSeries {
  /** What the rules choose. */
  readonly chosen: ReadonlySet<number>
  /** What is beyond the limit, and all that is built on it. */
  readonly beyond: ReadonlySet<number>
  /** What stays in any case. */
  readonly stay: ReadonlySet<number>
}

/** `current`: what shows whether the source is backed up still. */
function decideSeries (
  series: readonly Backup[],
  current: readonly Backup[],
  live: readonly Backup[],
  { maxBackups, rules, timeZone, freshSince, pace }: RetentionPolicy,
  now: Date
): NaiveSeries {
  const kept = new Set<number>()
  const keep = (backups: readonly Backup[]): void => {
    for (const { id } of backups) kept.add(id)
  }
  const ids = (backups: readonly Backup[]): ReadonlySet<number> => new Set(backups.map(({ id }) => id))
  const isGood = (one: Backup): boolean => isWhole(one, live)
  const newest = (backups: readonly Backup[], count: number): readonly Backup[] =>
    backups.filter(one => backups.filter(other => isNewer(other, one)).length < count)

  const past = series.filter(one => one.startedAt <= now)
  const [newestGood] = newest(current.filter(one => isGood(one) && one.startedAt <= now), 1)
  if (freshSince !== null && (newestGood === undefined || newestGood.startedAt < freshSince)) {
    return { chosen: new Set(), beyond: new Set(), stay: ids(series) }
  }

  const always = series.filter(one => one.pinned || one.startedAt > now)
  const open = series.filter(one => !always.includes(one))
  const isUnit = (one: Backup): boolean => unitOf(one, live) === one
  const stays = (unit: Backup): boolean =>
    series.some(one => unitOf(one, live) === unit && (kept.has(one.id) || always.includes(one)))
  if (rules === null) {
    keep(open)
  } else {
    const scheduled = open.filter(one => one.type === 'scheduled')
    const good = scheduled.filter(isGood)
    keep(open.filter(one => one.type !== 'scheduled'))
    keep(newest(good, rules.last ?? 0))
    for (const tier of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
      const rule = rules[tier]
      if (rule === undefined) continue
      const periods = new Map<string, Backup[]>()
      for (const one of good) {
        periods.set(period(tier, one.startedAt, timeZone), [
          ...periods.get(period(tier, one.startedAt, timeZone)) ?? [],
          one
        ])
      }
      // Newest period first.
      const filled = [...periods.values()].toSorted((a, b) => isNewer(newest(a, 1)[0]!, newest(b, 1)[0]!) ? -1 : 1)
      const chosen = filled.flatMap(backups => {
        const full = backups.filter(one => one.parentId === null && (one.link?.depth ?? 0) === 0)
        return newest(tier === 'hourly' || full.length === 0 ? backups : full, 1)
      })
      if (typeof rule === 'number') {
        keep(chosen.slice(0, rule))
      } else {
        const since = before(now, rule, timeZone)
        keep(chosen.filter(one => one.startedAt >= since))
      }
    }
    const { within } = rules
    const since = within === undefined ? undefined : before(now, within, timeZone)
    if (since !== undefined) keep(good.filter(one => one.startedAt >= since))
    keep(scheduled.filter(one => !isGood(one) && !past.some(other => isGood(other) && isNewer(other, one))))
    const floor = series.filter(one => isUnit(one) && isGood(one) && stays(one)).length
    keep(newest(good.filter(one => isUnit(one) && !stays(one)), Math.max(0, rules.minBackups - floor)))
  }
  const beyond = new Set<number>()
  if (maxBackups !== null) {
    const counted = open.filter(unit =>
      isUnit(unit) && series.some(one => unitOf(one, live) === unit && kept.has(one.id))
    )
    const rank = (one: Backup): number =>
      counted.filter(other => isGood(other) === isGood(one) ? isNewer(other, one) : isGood(other)).length
    const ranked = counted.toSorted((a, b) => rank(a) - rank(b))
    for (const [index, one] of ranked.entries()) {
      if (countOf(ranked.slice(0, index), pace ?? 0) >= maxBackups) beyond.add(one.id)
    }
  }
  const stay = [
    ...always,
    ...newest(past, 1),
    ...newest(past.filter(one => one.verification.status === 'valid' && isGood(one)), 1)
  ]
  return { chosen: kept, beyond, stay: ids(stay) }
}

/**
 * For how many they count: each scheduled one for one, others only nine tenths of the pace away from the one before
 * that counted.
 */
function countOf (backups: readonly Backup[], pace: number): number {
  const counting: Backup[] = []
  for (const one of backups) {
    const before = counting.at(-1)
    if (
      one.type === 'scheduled' || before === undefined ||
      Math.abs(before.startedAt.getTime() - one.startedAt.getTime()) >= pace * 0.9
    ) {
      counting.push(one)
    }
  }
  return counting.length
}

function isNewer (a: Backup, b: Backup): boolean {
  return a.startedAt.getTime() === b.startedAt.getTime() ? a.id > b.id : a.startedAt > b.startedAt
}

/** By zone and quarter of an hour. */
const offsets = new Map<string, Map<number, number>>()
const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * How far the clocks are ahead of UTC, by the library of the system. They are changed on whole quarters of an hour
 * only.
 */
function offsetAt (instant: number, timeZone: string): number {
  const known = offsets.get(timeZone) ?? new Map<number, number>()
  offsets.set(timeZone, known)
  const quarter = Math.floor(instant / QUARTER)
  const offset = known.get(quarter) ?? askedOffset(quarter * QUARTER, timeZone)
  known.set(quarter, offset)
  return offset
}

function askedOffset (instant: number, timeZone: string): number {
  const format = formats.get(timeZone) ??
    new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit'
    })
  formats.set(timeZone, format)
  const { year, month, day, hour, minute, second } = Object.fromEntries(
    format.formatToParts(instant).map(({ type, value }) => [type, Number(value)])
  )
  return Date.UTC(year!, month! - 1, day, hour, minute, second) - instant
}

/** What the clocks show, as if that were UTC. */
function shown (instant: Date, timeZone: string): Date {
  return new Date(instant.getTime() + offsetAt(instant.getTime(), timeZone))
}

function period (tier: Tier, instant: Date, timeZone: string): string {
  const at = shown(instant, timeZone)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  switch (tier) {
    case 'hourly':
      return `${year} ${month} ${day} ${at.getUTCHours()} ${at.getTime() - instant.getTime()}`
    case 'daily':
      return `${year} ${month} ${day}`
    case 'monthly':
      return `${year} ${month}`
    case 'yearly':
      return `${year}`
    case 'weekly': {
      // The Monday that the day belongs to, found by walking back to it.
      let date = Date.UTC(year, month, day)
      while (new Date(date).getUTCDay() !== 1) date -= DAY
      return String(date)
    }
  }
}

/** Walks in quarters of an hour, which is what all offsets are made of, until the clocks show the wanted time. */
function before (now: Date, { years, months, days, hours }: Duration, timeZone: string): Date {
  const at = shown(now, timeZone)
  const month = at.getUTCMonth() - months
  const year = at.getUTCFullYear() - years
  let day = at.getUTCDate()
  while (new Date(Date.UTC(year, month, day)).getUTCMonth() !== new Date(Date.UTC(year, month, 1)).getUTCMonth()) day--
  const wanted = Date.UTC(
    year,
    month,
    day - days,
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    at.getUTCMilliseconds()
  )
  const start = wanted - DAY
  for (let instant = start; instant < start + 2 * DAY; instant += QUARTER) {
    if (instant + offsetAt(instant, timeZone) === wanted) return new Date(instant - hours * 3_600_000)
  }
  // The clocks never showed it: as if they had not been changed that day.
  return new Date(wanted - offsetAt(start, timeZone) - hours * 3_600_000)
}
