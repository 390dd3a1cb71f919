import type { AuditLog } from '../core/catalog/audit.ts'
import type { TokenLog } from '../core/catalog/token.ts'
import { audited, type Deed, type Recorder } from './audited.ts'

/** Opens the catalog for as long as `work` takes, and records the deed in the audit log; null: it changes nothing. */
export type WithTokens = <T>(deed: Deed | null, work: (tokens: TokenLog) => Promise<T>) => Promise<T>

export interface OpenedTokens {
  readonly tokens: TokenLog
  readonly audit: AuditLog
  readonly close: () => Promise<void>
}

export function tokensFrom (open: () => Promise<OpenedTokens>, recorder: Omit<Recorder, 'audit'>): WithTokens {
  return async (deed, work) => {
    const { tokens, audit, close } = await open()
    try {
      return await (deed === null ? work(tokens) : audited({ ...recorder, audit }, deed, () => work(tokens)))
    } finally {
      await close()
    }
  }
}
