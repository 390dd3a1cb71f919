import { z } from 'zod'
import { JOB_KINDS, JOB_PHASES, JOB_STATUSES } from '../../core/job.ts'
import { bytes, errorCode, instant, nextCursor, paging, success } from './common.ts'

export const jobSchema = z.object({
  id: z.int().positive(),
  kind: z.enum(JOB_KINDS),
  source: z.string().nullable(),
  backupId: z.int().nullable(),
  status: z.enum(JOB_STATUSES),
  phase: z.enum(JOB_PHASES),
  percent: z.int().min(0).max(100).nullable().meta({ description: 'Of the present phase; null: not known.' }),
  bytesDone: bytes,
  bytesTotal: bytes.nullable(),
  bytesPerSecond: bytes.nullable().meta({ description: 'In the present phase; null: nothing to tell.' }),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  errorCode: errorCode.nullable(),
  errorMessage: z.string().nullable()
}).meta({ id: 'Job' })

export type JobView = z.infer<typeof jobSchema>

export const jobListQuery = z.strictObject({ status: z.enum(JOB_STATUSES).optional(), ...paging })
export const jobListAnswer = z.object({ success, jobs: z.array(jobSchema), nextCursor })
export const jobAnswer = z.object({ success, job: jobSchema })
export const jobMessageAnswer = z.object({ success, message: z.string(), job: jobSchema })
