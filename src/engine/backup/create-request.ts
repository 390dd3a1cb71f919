import type { BackupMethod, BackupType } from '../../core/backup/backup.ts'
import type { ImportRecord } from '../../core/backup/import-record.ts'
import type { Compression } from '../../core/ports/codec.ts'
import type { Tier } from '../../core/tier.ts'

/** What a backup is to be like. */
export interface CreateRequest {
  /** Default: the default source. */
  readonly source?: string | undefined
  readonly type: BackupType
  readonly method?: BackupMethod | undefined
  readonly schedule?: Tier | undefined
  readonly description?: string | undefined
  /** Default: the policy of the source. */
  readonly compression?: Compression | undefined
  /** Default: the policy of the source. */
  readonly verify?: boolean | undefined
  /**
   * Whether to wait for its copies, too; a copy that fails is then the outcome, although the backup is made. Default:
   * they are made afterwards.
   */
  readonly upload?: boolean | undefined
  /**
   * Whether the caller may remove backups, too. false: nothing gives way to make room for this one. Default: it may.
   */
  readonly mayRemove?: boolean | undefined
}

/** A backup whose content is that of a file of another program, and not the source as it is now. */
export interface ImportedContent {
  /** The time of the data. */
  readonly at: Date
  readonly record: ImportRecord
}

export interface ContentRequest extends CreateRequest {
  /** Default: the source as it is now. */
  readonly imported?: ImportedContent | undefined
  /** Whether older backups beyond `maxBackups` are removed afterwards, if it is valid. Default: they are. */
  readonly rotates?: boolean | undefined
}
