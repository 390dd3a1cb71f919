import type { Backup } from '../../core/backup/backup.ts'

/** A backup that a rule removed, or that gave way to make room for another. */
export interface Removal {
  /** As it is after the removal. */
  readonly backup: Backup
  /**
   * `trash`: `undelete` brings it back; `erase`: it is gone; `evict`: only from the disk where it landed, since another
   * store keeps it.
   */
  readonly removal: 'trash' | 'erase' | 'evict'
  /** Why, one phrase each; never empty. */
  readonly reasons: readonly string[]
}
