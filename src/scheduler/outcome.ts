import { createHash } from 'node:crypto'
import { ERRORS, type BackupError, type ErrorCode } from '../core/errors.ts'
import type { Run, RunChange } from '../core/schedule/run.ts'

/** Pauses before the second attempt and those after it, in minutes. After the last of them it is over. */
const PAUSES = [1, 5, 15, 60]
const IN_THE_WAY: ReadonlySet<ErrorCode> = new Set(['BACKUP_IN_PROGRESS', 'BACKUP_BUSY', 'QUEUE_FULL', 'SHUTTING_DOWN'])

/** Nothing was attempted, because something else comes first: the run goes on waiting. */
export function isInTheWay (code: ErrorCode): boolean {
  return IN_THE_WAY.has(code)
}

/** What becomes of a run whose attempt ended with an error. */
export function afterFailure (
  run: Run,
  { code, message }: Pick<BackupError, 'code' | 'message'>,
  backupId: number | null,
  now: Date
): RunChange {
  if (isInTheWay(code)) return { status: 'waiting', attempts: run.attempts - 1, nextAttemptAt: null }
  // Before its first backup a source has nothing to drill, and nothing is wrong with that.
  if (run.kind === 'drill' && code === 'BACKUP_NOT_FOUND') {
    return { status: 'skipped', reason: message, nextAttemptAt: null, finishedAt: now }
  }
  const told = { backupId, reason: message, errorCode: code }
  const pause = PAUSES[run.attempts - 1]
  if (!ERRORS[code].retry || pause === undefined) {
    return { status: 'failed', ...told, nextAttemptAt: null, finishedAt: now }
  }
  const spread = 1 + share(`${run.id} ${run.attempts}`) / 10
  return { status: 'waiting', ...told, nextAttemptAt: new Date(now.getTime() + Math.round(pause * 60_000 * spread)) }
}

export function afterSuccess (backupId: number | null, now: Date): RunChange {
  return { status: 'done', backupId, reason: null, errorCode: null, nextAttemptAt: null, finishedAt: now }
}

/** From 0 up to 1, always the same for one text: spreads what would otherwise happen at one moment. */
export function share (text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 0x1_0000_0000
}
