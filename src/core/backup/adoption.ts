import type { Backup } from './backup.ts'
import type { Copy } from './copy.ts'

/** What a manifest stood beside when it was found. */
export interface Found {
  /** Name of the object in the store. */
  readonly key: string
  readonly copy: Copy
  /** It is that of the landing store. */
  readonly hasLanded: boolean
  /** It was found in the trash, and its grace begins then; null: it was not. */
  readonly trashedAt: Date | null
  /** Nobody here ever removes anything there: what is there is a backup, also where the catalog took it for gone. */
  readonly neverDeleted: boolean
  /**
   * The other installation whose backup it is; null: it is this one's own, also where it was taken for another's
   * before.
   */
  readonly foreignInstance: string | null
}

export interface Adopted {
  readonly backup: Backup
  /** `joined`: the backup was known, and has one copy more; `known`: nothing changed. */
  readonly outcome: 'added' | 'joined' | 'known'
}
