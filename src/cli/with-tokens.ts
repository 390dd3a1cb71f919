import type { AuditLog } from '../core/catalog/audit.ts'
import type { TokenLog } from '../core/catalog/token.ts'
import { audited, type AuditedAction, type Recorder } from './audited.ts'

/** Opens the catalog for as long as `work` takes, and records the deed in the audit log; null: it changes nothing. */
export type WithTokens = <T>(action: AuditedAction | null, work: (tokens: TokenLog) => Promise<T>) => Promise<T>

export interface OpenedTokens {
  readonly tokens: TokenLog
  readonly audit: AuditLog
  readonly close: () => Promise<void>
}

export function tokensFrom (
  open: (isChange: boolean) => Promise<OpenedTokens>,
  recorder: Omit<Recorder, 'audit'>
): WithTokens {
  return async (action, work) => {
    const { tokens, audit, close } = await open(action !== null)
    try {
      return await (action === null ? work(tokens) : audited({ ...recorder, audit }, action, () => work(tokens)))
    } finally {
      await close()
    }
  }
}
