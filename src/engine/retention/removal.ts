import { totalSize, type Backup } from '../../core/backup/backup.ts'
import { fileName } from '../../core/backup/object-key.ts'
import { inSize } from '../../core/size.ts'

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

const REMOVALS: Readonly<Record<Removal['removal'], string>> = {
  trash: 'moved to the trash',
  erase: 'erased',
  evict: 'removed from this disk, another store keeps it'
}

/** `backup 3, shop-backup-2025-11-24T23-30-00.db, 61.4 kB: erased (beyond the 10 that maxBackups keeps)`. */
export function describeRemoval ({ backup, removal, reasons }: Removal): string {
  const size = totalSize(backup)
  return `backup ${backup.id}, ${fileName(backup.key)}${size === null ? '' : `, ${inSize(size)}`}: ${
    REMOVALS[removal]
  } (${reasons.join('; ')})`
}
