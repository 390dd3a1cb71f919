import type { Recovered } from '../../core/restore/salvage.ts'
import type { FailedMessage } from './protocol.ts'

/** What a recover child is told: two paths of its own, with nobody else at them. */
export interface RecoverTask {
  /** A copy of the damaged database, which may be changed. */
  readonly copy: string
  /** A path that does not exist yet. */
  readonly fresh: string
}

export type Salvage = Omit<Recovered, 'path' | 'output' | 'size'>

export type RecoverMessage =
  | { readonly type: 'salvage', readonly salvage: Salvage }
  | FailedMessage
