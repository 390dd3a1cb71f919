import { openSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { SnapshotFacts, TableFacts } from '../../core/source.ts'
import type { Check, CheckName } from '../../core/verification.ts'
import { countRows, countViolations, schemaDigest } from './facts.ts'
import { checkHeader } from './header.ts'
import { openImmutable } from './open.ts'

/** Findings of an integrity check that are reported; the first ones tell enough. */
const FINDINGS = 5

/** Tries everything that the image of a database can be asked, and compares it with what was `expected`; null: nobody knows. Damage is a finding and never thrown. */
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
    check('integrity_check', () => integrity(image)),
    check('foreign_key_check', () => references(image, expected)),
    check('schema', () => definitions(image, expected)),
    check('row_counts', () => rowCounts(image, expected))
  )
  image.close()
  return found
}

type Finding = Omit<Check, 'name'>
type Outcome = Finding | undefined

/** `undefined` from `run` is a plain pass. What SQLite throws about the content is a finding, anything else is ours. */
function check (name: CheckName, run: () => Outcome): Check {
  try {
    const finding: Finding = run() ?? { status: 'pass' }
    return { name, ...finding }
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (error instanceof BackupError) return { name, ...fail(error.message) }
    if (code.startsWith('SQLITE_')) return { name, ...fail(`SQLite says ${code}: ${(error as Error).message}`) }
    throw error
  }
}

function fail (reason: string): Finding {
  return { status: 'fail', reason }
}

function integrity (db: Database.Database): Outcome {
  try {
    return readIntegrity(db, '')
  } catch (error) {
    if (!isUnsupported(error)) throw error
    return integrityByTable(db)
  }
}

/** An index needs a collation or function that only the application has: check table by table, and tell which were left out. */
function integrityByTable (db: Database.Database): Outcome {
  const left: string[] = []
  for (const { name } of countRows(db)) {
    try {
      const outcome = readIntegrity(db, name)
      if (outcome !== undefined) return outcome
    } catch (error) {
      if (!isUnsupported(error)) throw error
      left.push(name)
    }
  }
  return { status: 'skipped', reason: `not possible for ${left.map(name => `"${name}"`).join(', ')}: a function or collation of the application is not known here; the other tables are whole` }
}

function readIntegrity (db: Database.Database, table: string): Outcome {
  const argument = table === '' ? String(FINDINGS) : `"${table.replaceAll('"', '""')}"`
  const rows = db.pragma(`integrity_check(${argument})`) as Array<{ integrity_check: string }>
  const findings = rows.map(row => row.integrity_check).filter(text => text !== 'ok').slice(0, FINDINGS)
  return findings.length === 0 ? undefined : fail(findings.join('; '))
}

function references (db: Database.Database, expected: SnapshotFacts | null): Outcome {
  const found = countViolations(db)
  if (found === null) return { status: 'skipped', reason: 'the foreign keys of the source are declared in a way that cannot be checked' }
  if (expected === null && found > 0) return { status: 'skipped', reason: `${found} rows break a foreign key; whether they did in the source is not known` }
  if (expected === null || found === (expected.foreignKeyViolations ?? 0)) return found === 0 ? undefined : { status: 'pass', reason: `${found} rows break a foreign key, as they did in the source` }
  return fail(`${found} rows break a foreign key; in the source it was ${expected.foreignKeyViolations ?? 'not countable'}`)
}

function definitions (db: Database.Database, expected: SnapshotFacts | null): Outcome {
  if (expected === null) return { status: 'skipped', reason: 'there is no manifest to compare the definitions with' }
  return schemaDigest(db) === expected.schemaDigest ? undefined : fail('the definitions are not those of the manifest')
}

function rowCounts (db: Database.Database, expected: SnapshotFacts | null): Outcome {
  const tables = countRows(db)
  if (expected === null) return { status: 'skipped', reason: `there is no manifest to compare them with: ${counted(tables)}` }
  const found = new Map(tables.map(table => [table.name, table.rows]))
  const wanted = new Map(expected.tables.map(table => [table.name, table.rows]))
  const names = [...new Set([...found.keys(), ...wanted.keys()])]
  const wrong = names.filter(name => found.get(name) !== wanted.get(name))
  if (wrong.length > 0) return fail(wrong.slice(0, FINDINGS).map(name => `"${name}" has ${found.get(name) ?? 'no'} rows instead of ${wanted.get(name) ?? 'none'}`).join('; '))
  return { status: 'pass', reason: counted(expected.tables) }
}

function counted (tables: readonly TableFacts[]): string {
  return `${tables.length} tables, ${tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)} rows`
}

function isUnsupported (error: unknown): boolean {
  return systemCode(error)?.startsWith('SQLITE_ERROR') === true
}
