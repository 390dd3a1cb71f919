import type { SourcePolicy } from '../core/policy.ts'
import type { RuleState } from '../core/run.ts'
import { nextDue } from '../core/schedule.ts'
import type { EngineDeps, ProtectedSource } from './deps.ts'

/** How late a run may be before it is missed: an hour, or one more interval where that is shorter. Milliseconds. */
const GRACE = 3_600_000

/**
 * When the next backup made by itself is due; now, where it is overdue. null: none is.
 *
 * `lastScheduled` is when the last one began.
 */
export function nextRun ({ calendar, clock }: EngineDeps, { enabled, interval, schedule }: SourcePolicy, lastScheduled: Date | null): Date | null {
  if (!enabled) return null
  const now = clock.now()
  const times = schedule?.rules.flatMap(({ pattern }) => calendar.next(pattern, schedule.timeZone, now) ?? []) ?? []
  if (interval !== null) times.push(nextDue(lastScheduled, interval, now))
  return earliest(times)
}

/**
 * A good backup of the source that was started at or after this must exist, or its schedule was not kept. null: nothing
 * is asked of it, because no backups are made by themselves or the first is not due yet.
 */
export async function freshSince (deps: EngineDeps, chosen: ProtectedSource): Promise<Date | null> {
  const policy = deps.settings.policyFor(chosen)
  if (!policy.enabled) return null
  const rules = (await deps.catalog.runs.rules()).filter(({ kind, source }) => kind === 'backup' && source === chosen.source.name)
  const times = [...intervalDue(deps, policy, rules), ...calendarDue(deps, policy, rules)]
  return times.reduce<Date | null>((newest, time) => newest === null || time > newest ? time : newest, null)
}

/**
 * That a backup of the source restores must have been proven at or after this, or its drills are overdue: two of them were
 * due since, and none passed. null: nothing is asked, because none are made by themselves or the second is not due yet.
 */
export async function provenSince (deps: EngineDeps, chosen: ProtectedSource): Promise<Date | null> {
  const { enabled, drillSchedule } = deps.settings.policyFor(chosen)
  if (!enabled || drillSchedule === null) return null
  const { calendar, clock, scheduleJitter } = deps
  const last = calendar.previous(drillSchedule, 'UTC', new Date(clock.now().getTime() - GRACE - scheduleJitter))
  const before = last === null ? null : calendar.previous(drillSchedule, 'UTC', new Date(last.getTime() - 1))
  const rule = (await deps.catalog.runs.rules()).find(({ kind, source }) => kind === 'drill' && source === chosen.source.name)
  return before !== null && rule !== undefined && rule.since < before ? before : null
}

function intervalDue ({ clock }: EngineDeps, { interval }: SourcePolicy, rules: readonly RuleState[]): Date[] {
  if (interval === null) return []
  const due = new Date(clock.now().getTime() - interval - Math.min(interval, GRACE))
  return wasInForce(rules, 'interval', due) ? [due] : []
}

/** Of each rule the last time that is far enough back. */
function calendarDue ({ calendar, clock, scheduleJitter }: EngineDeps, { schedule }: SourcePolicy, rules: readonly RuleState[]): Date[] {
  if (schedule === null) return []
  const at = new Date(clock.now().getTime() - GRACE - scheduleJitter)
  return schedule.rules.flatMap(({ name, pattern }) => {
    const due = calendar.previous(pattern, schedule.timeZone, at)
    return due !== null && wasInForce(rules, name, due) ? [due] : []
  })
}

/** A rule that nobody has written down yet counts as one that always was. */
function wasInForce (rules: readonly RuleState[], rule: string, due: Date): boolean {
  const since = rules.find(state => state.rule === rule)?.since
  return since === undefined || since < due
}

function earliest (times: readonly Date[]): Date | null {
  return times.reduce<Date | null>((first, time) => first === null || time < first ? time : first, null)
}
