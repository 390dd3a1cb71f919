import type { BackupMethod } from '../../core/backup/backup.ts'
import { toBackupError, type ErrorCode } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { createBackup } from './create.ts'
import type { Created } from './created.ts'

/** For every kind of source: there is content that cannot be backed up. */
const DAMAGED: readonly ErrorCode[] = [
  'VERIFICATION_FAILED',
  'PROCESS_OUT_OF_MEMORY',
  'PROCESS_TIMED_OUT'
]

export interface Change {
  /** The change that follows, such as `the restore of backup 12`. */
  readonly before: string
  /** Whether the change may continue without a backup of content that is too damaged for one: the old file is kept. */
  readonly mayBeDamaged: boolean
  /** Default: a full backup. */
  readonly method?: BackupMethod
}

/**
 * Makes a `pre-migration` backup of the current content of a source, as part of a job that holds the source. undefined:
 * there is no content, or it cannot be backed up and need not be. Rejects as `createBackup` does.
 *
 * It never rotates: the next restore may need a backup that is beyond `maxBackups`. The next backup removes it. Only if
 * the disk is too full, other backups are removed to make room; the result lists them in `removed`.
 */
export async function makeSafetyBackup (
  deps: EngineDeps,
  chosen: ProtectedSource,
  { before, mayBeDamaged, method }: Change,
  task: Task
): Promise<Created | undefined> {
  // The job keeps the backup that it was started for.
  const quiet: Task = { ...task, setBackup () {} }
  try {
    const description = `before ${before}`
    return await createBackup(deps, chosen, { type: 'pre-migration', method, description, rotates: false }, quiet)
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    const { empty, damaged } = requireKind(deps, chosen.source.kind).unsecurable
    const isDamaged = DAMAGED.includes(code) || damaged.includes(code)
    if (!task.signal.aborted && (empty.includes(code) || (mayBeDamaged && isDamaged))) return undefined
    throw thrown
  }
}
