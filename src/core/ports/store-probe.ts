/** What is tried of a store, in the order in which it is told. */
export const PROBE_CHECKS = [
  'reach',
  'write',
  'read',
  'range',
  'stat',
  'list',
  'overwrite',
  'delete',
  'clock',
  'versions',
  'lock'
] as const
export type ProbeCheck = typeof PROBE_CHECKS[number]

/**
 * `warn`: it works, and could be better; `fail`: copies are not made there, or are not safe; `skipped`: it could not be
 * tried; `absent`: the store does not have the feature, and nothing in the configuration needs it.
 */
export const PROBE_STATUSES = ['ok', 'warn', 'fail', 'skipped', 'absent'] as const
export type ProbeStatus = typeof PROBE_STATUSES[number]

export interface ProbeFinding {
  readonly check: ProbeCheck
  readonly status: ProbeStatus
  /** What was found: lowercase, no full stop. Holds no secret. */
  readonly message: string
  /** What to do, where something is to be done. */
  readonly remedy: string | null
}

/** What came of trying a store. */
export interface StoreProbe {
  readonly store: string
  /** Whether nothing failed; there may be warnings. */
  readonly ok: boolean
  /** One for each check. */
  readonly findings: readonly ProbeFinding[]
}
