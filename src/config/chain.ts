import { z } from 'zod'
import { whole, type Field } from '../core/ports/field.ts'
import type { SourceKind } from '../core/ports/source-kind.ts'
import type { SourceOverrides } from '../core/schedule/policy.ts'
import type { CalendarSchedule } from '../core/schedule/schedule.ts'
import type { Problem } from './problem.ts'
import { duration } from './retention.ts'

const HOUR = 3_600_000
/** Hours in 366 days. */
const LONGEST = 366 * 24

/** Milliseconds: months and years differ in length, and no chain is continued for so long. */
const age: Field<number> = {
  kind: 'value',
  schema: duration.schema.transform(({ years, months, days, hours }, context) => {
    const total = days * 24 + hours
    if (years + months === 0 && total <= LONGEST) return total * HOUR
    context.addIssue('too long')
    return z.NEVER
  }),
  fromText: duration.fromText,
  expects: 'a time of at most 366d in weeks, days or hours, such as 7d, 4w or 36h'
}

/** How far the chains of a source are continued: fields of sources whose kind makes incremental backups. */
export const CHAIN_FIELDS = { maxChainLength: whole(1, 1000), maxChainAge: age } as const

export function makesIncrements ({ methods }: Pick<SourceKind, 'methods'>): boolean {
  return methods.includes('incremental')
}

/** Reports rules of a source's own schedule that ask for increments of a kind that makes none. `name`: its place. */
export function checkMethods (
  kind: SourceKind,
  { schedule }: SourceOverrides,
  name: string,
  problems: Problem[]
): void {
  if (makesIncrements(kind)) return
  for (const rule of schedule?.rules ?? []) {
    if (rule.method !== 'incremental') continue
    problems.push({
      name: `${name}.${rule.name}Method`,
      problem: `is "incremental", but sources of the kind "${kind.name}" only support full backups`,
      remedy: 'Remove it, or set it to "full".'
    })
  }
}

/** The schedule of the service for a source of the kind: where that makes no increments, each backup is a full one. */
export function scheduleFor (kind: SourceKind, schedule: CalendarSchedule): CalendarSchedule {
  if (makesIncrements(kind)) return schedule
  return { ...schedule, rules: schedule.rules.map(({ name, tier, pattern }) => ({ name, tier, pattern })) }
}
