import { z } from 'zod'
import { ERRORS } from '../core/errors.ts'
import { JOB_KINDS, JOB_PHASES, JOB_STATUSES, percent, type Job, type JobKind } from '../core/job.ts'
import { bytes, errorCode, instant, iso } from './common.ts'

export const jobSchema = z.object({
  id: z.int().positive(),
  kind: z.enum(JOB_KINDS),
  source: z.string().nullable(),
  backupId: z.int().nullable(),
  status: z.enum(JOB_STATUSES),
  phase: z.enum(JOB_PHASES),
  percent: z.int().min(0).max(100).nullable().meta({ description: 'Of the current phase; null: unknown.' }),
  bytesDone: bytes,
  bytesTotal: bytes.nullable(),
  bytesPerSecond: bytes.nullable().meta({ description: 'In the current phase; null: no progress is reported.' }),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  errorCode: errorCode.nullable(),
  errorMessage: z.string().nullable()
}).meta({ id: 'Job' })

export const jobWithLogSchema = jobSchema.extend({
  log: z.array(z.object({ at: instant, text: z.string() })).meta({
    description: 'Output of the hooks that the job ran, oldest first.'
  })
}).meta({ id: 'JobWithLog' })

export type JobView = z.infer<typeof jobSchema>

/** Kinds of jobs whose errors can name rows by their keys, or repeat a condition. */
const OF_ROWS: readonly JobKind[] = ['diff', 'rescue', 'export']

export interface JobReader {
  /**
   * Whether whoever reads it may see what is in rows; if not, such a job says only what kind of error it ended with.
   * Default: not.
   */
  readonly isContentShown?: boolean
}

export function presentJob (
  job: Job,
  bytesPerSecond: number | null,
  { isContentShown = false }: JobReader = {}
): JobView {
  const isCut = OF_ROWS.includes(job.kind) && !isContentShown && job.errorCode !== null
  return {
    id: job.id,
    kind: job.kind,
    source: job.source,
    backupId: job.backupId,
    status: job.status,
    phase: job.progress.phase,
    percent: percent(job.progress),
    bytesDone: job.progress.bytesDone,
    bytesTotal: job.progress.bytesTotal,
    bytesPerSecond,
    createdAt: job.createdAt.toISOString(),
    startedAt: iso(job.startedAt),
    finishedAt: iso(job.finishedAt),
    errorCode: job.errorCode,
    errorMessage: isCut ? ERRORS[job.errorCode].title : job.errorMessage
  }
}
