import { percent, type Job } from '../../core/job.ts'
import type { JobView } from '../schemas/job.ts'
import { iso } from './instant.ts'

export function presentJob (job: Job, bytesPerSecond: number | null): JobView {
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
    errorMessage: job.errorMessage
  }
}
