import { ERRORS, type ErrorCode } from '../errors.ts'

export const AUDIT_ORIGINS = ['api', 'cli'] as const
export type AuditOrigin = typeof AUDIT_ORIGINS[number]

/** `refused`: it was not allowed, or not possible as asked; `failed`: it was begun and did not succeed. */
export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const
export type AuditOutcome = typeof AUDIT_OUTCOMES[number]

/** How something ended, by the code of its error; null: there was none. */
export function outcomeOf (code: ErrorCode | null): AuditOutcome {
  if (code === null) return 'done'
  if (code === 'RATE_LIMITED' || code === 'QUEUE_FULL' || code === 'SHUTTING_DOWN') return 'refused'
  // Wrong usage, nothing there, a conflict: nothing was begun.
  return [2, 4, 5].includes(ERRORS[code].exit) ? 'refused' : 'failed'
}

/** Somebody did something, or tried to. */
export interface NewAuditEntry {
  readonly at: Date
  readonly origin: AuditOrigin
  /** Subject of the token, or the user of the machine; null: nobody could be told. */
  readonly actor: string | null
  readonly role: string | null
  /** Network address, or the host where the command ran. */
  readonly address: string | null
  /** What was done, in the words of the command line: `backup create`, `config change`, `token revoke`. */
  readonly action: string
  /** On what: `backup 12`, `source shop`; null: on everything. */
  readonly target: string | null
  readonly outcome: AuditOutcome
  readonly code: ErrorCode | null
  /** For finding it in the log of the service. */
  readonly requestId: string | null
  /** How many alike the entry stands for; 1 if it is left out. */
  readonly times?: number
}

export interface AuditEntry extends NewAuditEntry {
  readonly id: number
  readonly times: number
}

export interface AuditQuery {
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly outcome?: AuditOutcome | undefined
  readonly since?: Date | undefined
  /** At most this many, 1 to 500. */
  readonly limit: number
  /** Only entries with a smaller id. */
  readonly before?: number | undefined
}

/**
 * Who did what. Entries are added, never changed, and go only when they are older than the audit's own retention: the
 * catalog itself refuses anything else.
 */
export interface AuditLog {
  record(entry: NewAuditEntry): Promise<AuditEntry>
  /** Newest first; `next` is the `before` of the next page, null on the last. */
  list(query: AuditQuery): Promise<{ readonly entries: readonly AuditEntry[], readonly next: number | null }>
  /** Forgets entries made before `before`. Returns how many. */
  purge(before: Date): Promise<number>
}
