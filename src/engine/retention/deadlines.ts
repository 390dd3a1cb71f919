import type { ProtectedSource } from '../../core/protected-source.ts'
import type { SourcePolicy } from '../../core/schedule/policy.ts'
import { DRILL_RULE, ruleId, type RuleKey } from '../../core/schedule/run.ts'
import { nextDue } from '../../core/schedule/schedule.ts'
import type { EngineDeps } from '../deps.ts'

/** How late a run may be before it is missed: an hour, or one more interval where that is shorter. Milliseconds. */
const GRACE = 3_600_000

/**
 * When the next backup made by itself is due; now, where it is overdue. null: none is.
 *
 * `lastScheduled` is when the last one began.
 */
export function nextRun (
  { calendar, clock }: EngineDeps,
  { enabled, interval, schedule }: SourcePolicy,
  lastScheduled: Date | null
): Date | null {
  if (!enabled) return null
  const now = clock.now()
  const times = schedule?.rules.flatMap(({ pattern }) => calendar.next(pattern, schedule.timeZone, now) ?? []) ?? []
  if (interval !== null) times.push(nextDue(lastScheduled, interval, now))
  return earliest(times)
}

/** Since when each schedule rule has been in force; read once for an answer about any number of sources. */
export interface RulesInForce {
  /** No rule was ever recorded. */
  readonly isEmpty: boolean
  /** undefined: the rule was never recorded. */
  since(rule: RuleKey): Date | undefined
}

/** Reads the rules in force. Rejects as the catalog does. */
export async function rulesInForce ({ catalog }: Pick<EngineDeps, 'catalog'>): Promise<RulesInForce> {
  const since = new Map((await catalog.runs.rules()).map(rule => [ruleId(rule), rule.since]))
  return { isEmpty: since.size === 0, since: rule => since.get(ruleId(rule)) }
}

/**
 * A good backup of the source that was started at or after this must exist, or its schedule was not kept. null: nothing
 * is asked of it, because no backups are made by themselves or the first is not due yet.
 */
export function freshSince (
  deps: EngineDeps,
  { source: { name } }: ProtectedSource,
  policy: SourcePolicy,
  rules: RulesInForce
): Date | null {
  if (!policy.enabled) return null
  const wasInForce: InForce = (rule, due) => {
    const since = rules.since({ kind: 'backup', source: name, rule })
    // A catalog without any rule, such as one that was lost, never planned: then every rule counts as an old one.
    return since === undefined ? rules.isEmpty : since < due
  }
  const times = [...intervalDue(deps, policy, wasInForce), ...calendarDue(deps, policy, wasInForce)]
  return times.reduce<Date | null>((newest, time) => newest === null || time > newest ? time : newest, null)
}

/**
 * That a backup of the source restores must have been proven at or after this, or its drills are overdue: two of them
 * were due since, and none passed. null: nothing is asked, because none are made by themselves or the second is not due
 * yet.
 */
export function provenSince (
  deps: EngineDeps,
  { source: { name } }: ProtectedSource,
  policy: SourcePolicy,
  rules: RulesInForce
): Date | null {
  const { enabled, drillSchedule } = policy
  if (!enabled || drillSchedule === null) return null
  const { calendar, clock, scheduleJitter } = deps
  const last = calendar.previous(drillSchedule, 'UTC', new Date(clock.now().getTime() - GRACE - scheduleJitter))
  const before = last === null ? null : calendar.previous(drillSchedule, 'UTC', new Date(last.getTime() - 1))
  const since = rules.since({ kind: 'drill', source: name, rule: DRILL_RULE })
  return before !== null && since !== undefined && since < before ? before : null
}

/** Whether a rule was in force already when a run fell due. */
type InForce = (rule: string, due: Date) => boolean

function intervalDue ({ clock }: EngineDeps, { interval }: SourcePolicy, wasInForce: InForce): Date[] {
  if (interval === null) return []
  const due = new Date(clock.now().getTime() - interval - Math.min(interval, GRACE))
  return wasInForce('interval', due) ? [due] : []
}

/** Of each rule the last time that is far enough back. */
function calendarDue (
  { calendar, clock, scheduleJitter }: EngineDeps,
  { schedule }: SourcePolicy,
  wasInForce: InForce
): Date[] {
  if (schedule === null) return []
  const at = new Date(clock.now().getTime() - GRACE - scheduleJitter)
  return schedule.rules.flatMap(({ name, pattern }) => {
    const due = calendar.previous(pattern, schedule.timeZone, at)
    return due !== null && wasInForce(name, due) ? [due] : []
  })
}

function earliest (times: readonly Date[]): Date | null {
  return times.reduce<Date | null>((first, time) => first === null || time < first ? time : first, null)
}
