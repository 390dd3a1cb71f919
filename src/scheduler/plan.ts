import {
  ruleId,
  type NewRun,
  type RuleKey,
  type RuleState,
  type Run,
  type RunBook,
  type RunChanges
} from '../core/schedule/run.ts'
import type { Calendar } from '../core/schedule/schedule.ts'
import { definition, type CalendarTiming, type IntervalTiming, type Rule } from './rules.ts'

/** Ticks come every second, so that one may as well come half of that too early as too late. Milliseconds. */
const EARLY = 500
/** Begun later than this, an interval run is one that was missed. Milliseconds. */
const LATE = 60_000
/** So many missed runs of a rule have a row each; older ones share one. */
const TOLD_APART = 1000
/** So many times of a rule are looked at in one go, so that years of them do not hold up the service. */
const AT_ONCE = 5000

type Ending = RunChanges['changed'][number]

interface Planning {
  readonly now: Date
  readonly calendar: Calendar
  /** By how much a run of the source is to begin later than it could. Milliseconds. */
  readonly delay: (source: string | null) => number
}

/** What is known of one rule before it is planned. */
interface Known {
  readonly rule: Rule
  readonly since: Date
  readonly newest: Run | undefined
  readonly open: Run | undefined
}

/**
 * Which runs have fallen due since the book was written, and which open ones came to their end by that. Pure, and all
 * of it is to be written down at once; done again with the new book it finds nothing more, unless there was very much.
 *
 * A rule that is new, says something else, or was out of force counts from now on. Of several missed runs of one rule
 * the newest is made up for, and each older one ends as skipped. A run under way is not doubled, and one that could not
 * begin, or is to be tried again, gives way to the next one of its rule.
 */
export function planRuns (book: RunBook, rules: readonly Rule[], planning: Planning): RunChanges {
  const fresh: RuleState[] = []
  const added: NewRun[] = []
  const changed: Ending[] = []
  const [states, newest, open] = [byRule(book.rules), byRule(book.newest), byRule(book.open)]
  const named = new Set<string>()
  for (const rule of rules) {
    const name = ruleId(rule)
    named.add(name)
    const state = states.get(name)
    const { since, isFresh } = inForceSince(rule, state, planning.now)
    if (isFresh) {
      fresh.push({ kind: rule.kind, source: rule.source, rule: rule.rule, definition: definition(rule), since })
    }
    const known: Known = { rule, since, newest: newest.get(name), open: open.get(name) }
    const due = 'interval' in rule.timing
      ? dueByInterval(known, rule.timing, planning)
      : dueByCalendar(known, rule.timing, planning)
    added.push(...due.added)
    changed.push(...due.changed)
  }
  const isInForce = (key: Run | RuleState): boolean => named.has(ruleId(key))
  for (const run of book.open) {
    if (run.status === 'waiting' && !isInForce(run)) {
      changed.push(abandonRun(run, 'its rule was removed or changed', planning.now))
    }
  }
  return { rules: fresh, dropped: book.rules.filter(state => !isInForce(state)), added, changed }
}

/**
 * The first instant at which `planRuns` can find something in a book of which it has just recorded everything, or at
 * which a waiting run may begin. Milliseconds; infinite where nothing ever falls due. `now`, where a run could begin
 * already and waits for its source.
 */
export function nextLook (
  book: RunBook,
  rules: readonly Rule[],
  { now, calendar }: Pick<Planning, 'now' | 'calendar'>
): number {
  const [newest, open] = [byRule(book.newest), byRule(book.open)]
  const times = rules.map(rule => {
    const { timing } = rule
    if (!('interval' in timing)) {
      return calendar.next(timing.pattern, timing.timeZone, now)?.getTime() ?? Number.POSITIVE_INFINITY
    }
    const run = open.get(ruleId(rule)) ?? newest.get(ruleId(rule))
    const from = Math.max(0, ...[run?.startedAt ?? run?.dueAt, timing.lastStart].flatMap(time => time?.getTime() ?? []))
    // A run under way ends with an event; from then on the interval counts from its start.
    return run?.status === 'running' ? Number.POSITIVE_INFINITY : from + timing.interval - EARLY
  })
  const waiting = book.open.filter(({ status }) => status === 'waiting').map(({ nextAttemptAt }) =>
    nextAttemptAt?.getTime() ?? now.getTime()
  )
  return [...times, ...waiting].reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY)
}

/** The first entry of each rule. */
function byRule<T extends RuleKey> (entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.toReversed().map(entry => [ruleId(entry), entry]))
}

/** A time in the future is one of a clock that was set back since. */
function inForceSince (
  rule: Rule,
  state: RuleState | undefined,
  now: Date
): { readonly since: Date, readonly isFresh: boolean } {
  if (state === undefined || state.definition !== definition(rule) || state.since > now) {
    return { since: now, isFresh: true }
  }
  return { since: state.since, isFresh: false }
}

