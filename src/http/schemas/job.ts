import { z } from 'zod'
import { JOB_STATUSES } from '../../core/job.ts'
import { jobSchema } from '../../present/job.ts'
import { nextCursor, paging, success } from './common.ts'

export const jobListQuery = z.strictObject({ status: z.enum(JOB_STATUSES).optional(), ...paging })
export const jobListAnswer = z.object({ success, jobs: z.array(jobSchema), nextCursor })
export const jobAnswer = z.object({ success, job: jobSchema })
export const jobMessageAnswer = z.object({ success, message: z.string(), job: jobSchema })
