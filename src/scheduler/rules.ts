import { DRILL_RULE, type RuleKey, type Run } from '../core/schedule/run.ts'
import type { Tier } from '../core/tier.ts'
import type { SourceState } from '../engine/status/sources.ts'

export interface CalendarTiming {
  readonly pattern: string
  readonly timeZone: string
}

export interface IntervalTiming {
  /** Milliseconds. */
  readonly interval: number
  /** When the last scheduled backup of the source began, whichever rule it was made by; null: there was none. */
  readonly lastStart: Date | null
}

/** A rule that makes something due by itself. */
export interface Rule extends RuleKey {
  readonly tier: Tier | null
  /** The method of its backups. */
  readonly method: Run['method']
  readonly timing: CalendarTiming | IntervalTiming
}

/**
 * Every rule by which something is scheduled now. `prune`: when to remove what the retention rules do not keep; null:
 * never.
 */
export function scheduledRules (sources: readonly SourceState[], prune: CalendarTiming | null): readonly Rule[] {
  const rules: Rule[] = sources.filter(({ policy }) => policy.enabled).flatMap(rulesOf)
  if (prune !== null) {
    rules.push({ kind: 'prune', source: null, rule: 'prune', tier: null, method: 'full', timing: prune })
  }
  return rules
}

function rulesOf ({ name: source, policy: { interval, schedule, drillSchedule }, statistics: { lastScheduled } }:
  SourceState): readonly Rule[] {
  const rules: Rule[] = schedule?.rules.map(({ name, tier, pattern, method = 'full' }) => ({
    kind: 'backup',
    source,
    rule: name,
    tier,
    method,
    timing: { pattern, timeZone: schedule.timeZone }
  })) ?? []
  if (interval !== null) {
    rules.push({
      kind: 'backup',
      source,
      rule: 'interval',
      tier: null,
      method: 'full',
      timing: { interval, lastStart: lastScheduled }
    })
  }
  if (drillSchedule !== null) {
    rules.push({
      kind: 'drill',
      source,
      rule: DRILL_RULE,
      tier: null,
      method: 'full',
      timing: { pattern: drillSchedule, timeZone: 'UTC' }
    })
  }
  return rules
}

/** What a rule says, as one text: where that changes it is another rule, though it keeps its name. */
export function definition ({ timing, method }: Rule): string {
  const times = 'interval' in timing ? `every ${timing.interval} ms` : `${timing.pattern} ${timing.timeZone}`
  return method === 'full' ? times : `${times} ${method}`
}
