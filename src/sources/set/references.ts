import { isUtf8 } from 'node:buffer'
import { counted } from '../../core/counted.ts'
import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import { shortened } from '../../core/shortened.ts'
import type { Reference } from '../../core/backup/members.ts'
import type { PlainImages } from '../../core/ports/images.ts'
import type { NamedFile } from '../../core/ports/query.ts'
import type { KindTools } from '../../core/ports/source-kind.ts'
import type { Check } from '../../core/ports/verification.ts'
import { REFERENCES_CHECK } from './checks.ts'
import { ReferencePaths } from './reference-path.ts'
import { ReferenceTable, type Standing } from './reference-table.ts'

/** What the check needs of a member of the set. */
export interface ReferenceMember {
  readonly kind: Pick<KindTools, 'query' | 'tree'>
  readonly images: PlainImages
  /** Where it was when the backup was made: paths that are absolute lead into it. */
  readonly location: string
}

/** Of rows that name a missing file, so many are described. */
const NAMED = 5
/** Characters of a path, and of the message of an error. */
const [PATH_LENGTH, MESSAGE_LENGTH] = [120, 400]

/** The query, or how much it names: nothing is known of the files then, and the next attempt would be the same. */
const UNKNOWN: ReadonlySet<ErrorCode> = new Set(['QUERY_FAILED', 'REFERENCES_TOO_MANY', 'METHOD_UNSUPPORTED'])

/**
 * Checks each reference against the lists of files in the backup. A file that is missing is no damage: then the check
 * passes with `consistency: 'inconsistent'`, and `violations` counts the rows. A query that cannot be evaluated is
 * `unknown`. Damage of the backup is a check that failed. Throws what else the images throw. `memberOf` throws for a
 * name that no member has.
 */
export async function checkReferences (
  references: readonly Reference[],
  memberOf: (name: string) => ReferenceMember,
  signal: AbortSignal
): Promise<Check> {
  const name = REFERENCES_CHECK
  if (references.length === 0) return { name, status: 'skipped', reason: 'the set has no references' }
  const findings: Finding[] = []
  for (const reference of references) {
    try {
      findings.push(await follow(reference, memberOf, signal))
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      if (signal.aborted) throw thrown
      if (code === 'BACKUP_INVALID') return { name, status: 'fail', reason: message }
      if (!UNKNOWN.has(code)) throw thrown
      const reason = `the query on "${reference.source}" could not be evaluated: ${short(message, MESSAGE_LENGTH)}`
      findings.push({ violations: 0, code, reason })
    }
  }
  return checkOf(name, findings)
}

interface Finding {
  /** Rows that name a file that is not in the backup. */
  readonly violations: number
  readonly reason: string
  /** Why nothing is known; undefined: it is known. */
  readonly code?: ErrorCode
}

/** A file that is missing outweighs what is not known, and the reasons of both those that are as they should be. */
function checkOf (name: string, findings: readonly Finding[]): Check {
  const violations = findings.reduce((sum, finding) => sum + finding.violations, 0)
  const unknown = findings.find(({ code }) => code !== undefined)
  const faults = findings.filter(finding => finding.violations > 0 || finding.code !== undefined)
  const reason = (faults.length > 0 ? faults : findings).map(finding => finding.reason).join('; ')
  if (violations > 0) return { name, status: 'pass', reason, violations, consistency: 'inconsistent' }
  if (unknown?.code === undefined) return { name, status: 'pass', reason }
  return { name, status: 'skipped', reason, code: unknown.code, consistency: 'unknown' }
}

async function follow (
  { source, sql, directory }: Reference,
  memberOf: (name: string) => ReferenceMember,
  signal: AbortSignal
): Promise<Finding> {
  const [database, files] = [memberOf(source), memberOf(directory)]
  const { query } = database.kind
  const { tree } = files.kind
  if (query === null) throw unsupported(source, 'cannot be queried')
  if (tree === null) throw unsupported(directory, 'does not consist of files')
  const paths = new ReferencePaths(files.location)
  const namedFiles = (): AsyncIterable<NamedFile> => query.namedFiles(database.images, sql, signal)
  const table = new ReferenceTable()
  let rows = 0
  let isInside = true
  for await (const { path, sha256 } of namedFiles()) {
    if (path === null) continue
    rows++
    const located = paths.locate(path)
    if ('path' in located) table.add(located.path, sha256)
    else isInside = false
  }
  for await (const entry of tree.entries(files.images, signal)) table.find(entry)
  if (table.hasLinks) { for await (const entry of tree.entries(files.images, signal)) table.compareLinks(entry) }
  const missing = new Missing()
  if (!isInside || !table.isComplete) {
    // Read once more, so that the paths need not be kept.
    for await (const file of namedFiles()) missing.look(file, paths, table)
  }
  if (missing.rows === 0) {
    return { violations: 0, reason: `${counted(rows, 'row')} of "${source}" with files that are in "${directory}"` }
  }
  const [verb, noun] = rows === 1 ? ['names', 'a file'] : ['name', 'files']
  return {
    violations: missing.rows,
    reason: `${missing.rows} of ${counted(rows, 'row')} of "${source}" ${verb} ${noun} that ${
      rows === 1 ? 'is' : 'are'
    } not in "${directory}": ${missing.names()}`
  }
}

function unsupported (member: string, problem: string): BackupError {
  return new BackupError('METHOD_UNSUPPORTED', `the member "${member}" ${problem}`)
}

const WHY: Readonly<Record<Exclude<Standing, 'present' | 'missing'>, string>> = {
  unreadable: 'could not be read',
  different: 'has other content'
}

/** The rows whose files are not in the backup as they name them. */
class Missing {
  rows = 0
  /** The first different ones, for people. */
  readonly #shown = new Set<string>()
  #hasMore = false

  look ({ path, sha256 }: NamedFile, paths: ReferencePaths, table: ReferenceTable): void {
    if (path === null) return
    const located = paths.locate(path)
    const standing = 'path' in located ? table.standing(located.path, sha256) : 'missing'
    if (standing === 'present') return
    this.rows++
    const why = 'path' in located ? standing === 'missing' ? undefined : WHY[standing] : located.problem
    const text = `"${shownPath(path)}"${why === undefined ? '' : ` (${why})`}`
    if (this.#shown.size < NAMED) this.#shown.add(text)
    else if (!this.#shown.has(text)) this.#hasMore = true
  }

  names (): string {
    return [...this.#shown, ...this.#hasMore ? ['…'] : []].join(', ')
  }
}

/** Bytes that are no UTF-8 become `\x…`. */
function shownPath (path: Buffer): string {
  if (isUtf8(path)) return short(path.toString(), PATH_LENGTH)
  const characters = [...path].map(byte =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : String.raw`\x${byte.toString(16).padStart(2, '0')}`
  )
  return shortened(characters.join(''), PATH_LENGTH)
}

function short (text: string, length: number): string {
  return shortened(printable(text), length)
}
