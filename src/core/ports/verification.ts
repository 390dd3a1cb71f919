import type { ErrorCode } from '../errors.ts'

/** The levels that the verification of every backup has, in the order in which they are tried. */
export const STORED_CHECKS = ['file_exists', 'manifest', 'checksum', 'decryption', 'decompression'] as const
export type StoredCheck = typeof STORED_CHECKS[number]

/** The level that only increments have: all that the backup is built on is there, and not damaged. */
export const CHAIN_CHECK = 'chain'

/** A level of one kind, which looks into the content. */
export interface CheckDefinition {
  readonly name: string
  /** Whether it shows, when it passes, that the content can be used: a verification needs one that does. */
  readonly opensContent: boolean
  /** The advice when it fails: a sentence. */
  readonly remedy: string
}

export type CheckStatus = 'pass' | 'fail' | 'skipped'

export interface Check {
  /** One of `STORED_CHECKS`, `CHAIN_CHECK`, or of the kind's own. */
  readonly name: string
  readonly status: CheckStatus
  /** Why it failed or was skipped; for one that passed, what was found, if that says more. */
  readonly reason?: string
  /**
   * What is wrong in the source as well, such as values that break a constraint or files that could not be read: a
   * warning, and no damage.
   */
  readonly violations?: number
  /**
   * Of a check whether the parts of the backup fit together: `inconsistent`, they do not, although nothing is damaged,
   * such as where a row names a file that was removed before it was read; `unknown`, that could not be evaluated, and
   * another snapshot would not change it. The backup is kept, and not counted as good. Absent: they do, or the check is
   * of another kind.
   */
  readonly consistency?: 'inconsistent' | 'unknown'
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
  /** The advice where a check failed: a sentence; null: none failed. */
  readonly remedy: string | null
}

/**
 * Draws the conclusion. Valid means that nothing failed and that the bytes were compared with what was recorded
 * and the content was opened: a verification that skipped either proves nothing and is not valid. `definitions` are the
 * checks of the kind. `wereProven`: these very bytes were opened before, to the end, and cannot be now; then it is
 * enough that they are still the same.
 */
export function conclude (
  checks: readonly Check[],
  definitions: readonly CheckDefinition[],
  { wereProven = false }: { readonly wereProven?: boolean } = {}
): Verification {
  const passed = (name: string): boolean => checks.some(check => check.name === name && check.status === 'pass')
  const failed = checks.find(check => check.status === 'fail')
  const wasOpened = definitions.some(({ name, opensContent }) => opensContent && passed(name))
  return {
    valid: failed === undefined && passed('checksum') && (wereProven || wasOpened),
    checks,
    remedy: failed === undefined ? null : remedyOf(failed.name, definitions)
  }
}

function remedyOf (name: string, definitions: readonly CheckDefinition[]): string {
  if (name === CHAIN_CHECK) return CHAIN_REMEDY
  return isStored(name)
    ? STORED_REMEDIES[name]
    : definitions.find(one => one.name === name)?.remedy ?? 'Use an older backup, and create a new one.'
}

function isStored (name: string): name is StoredCheck {
  return STORED_CHECKS.some(stored => stored === name)
}

/**
 * Completes `checks` to all levels: one that was not reached is `skipped`, with the failed one before it as the reason.
 * Only increments have the level `chain`: it is among the result where it is among `checks`. Checks of other names,
 * such as those of the members of a set, come before those of the kind.
 */
export function completeChecks (
  checks: readonly Check[],
  definitions: readonly CheckDefinition[],
  reason: string
): Check[] {
  const levels = [...STORED_CHECKS, CHAIN_CHECK, ...definitions.map(({ name }) => name)]
  const chain = checks.some(({ name }) => name === CHAIN_CHECK) ? [CHAIN_CHECK] : []
  const others = checks.flatMap(({ name }) => levels.includes(name) ? [] : [name])
  return [...STORED_CHECKS, ...chain, ...others, ...definitions.map(({ name }) => name)].map(name =>
    checks.find(check => check.name === name) ?? { name, status: 'skipped', reason }
  )
}

/** How many values break a constraint of their table, as they did in the source. */
export function violationsOf (checks: readonly Check[]): number {
  return checks.reduce((sum, { violations = 0, consistency }) => consistency === undefined ? sum + violations : sum, 0)
}

/**
 * The first check by which the parts of the backup do not fit together, otherwise the first that could not be
 * evaluated; undefined: the backup is consistent, as far as its kind checks that.
 */
export function inconsistencyOf (checks: readonly Check[]): Check | undefined {
  return checks.find(({ consistency }) => consistency === 'inconsistent') ??
    checks.find(({ consistency }) => consistency === 'unknown')
}

/**
 * The checks of a backup whose content could not be inspected, because that took more than it may. It is neither valid
 * nor damaged.
 */
export function inconclusiveChecks (
  { code, message }: { readonly code: ErrorCode, readonly message: string },
  definitions: readonly CheckDefinition[]
): Check[] {
  const reason = 'not reached, because the verification was inconclusive'
  const name = definitions.findLast(({ opensContent }) => opensContent)?.name ?? 'decompression'
  return completeChecks(
    [{ name, status: 'skipped', reason: `inconclusive: ${message}`, code }],
    definitions,
    reason
  )
}

/** The check that was inconclusive, and with it the verification; undefined: none was. */
export function inconclusiveCheck (checks: readonly Check[]): Check | undefined {
  return checks.find(({ code, consistency }) => code !== undefined && consistency === undefined)
}

/** What a backup that is not damaged has to be known for all the same; undefined: nothing. */
export function verificationWarning (checks: readonly Check[]): string | undefined {
  const unproven = inconclusiveCheck(checks)
  if (unproven !== undefined) return `the backup is not verified: ${unproven.reason ?? unproven.name}`
  return (inconsistencyOf(checks) ?? checks.find(({ violations = 0 }) => violations > 0))?.reason
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
    return 'Backup is not verified: no check could be made. See the reason of each check.'
  }
  const found = `Backup is not valid: ${failed.name} failed (${failed.reason ?? 'no reason given'}).`
  return verification.remedy === null ? found : `${found} ${verification.remedy}`
}

const CHAIN_REMEDY =
  'Make a full backup now, and restore from an older chain until then. Copy a missing file back from another store.'

const STORED_REMEDIES: Readonly<Record<StoredCheck, string>> = {
  file_exists: 'Create a new backup, or move the file back.',
  manifest: 'Create a new backup. If only the manifest is lost, the other checks show whether the data is intact.',
  checksum:
    'The file was changed or damaged after it was written: create a new backup, and use an older one until then.',
  decryption:
    'The file is damaged, or not encrypted with the key that its manifest names: create a new backup, and use an older one until then.',
  decompression: 'The file is damaged: create a new backup, and use an older one until then.'
}
