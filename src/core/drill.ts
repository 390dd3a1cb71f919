import type { Check } from './verification.ts'

/** What must be true of the content of a source's backups: a query that gives one value, and a bound for that. */
export interface Assertion {
  readonly name: string
  /**
   * One statement that reads, and gives one row with one column. `:at` in it is the time at which the backup was begun, in
   * ISO 8601: what says "of the last 7 days" means the last before the backup, for an old one is as good as it was then.
   */
  readonly sql: string
  /** At least one of the three. */
  readonly min?: number
  readonly max?: number
  readonly equals?: number | string
}

/** `inconclusive`: whether it holds could not be told. */
export const ASSERTION_STATUSES = ['pass', 'fail', 'inconclusive'] as const
export type AssertionStatus = typeof ASSERTION_STATUSES[number]

/** The one value that a query gave; null: it gave none. */
export type Found = number | string | null

export interface AssertionResult {
  readonly name: string
  readonly status: AssertionStatus
  readonly found: Found
  /** In words: `at least 1`. */
  readonly bound: string
  /** Why it failed or could not be told. */
  readonly reason: string | null
}

/** What a drill found. It says by itself which bytes were drilled, whatever becomes of the backup later. */
export interface DrillReport {
  readonly backup: {
    readonly fileName: string
    readonly startedAt: string
    /** SHA-256 of the stored bytes, in hex. */
    readonly checksum: string
    /** Of the plain bytes. */
    readonly imageChecksum: string
    /** Stored bytes. */
    readonly size: number
    readonly compression: string
  }
  /** Why this backup, in words. */
  readonly chosen: string
  /** Every level of a verification. */
  readonly checks: readonly Check[]
  readonly assertions: readonly AssertionResult[]
  /** Milliseconds from the begin to the end of all of it. */
  readonly duration: number
}

export const DRILL_OUTCOMES = ['passed', 'failed', 'inconclusive'] as const
/** `failed`: the backup is damaged or does not hold what it should; `inconclusive`: that could not be told. */
export type DrillOutcome = typeof DRILL_OUTCOMES[number]

/** Evaluates assertions on images of one kind, also of sources that are no longer configured. */
export interface Assessor {
  /**
   * Holds the plain image in the file `path` against each assertion, in a process of its own that never writes. What
   * cannot be evaluated, or takes longer than a minute, is a result and no error.
   */
  assess (path: string, assertions: readonly Assertion[], at: Date, signal: AbortSignal): Promise<readonly AssertionResult[]>
}

/** Whether what was found is within the bound. A text has no place among numbers: that is told as `inconclusive`. */
export function judge (assertion: Assertion, found: Found): AssertionResult {
  const { name, min, max, equals } = assertion
  const bound = boundInWords(assertion)
  const result = (status: AssertionStatus, reason: string | null): AssertionResult => ({ name, status, found, bound, reason })
  if (found === null) return result('fail', 'the query gave no value')
  if ((min !== undefined || max !== undefined) && typeof found !== 'number') return result('inconclusive', 'the query gave a text, and the bound is a number')
  const holds = (min === undefined || Number(found) >= min) && (max === undefined || Number(found) <= max) && (equals === undefined || found === equals)
  return result(holds ? 'pass' : 'fail', holds ? null : `found ${shown(found)}, expected ${bound}`)
}

/** A result for what could not be evaluated. */
export function notTold (assertion: Assertion, reason: string): AssertionResult {
  return { name: assertion.name, status: 'inconclusive', found: null, bound: boundInWords(assertion), reason }
}

/** `at least 1 and at most 9`, `exactly "ok"`. */
export function boundInWords ({ min, max, equals }: Assertion): string {
  return [
    ...min === undefined ? [] : [`at least ${min}`],
    ...max === undefined ? [] : [`at most ${max}`],
    ...equals === undefined ? [] : [`exactly ${shown(equals)}`]
  ].join(' and ')
}

function shown (value: number | string): string {
  return typeof value === 'number' ? String(value) : `"${value}"`
}
