import type Database from 'better-sqlite3'
import { systemCode } from '../../core/errors.ts'
import { shortened } from '../../core/shortened.ts'
import { quoteName } from './facts.ts'

/** Structural findings that are reported; the first ones are enough. */
export const FINDINGS = 5
/** Characters that are kept of one finding: it has names of tables and columns, which may be of any length. */
const FINDING_LENGTH = 300
/** SQLite's own limit of findings, which is also the only one for a single table. */
const LIMIT = 100
/** The largest limit that the pragma takes. */
const NO_LIMIT = 2_147_483_647
/**
 * Findings about values that break a constraint of their table. They are a property of the data: the pages and indexes
 * are sound. Every other finding is structural. https://sqlite.org/pragma.html#pragma_integrity_check
 */
const CONSTRAINT =
  /^(?:NULL value in |non-\w+ value in |NUMERIC value in |TEXT value in |CHECK constraint failed in |non-unique entry in index )/

export type IntegrityPragma = 'integrity_check' | 'quick_check'

export interface Integrity {
  /** The first findings about pages, trees and indexes. Empty: the structure is sound. */
  readonly structural: readonly string[]
  /** How often each finding about a constraint came. */
  readonly violations: ReadonlyMap<string, number>
  /** What could not be checked, each with its table, because it needs a function or collation of the application. */
  readonly unchecked: readonly string[]
}

/**
 * Runs an integrity check and sorts what it finds. Tables that need a function or collation which this library lacks
 * are left out and named. Throws what SQLite throws about damage or locks.
 */
export function checkIntegrity (db: Database.Database, pragma: IntegrityPragma): Integrity {
  try {
    return ofWhole(db, pragma)
  } catch (error) {
    if (!isUnsupported(error)) throw error
    return checkByTable(db, pragma)
  }
}

/**
 * The same, one table at a time, so that a database in rollback-journal mode is not locked for longer than one takes.
 */
export function checkByTable (db: Database.Database, pragma: IntegrityPragma): Integrity {
  const names = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck()
    .all()
  const parts: Integrity[] = []
  for (const name of names) {
    const part = ofTable(db, pragma, name)
    parts.push(part)
    if (part.structural.length > 0) break
  }
  const violations = new Map(parts.flatMap(part => [...part.violations]))
  return {
    structural: parts.flatMap(part => part.structural),
    violations,
    unchecked: parts.flatMap(part => part.unchecked)
  }
}

/** How many values break a constraint. */
export function violationsIn ({ violations }: Pick<Integrity, 'violations'>): number {
  return [...violations.values()].reduce((sum, times) => sum + times, 0)
}

/** `3 values break a constraint: NULL value in t.notes (2 times); TEXT value in t.n` */
export function describeViolations (integrity: Pick<Integrity, 'violations'>): string {
  const kinds = [...integrity.violations].slice(0, FINDINGS).map(([text, times]) =>
    times === 1 ? text : `${text} (${times} times)`
  )
  const rest = integrity.violations.size - kinds.length
  const total = violationsIn(integrity)
  const all = [...kinds, ...rest > 0 ? [`${rest} other kinds`] : []].join('; ')
  return `${total} ${total === 1 ? 'value violates' : 'values violate'} a constraint: ${all}`
}

export function describeUnchecked ({ unchecked }: Pick<Integrity, 'unchecked'>): string {
  const named = unchecked.slice(0, FINDINGS).map(name => shortened(name, FINDING_LENGTH)).join(', ')
  const rest = unchecked.length - FINDINGS
  return `not possible for ${named}${
    rest > 0 ? ` and ${rest} more` : ''
  }: a function or collation of the application is not available here`
}

/**
 * SQLite's plain error is what a missing module, function, tokenizer or collation gives; damage has a code of its own.
 */
export function isUnsupported (error: unknown): boolean {
  return systemCode(error)?.startsWith('SQLITE_ERROR') === true
}

/**
 * Pages and trees come first in what SQLite reports, then row after row. Where the rows alone used up the limit, the
 * check is made again without one: no finding about an index may hide behind broken constraints.
 */
function ofWhole (db: Database.Database, pragma: IntegrityPragma): Integrity {
  const first = sorted(db, `${pragma}(${LIMIT})`)
  if (first.structural.length > 0 || violationsIn(first) < LIMIT) return first
  return sorted(db, `${pragma}(${NO_LIMIT})`)
}

function ofTable (db: Database.Database, pragma: IntegrityPragma, name: string): Integrity {
  const quoted = quoteName(name)
  try {
    const found = sorted(db, `${pragma}(${quoted})`)
    const isCut = found.structural.length === 0 && violationsIn(found) >= LIMIT
    return isCut ? { ...found, unchecked: [`${quoted} after its first ${LIMIT} findings`] } : found
  } catch (error) {
    if (!isUnsupported(error)) throw error
    // Without a look at the content of indexes, functions in them are not needed.
    if (pragma === 'integrity_check') {
      const rest = ofTable(db, 'quick_check', name)
      return rest.unchecked.length > 0 ? rest : { ...rest, unchecked: [`the indexes of ${quoted}`] }
    }
    return { structural: [], violations: new Map(), unchecked: [quoted] }
  }
}

/** Damage that was found before the check itself failed stays found. */
function sorted (db: Database.Database, pragma: string): Integrity {
  const structural: string[] = []
  const violations = new Map<string, number>()
  try {
    for (const finding of db.prepare<[], string>(`PRAGMA ${pragma}`).pluck().iterate()) {
      const text = shortened(finding, FINDING_LENGTH)
      if (text === 'ok') continue
      if (CONSTRAINT.test(text)) violations.set(text, (violations.get(text) ?? 0) + 1)
      else structural.push(text)
      if (structural.length >= FINDINGS) break
    }
  } catch (error) {
    if (structural.length === 0) throw error
  }
  return { structural, violations, unchecked: [] }
}
