import type { Backup } from '../../core/backup/backup.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Removal } from '../retention/removal.ts'

/** A backup that has just been made, with its effect on the others. */
export interface Created extends Backup {
  /** Backups that gave way to make room for it, then those that rotation removed after it, in that order. */
  readonly removed: readonly Removal[]
  /** Why rotation could not remove every backup beyond `maxBackups`; the next one tries again. null: it could. */
  readonly rotationError: ErrorCode | null
}
