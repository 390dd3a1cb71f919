import { z } from 'zod'
import { RUN_KINDS, RUN_STATUSES, type Run } from '../core/schedule/run.ts'
import { TIERS } from '../core/tier.ts'
import { count, errorCode, instant, iso } from './common.ts'

export const runSchema = z.object({
  id: z.int().positive(),
  kind: z.enum(RUN_KINDS),
  source: z.string().nullable().meta({ description: 'null: all sources.' }),
  rule: z.string().meta({
    description: 'The cause: `interval`, `prune`, or the name of a rule of the schedule.'
  }),
  tier: z.enum(TIERS).nullable().meta({ description: 'The tier of its backup.' }),
  method: z.enum(['full', 'incremental']).meta({
    description: 'The method of its backup; no meaning for a drill or a prune.'
  }),
  dueAt: instant,
  status: z.enum(RUN_STATUSES),
  attempts: count,
  nextAttemptAt: instant.nullable().meta({
    description: 'Earliest start of a waiting run; null: as soon as possible.'
  }),
  backupId: z.int().nullable(),
  reason: z.string().nullable().meta({
    description: 'Reason for the skip or failure, or the result of the last attempt.'
  }),
  errorCode: errorCode.nullable(),
  startedAt: instant.nullable().meta({ description: 'Start of the last attempt.' }),
  finishedAt: instant.nullable()
}).meta({ id: 'Run' })

export type RunView = z.infer<typeof runSchema>

export function presentRun (run: Run): RunView {
  return {
    id: run.id,
    kind: run.kind,
    source: run.source,
    rule: run.rule,
    tier: run.tier,
    method: run.method,
    dueAt: run.dueAt.toISOString(),
    status: run.status,
    attempts: run.attempts,
    nextAttemptAt: iso(run.nextAttemptAt),
    backupId: run.backupId,
    reason: run.reason,
    errorCode: run.errorCode,
    startedAt: iso(run.startedAt),
    finishedAt: iso(run.finishedAt)
  }
}
