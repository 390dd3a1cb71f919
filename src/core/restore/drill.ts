import type { Check } from '../ports/verification.ts'

/** What must be true of the content of a source's backups: a query that gives one value, and a bound for that. */
export interface Assertion {
  readonly name: string
  /**
   * One statement that reads, and gives one row with one column. `:at` in it is the time at which the backup was begun,
   * in ISO 8601: what says "of the last 7 days" means the last before the backup, for an old one is as good as it was
   * then.
   */
  readonly sql: string
  /** At least one of the three. A whole number beyond 2^53 is a text of its digits. */
  readonly min?: number | string
  readonly max?: number | string
  readonly equals?: number | string
}

/** `inconclusive`: whether it holds could not be told. */
export const ASSERTION_STATUSES = ['pass', 'fail', 'inconclusive'] as const
export type AssertionStatus = typeof ASSERTION_STATUSES[number]

/** The one value that a query gave, a whole number beyond 2^53 as a text of its digits; null: it gave none. */
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

/**
 * Whether what was found is within the bound. A text has no place among numbers: that is told as `inconclusive`.
 * Numbers are compared by their exact values.
 */
export function judge (assertion: Assertion, value: number | bigint | string | null): AssertionResult {
  const { name, min, max, equals } = assertion
  const bound = boundInWords(assertion)
  const found = toFound(value)
  const result = (status: AssertionStatus, reason: string | null): AssertionResult => ({
    name,
    status,
    found,
    bound,
    reason
  })
  if (value === null) return result('fail', 'the query returned no value')
  if ((min !== undefined || max !== undefined) && typeof value === 'string') {
    return result('inconclusive', 'the query returned text, and the bound is a number')
  }
  const holds = isWithin(value, min, max) && (equals === undefined || isSame(value, equals))
  const what = typeof value === 'string' ? `"${value}"` : String(value)
  return result(holds ? 'pass' : 'fail', holds ? null : `found ${what}, expected ${bound}`)
}

function isWithin (value: number | bigint | string, min: Assertion['min'], max: Assertion['max']): boolean {
  if (typeof value === 'string') return true
  return (min === undefined || value >= exact(min)) && (max === undefined || value <= exact(max))
}

function toFound (value: number | bigint | string | null): Found {
  if (typeof value !== 'bigint') return value
  return isSafe(value) ? Number(value) : String(value)
}

function isSafe (value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
}

/**
 * The bound as a number of which no digit is lost. JavaScript compares a bigint with a number by their mathematical
 * values: https://tc39.es/ecma262/#sec-islessthan.
 */
export function exact (bound: number | string): number | bigint {
  return typeof bound === 'string' ? BigInt(bound) : bound
}

/** A text of digits is a number only where no number can be written for it. */
function isSame (value: number | bigint | string, equals: number | string): boolean {
  if (typeof value === 'string') return value === equals
  if (typeof equals === 'number') return value >= equals && value <= equals
  return typeof value === 'bigint' && !isSafe(value) && String(value) === equals
}

/** A result for what could not be evaluated. */
export function inconclusive (assertion: Assertion, reason: string): AssertionResult {
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