interface Due {
  readonly added: readonly NewRun[]
  readonly changed: readonly Ending[]
}

const NOTHING: Due = { added: [], changed: [] }

/** Everything up to the newest run of the rule has its row already. */
function dueByCalendar ({ rule, since, newest, open }: Known, timing: CalendarTiming, planning: Planning): Due {
  const times = timesBetween(newest !== undefined && newest.dueAt > since ? newest.dueAt : since, timing, planning)
  const last = times.at(-1)
  if (last === undefined) return NOTHING
  const { now } = planning
  if (open?.status === 'running') {
    return {
      added: skipAll(rule, times, `the run due at ${open.dueAt.toISOString()} was still running`, now),
      changed: []
    }
  }
  const changed = open === undefined ? [] : [abandonRun(open, 'it could not start before the next run was due', now)]
  if (times.length === AT_ONCE) return { added: skipTogether(rule, times, now), changed }
  const missed = skipAll(
    rule,
    times.slice(0, -1),
    `missed; caught up by the run due at ${last.toISOString()}`,
    now
  )
  return { added: [...missed, waiting(rule, last, planning)], changed }
}

function timesBetween (
  after: Date,
  { pattern, timeZone }: CalendarTiming,
  { calendar, now }: Planning
): readonly Date[] {
  const times: Date[] = []
  let time = calendar.next(pattern, timeZone, after)
  while (time !== null && time <= now && times.length < AT_ONCE) {
    times.push(time)
    time = calendar.next(pattern, timeZone, time)
  }
  return times
}

/**
 * An interval names no times: one run is due an interval after the last began, however long ago that is, and none while
 * that one is open.
 */
function dueByInterval (
  { rule, newest, open }: Known,
  { interval, lastStart }: IntervalTiming,
  planning: Planning
): Due {
  const now = planning.now.getTime()
  const isOver = (from: Date): boolean => from.getTime() + interval - EARLY <= now
  const changed: Ending[] = []
  if (open !== undefined) {
    const isGivenUp = open.status === 'waiting' && open.attempts > 0 && open.startedAt !== null &&
      isOver(open.startedAt)
    if (!isGivenUp) return NOTHING
    changed.push(abandonRun(open, 'the next run was due before a retry', planning.now))
  }
  const last = newest === undefined ? null : newest.startedAt ?? newest.dueAt
  if (isAhead(last ?? lastStart, now)) {
    return {
      added: [skipped(rule, planning.now, 'the clock was set back: the interval starts again', planning.now)],
      changed
    }
  }
  const from = [last, lastStart].filter(time => time !== null && !isAhead(time, now)).reduce(
    (one, other) => one !== null && (other === null || one > other) ? one : other,
    null
  )
  if (from === null) return { added: [waiting(rule, planning.now, planning)], changed }
  if (!isOver(from)) return { added: [], changed }
  const dueAt = new Date(from.getTime() + interval)
  const run = now - dueAt.getTime() > LATE
    ? waiting(rule, dueAt, planning)
    : waiting(rule, dueAt, { ...planning, delay: () => 0 })
  return { added: [run], changed }
}

function isAhead (time: Date | null, now: number): boolean {
  return time !== null && time.getTime() - EARLY > now
}

function waiting ({ kind, source, rule, tier, method }: Rule, dueAt: Date, { now, delay }: Planning): NewRun {
  const pause = delay(source)
  return {
    kind,
    source,
    rule,
    tier,
    method,
    dueAt,
    status: 'waiting',
    nextAttemptAt: pause === 0 ? null : new Date(now.getTime() + pause),
    reason: null,
    finishedAt: null
  }
}

function skipped ({ kind, source, rule, tier, method }: Rule, dueAt: Date, reason: string, now: Date): NewRun {
  return { kind, source, rule, tier, method, dueAt, status: 'skipped', nextAttemptAt: null, reason, finishedAt: now }
}

/** The oldest of very many share a row. */
function skipAll (rule: Rule, times: readonly Date[], reason: string, now: Date): NewRun[] {
  const shared = Math.max(0, times.length - TOLD_APART)
  return [
    ...skipTogether(rule, times.slice(0, shared), now),
    ...times.slice(shared).map(time => skipped(rule, time, reason, now))
  ]
}

/** One row, which stands at the newest of the times. */
function skipTogether (rule: Rule, times: readonly Date[], now: Date): NewRun[] {
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined) return []
  return [
    skipped(rule, last, `${times.length} runs were missed, from the one due at ${first.toISOString()} to this one`, now)
  ]
}

/** Skipped where it never began, otherwise failed by what came of its last attempt. */
function abandonRun (run: Run, why: string, now: Date): Ending {
  const ending = { id: run.id, nextAttemptAt: null, finishedAt: now }
  return run.attempts === 0
    ? { ...ending, status: 'skipped', reason: why }
    : { ...ending, status: 'failed', reason: `${run.reason ?? 'it did not end'}; ${why}` }
}
