import { openSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import { CONSTRAINT_VIOLATIONS, NOT_COUNTED, type SnapshotFacts, type TableFacts } from '../../core/ports/source.ts'
import type { Check } from '../../core/ports/verification.ts'
import { shortened } from '../../core/shortened.ts'
import { resourceError } from './errors.ts'
import { countRows, countViolations, schemaDigest, sqliteDetails } from './facts.ts'
import { checkHeader } from './header.ts'
import { checkIntegrity, describeUnchecked, describeViolations, FINDINGS, violationsIn } from './integrity.ts'
import { openImmutable } from './open.ts'

/**
 * Tries everything that the image of a database can be asked, and compares it with what was `expected`; null: nobody
 * knows. Damage is a finding and never thrown. Throws `PROCESS_OUT_OF_MEMORY`, `PROCESS_TIMED_OUT` and `DISK_FULL`
 * where a check takes more than it may: then nothing is known.
 */
export function inspect (path: string, expected: SnapshotFacts | null): Check[] {
  const found: Check[] = []
  let db: Database.Database | undefined
  const opened = check('opens_read_only', () => {
    checkHeader(openSync(path, 'r'), 'the image')
    db = openImmutable(path)
    return undefined
  })
  found.push(opened)
  if (db === undefined || opened.status !== 'pass') return found
  const image = db
  found.push(
    check('integrity_check', () => integrity(image, expected)),
    check('foreign_key_check', () => references(image, expected)),
    check('schema', () => definitions(image, expected)),
    check('row_counts', () => rowCounts(image, expected))
  )
  image.close()
  return found
}

type Finding = Omit<Check, 'name'>
type Outcome = Finding | undefined

/**
 * Characters of the reason of a check, which may quote names of the database: it is kept, listed and sent with every
 * event.
 */
const REASON_LENGTH = 2000
/** Characters of the name of a table in a reason. */
const NAME_LENGTH = 200

/** `undefined` from `run` is a plain pass. What SQLite throws about the content is a finding, anything else is ours. */
function check (name: string, run: () => Outcome): Check {
  try {
    const { reason, ...finding }: Finding = run() ?? { status: 'pass' }
    return { name, ...finding, ...reason !== undefined && { reason: shortened(reason, REASON_LENGTH) } }
  } catch (error) {
    const code = systemCode(error) ?? ''
    const resource = resourceError(error, `the check "${name}"`)
    if (resource !== undefined) throw resource
    if (error instanceof BackupError) return { name, ...fail(error.message) }
    if (code.startsWith('SQLITE_')) return { name, ...fail(`SQLite reports ${code}: ${(error as Error).message}`) }
    throw error
  }
}

function fail (reason: string): Finding {
  return { status: 'fail', reason: shortened(reason, REASON_LENGTH) }
}

/** Values that break a constraint did so in the source already: the image is byte for byte what was read there. */
function integrity (db: Database.Database, expected: SnapshotFacts | null): Outcome {
  const found = checkIntegrity(db, 'integrity_check')
  if (found.structural.length > 0) return fail(found.structural.join('; '))
  const unchecked = found.unchecked.length === 0 ? [] : [`${describeUnchecked(found)}; the rest is intact`]
  const violations = violationsIn(found)
  if (violations === 0) return unchecked.length === 0 ? undefined : { status: 'skipped', reason: unchecked.join('; ') }
  const broken = describeViolations(found)
  if (expected === null) return fail(`${broken}; without a manifest, the source cannot be compared`)
  if (!hadViolations(expected)) return fail(`${broken}; the source had no such values`)
  return {
    status: unchecked.length === 0 ? 'pass' : 'skipped',
    reason: [`as in the source, ${broken}`, ...unchecked].join('; '),
    violations
  }
}

/**
 * Whether values in the source broke constraints, or may have: what an older version recorded, it had found to be
 * sound.
 */
function hadViolations ({ properties: { [CONSTRAINT_VIOLATIONS]: recorded } }: SnapshotFacts): boolean {
  return recorded === NOT_COUNTED || (typeof recorded === 'number' && recorded > 0)
}

function references (db: Database.Database, expected: SnapshotFacts | null): Outcome {
  const found = countViolations(db)
  if (found === null) {
    return { status: 'skipped', reason: 'the foreign keys of the source cannot be checked as declared' }
  }
  if (expected === null && found > 0) {
    return {
      status: 'skipped',
      reason: `${found} rows violate a foreign key; the number in the source is unknown`
    }
  }
  const before = expected === null ? null : sqliteDetails(expected).foreignKeyViolations
  if (expected === null || found === (before ?? 0)) {
    return found === 0
      ? undefined
      : { status: 'pass', reason: `${found} rows violate a foreign key, as in the source` }
  }
  return fail(`${found} rows violate a foreign key; in the source it was ${before ?? 'not countable'}`)
}

function definitions (db: Database.Database, expected: SnapshotFacts | null): Outcome {
  if (expected === null) return { status: 'skipped', reason: 'there is no manifest to compare the definitions with' }
  return schemaDigest(db) === sqliteDetails(expected).schemaDigest
    ? undefined
    : fail('the definitions differ from the manifest')
}

function rowCounts (db: Database.Database, expected: SnapshotFacts | null): Outcome {
  const tables = countRows(db)
  if (expected === null) {
    return { status: 'skipped', reason: `there is no manifest to compare them with: ${counted(tables)}` }
  }
  const found = new Map(tables.map(table => [table.name, table.rows]))
  const wanted = new Map(expected.tables.map(table => [table.name, table.rows]))
  const names = [...new Set([...found.keys(), ...wanted.keys()])]
  const wrong = names.filter(name => found.get(name) !== wanted.get(name))
  if (wrong.length > 0) {
    return fail(
      wrong.slice(0, FINDINGS).map(name =>
        `"${shortened(name, NAME_LENGTH)}" has ${found.get(name) ?? 'no'} rows instead of ${wanted.get(name) ?? 'none'}`
      ).join('; ')
    )
  }
  return { status: 'pass', reason: counted(expected.tables) }
}

function counted (tables: readonly TableFacts[]): string {
  return `${tables.length} tables, ${tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)} rows`
}
