import type { Salvaged } from '../../core/restore/salvage.ts'
import type { FailedMessage } from './protocol.ts'

/** The task of a salvage child: two paths that nothing else uses. */
export interface SalvageTask {
  /** A copy of the damaged database, which may be changed. */
  readonly copy: string
  /** A path that does not exist yet. */
  readonly fresh: string
}

export type Salvage = Omit<Salvaged, 'path' | 'output' | 'size'>

export type SalvageMessage =
  | { readonly type: 'salvage', readonly salvage: Salvage }
  | FailedMessage
