import type { ErrorCode } from './errors.ts'

export const JOB_KINDS = [
  'create',
  'verify',
  'verify-all',
  'prune',
  'delete',
  'undelete',
  'rebuild',
  'restore',
  'diff',
  'rescue',
  'export',
  'drill',
  'upload'
] as const
export type JobKind = typeof JOB_KINDS[number]

export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type JobStatus = typeof JOB_STATUSES[number]

export const JOB_PHASES = [
  'waiting',
  'probing',
  'storing',
  'uploading',
  'verifying',
  'unpacking',
  'restoring',
  'comparing',
  'rescuing',
  'exporting',
  'recording',
  'rotating',
  'removing',
  'done'
] as const
export type JobPhase = typeof JOB_PHASES[number]

export interface JobProgress {
  readonly phase: JobPhase
  /** Plain bytes handled in this phase, and how many there will be; null where that is not known. */
  readonly bytesDone: number
  readonly bytesTotal: number | null
}

/** One piece of work: one row of `jobs`, with live progress while it runs. */
export interface Job {
  readonly id: number
  readonly kind: JobKind
  readonly source: string | null
  readonly backupId: number | null
  readonly status: JobStatus
  readonly progress: JobProgress
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly errorCode: ErrorCode | null
  readonly errorMessage: string | null
}

/** Output of a command that a job ran. */
export interface JobLogEntry {
  readonly at: Date
  readonly text: string
}

export function isFinished (job: Job): boolean {
  return job.status !== 'queued' && job.status !== 'running'
}

/** Share done of the present phase, 0 to 100, or null where the total is not known. */
export function percent (progress: JobProgress): number | null {
  if (progress.phase === 'done') return 100
  if (progress.bytesTotal === null) return null
  return progress.bytesTotal === 0 ? 0 : Math.min(100, Math.floor(progress.bytesDone / progress.bytesTotal * 100))
}

/** Work under way. `result` rejects with a BackupError; it need not be awaited, and giving up on it stops nothing. */
export interface Work<T> {
  readonly job: Job
  readonly result: Promise<T>
}

/** What a running piece of work has of its job. */
export interface Task {
  readonly jobId: number
  readonly signal: AbortSignal
  /** Begins a phase; `bytesTotal` plain bytes are to be handled in it. */
  phase(phase: JobPhase, bytesTotal?: number | null): void
  bytes(done: number): void
  setBackup(backupId: number): void
}
