import type { Task } from '../../../src/core/job.ts'
import { never } from '../streams.ts'

/** A job whose progress nobody looks at, and which nobody cancels. */
export const TASK: Task = { jobId: 1, signal: never, phase () {}, bytes () {}, setBackup () {} }
