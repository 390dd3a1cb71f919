import type { ErrorCode } from '../errors.ts'

/** The levels of a verification, in the order in which they are tried. */
export const CHECK_NAMES = [
  'file_exists',
  'manifest',
  'checksum',
  'decryption',
  'decompression',
  'opens_read_only',
  'integrity_check',
  'foreign_key_check',
  'schema',
  'row_counts'
] as const

export type CheckName = typeof CHECK_NAMES[number]
export type CheckStatus = 'pass' | 'fail' | 'skipped'

export interface Check {
  readonly name: CheckName
  readonly status: CheckStatus
  /** Why it failed or was skipped; for one that passed, what was found, if that says more. */
  readonly reason?: string
  /** Values that break a constraint of their table in the source as well: a warning, and no damage. */
  readonly violations?: number
  /**
   * For one that was skipped: the error that kept it from being made, such as `PROCESS_TIMED_OUT`. Nothing is known of
   * that level.
   */
  readonly code?: ErrorCode
}

/** What a verification found. */
export interface Verification {
  readonly valid: boolean
  readonly checks: readonly Check[]
}

/**
 * Draws the conclusion. Valid means that nothing failed and that the bytes were compared with what was recorded
 * and the content was opened: a verification that skipped either proves nothing and is not valid. `wereProven`: these
 * very bytes were opened before, to the end, and cannot be now; then it is enough that they are still the same.
 */
export function conclude (
  checks: readonly Check[],
  { wereProven = false }: { readonly wereProven?: boolean } = {}
): Verification {
  const passed = (name: CheckName): boolean => checks.some(check => check.name === name && check.status === 'pass')
  const failed = checks.some(check => check.status === 'fail')
  return { valid: !failed && passed('checksum') && (wereProven || passed('opens_read_only')), checks }
}

/**
 * Completes `checks` to all levels: one that was not reached is `skipped`, with the failed one before it as the reason.
 */
export function completeChecks (checks: readonly Check[], reason: string): Check[] {
  return CHECK_NAMES.map(name => checks.find(check => check.name === name) ?? { name, status: 'skipped', reason })
}

/** How many values break a constraint of their table, as they did in the source. */
export function violationsOf (checks: readonly Check[]): number {
  return checks.reduce((sum, { violations = 0 }) => sum + violations, 0)
}

/**
 * The checks of a backup whose content could not be inspected, because that took more than it may. It is neither valid
 * nor damaged.
 */
export function inconclusiveChecks ({ code, message }: {
  readonly code: ErrorCode
  readonly message: string
}): Check[] {
  const reason = 'not reached, because the verification was inconclusive'
  return completeChecks(
    [{ name: 'integrity_check', status: 'skipped', reason: `inconclusive: ${message}`, code }],
    reason
  )
}

/** The check that was inconclusive; undefined: none was. */
export function inconclusiveCheck (checks: readonly Check[]): Check | undefined {
  return checks.find(({ code }) => code !== undefined)
}

/** What a backup that is not damaged has to be known for all the same; undefined: nothing. */
export function verificationWarning (checks: readonly Check[]): string | undefined {
  const unproven = inconclusiveCheck(checks)
  if (unproven !== undefined) return `the backup is not verified: ${unproven.reason ?? unproven.name}`
  return checks.find(({ violations = 0 }) => violations > 0)?.reason
}

/** The sentence for people: `Backup is valid`, or which check failed and what to do. */
export function verificationMessage (verification: Verification): string {
  const warning = verificationWarning(verification.checks)
  if (verification.valid) {
    return warning === undefined
      ? 'Backup is valid'
      : `Backup is valid, with a warning: ${warning}`
  }
  const failed = verification.checks.find(check => check.status === 'fail')
  if (failed === undefined) {
    return 'Backup is not proven: no check could be made. Look at the reasons given with the checks.'
  }
  return `Backup is not valid: ${failed.name} failed (${failed.reason ?? 'no reason given'}). ${REMEDIES[failed.name]}`
}

const REMEDIES: Readonly<Record<CheckName, string>> = {
  file_exists: 'Create a new backup, or copy the file back from where it was moved to.',
  manifest:
    'Create a new backup; if only the manifest was lost, the rest of the checks tell whether the data is whole.',
  checksum: 'The file was changed or damaged after it was written: create a new backup and use an older one meanwhile.',
  decryption:
    'The file was not sealed to the key that its manifest names, or is damaged: create a new backup and use an older one meanwhile.',
  decompression: 'The file is damaged: create a new backup and use an older one meanwhile.',
  opens_read_only: 'Use an older backup, and check the source database.',
  integrity_check: 'Use an older backup, and run an integrity check on the source database.',
  foreign_key_check: 'Use an older backup, and check the references in the source database.',
  schema: 'Use an older backup, and create a new one.',
  row_counts: 'Use an older backup, and create a new one.'
}
