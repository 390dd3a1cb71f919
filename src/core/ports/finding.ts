/**
 * `warn`: it works, and could be better; `fail`: backups are not made, are not safe, or will not be; `skipped`: it
 * could not be looked at.
 */
export const FINDING_STATUSES = ['ok', 'warn', 'fail', 'skipped'] as const

/** What one check of `holdfast doctor` found. `remedy`: what to do, where something must be done. */
export interface SourceFinding {
  readonly status: typeof FINDING_STATUSES[number]
  readonly message: string
  readonly remedy?: string
}

export function ok (message: string): SourceFinding {
  return { status: 'ok', message }
}

export function warn (message: string, remedy: string): SourceFinding {
  return { status: 'warn', message, remedy }
}

export function fail (message: string, remedy: string): SourceFinding {
  return { status: 'fail', message, remedy }
}

export function skipped (reason: string): SourceFinding {
  return { status: 'skipped', message: reason }
}
