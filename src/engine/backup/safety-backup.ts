import type { Backup, BackupMethod } from '../../core/backup/backup.ts'
import { toBackupError, type ErrorCode } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { createBackup } from './create.ts'

/** Of every kind: there is content, and it cannot be backed up as it is. */
const DAMAGED: readonly ErrorCode[] = [
  'VERIFICATION_FAILED',
  'PROCESS_OUT_OF_MEMORY',
  'PROCESS_TIMED_OUT'
]

export interface Change {
  /** What is about to be done, as in `the restore of backup 12`. */
  readonly before: string
  /** Whether to go on without a backup where what stands there is too damaged for one: the old file is kept then. */
  readonly mayBeDamaged: boolean
  /** Default: a full backup. */
  readonly method?: BackupMethod
}

/**
 * Makes a `pre-migration` backup of what stands there now, as part of a job that holds the source. undefined where
 * nothing stands there, or something that cannot be backed up and need not be. Rejects as `createBackup` does.
 */
export async function makeSafetyBackup (
  deps: EngineDeps,
  chosen: ProtectedSource,
  { before, mayBeDamaged, method }: Change,
  task: Task
): Promise<Backup | undefined> {
  // The job goes on to be about what it was started for.
  const quiet: Task = { ...task, setBackup () {} }
  try {
    return await createBackup(deps, chosen, { type: 'pre-migration', method, description: `before ${before}` }, quiet)
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    const { empty, damaged } = requireKind(deps, chosen.source.kind).unsecurable
    const isDamaged = DAMAGED.includes(code) || damaged.includes(code)
    if (!task.signal.aborted && (empty.includes(code) || (mayBeDamaged && isDamaged))) return undefined
    throw thrown
  }
}
