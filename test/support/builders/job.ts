import type { Job } from '../../../src/core/job.ts'
import { STARTED } from './backup.ts'

export function aJob (given: Partial<Job> = {}): Job {
  return {
    id: 1,
    kind: 'create',
    source: 'workstation',
    backupId: null,
    status: 'running',
    progress: { phase: 'storing', bytesDone: 25, bytesTotal: 100 },
    createdAt: STARTED,
    startedAt: STARTED,
    finishedAt: null,
    errorCode: null,
    errorMessage: null,
    ...given
  }
}
