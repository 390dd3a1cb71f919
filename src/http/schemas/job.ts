import { z } from 'zod'
import { JOB_STATUSES } from '../../core/job.ts'
import { jobSchema, jobWithLogSchema } from '../../present/job.ts'
import { nextCursor, paging, success } from './common.ts'

export const jobListQuery = z.strictObject({ status: z.enum(JOB_STATUSES).optional(), ...paging })
export const jobListAnswer = z.object({ success, jobs: z.array(jobSchema), nextCursor })
export const jobAnswer = z.object({ success, job: jobWithLogSchema })
export const jobMessageAnswer = z.object({ success, message: z.string(), job: jobSchema })
