import { basename, extname, join } from 'node:path'
import { isSourceName } from '../core/backup/object-key.ts'
import { readAssertions } from './assertions.ts'
import { checkGiven } from './checked-value.ts'
import { CATALOG_FILE } from './data-files.ts'
import type { SourceConfig } from './config.ts'
import type { FileContent, FileSource } from './file.ts'
import { readSourceSealing, type KeyOptions } from './encryption.ts'
import type { RawValue } from './raw-value.ts'
import { nearest } from './nearest.ts'
import { SOURCE_FIELDS, type OptionValues } from './options.ts'
import { inherit, readPolicy, type Inherited } from './policy.ts'
import type { Problem } from './problem.ts'

/** The own catalog: always a source, so that there is one from the first start. */
export const OWN_SOURCE = 'holdfast'
export { CATALOG_FILE }

export interface Sources {
  /** Those that were asked for; the own catalog is not among them. */
  readonly named: readonly SourceEntry[]
  readonly own: SourceConfig
  readonly defaultSource: string
}

/** A source, and where it was said, for the problems that it may have with others. */
export interface SourceEntry {
  /** `DATABASE_PATH`, or the place in holdfast.yaml. */
  readonly configPath: string
  readonly source: SourceConfig
}

export function readSources (
  options: OptionValues & KeyOptions,
  inherited: Inherited,
  file: FileContent,
  problems: Problem[]
): Sources {
  const busyTimeoutMs = options.sourceBusyTimeoutMs
  const named: SourceEntry[] = []
  if (options.databasePath !== undefined) {
    const source: SourceConfig = {
      name: nameOf(options.databasePath),
      kind: 'sqlite',
      path: options.databasePath,
      busyTimeoutMs,
      policy: inherit({}, inherited),
      sealing: inherited.sealing,
      assertions: []
    }
    named.push({ configPath: 'DATABASE_PATH', source })
  }
  for (const source of file.sources) {
    const placed = readSource(source, options, inherited, problems)
    if (placed !== undefined) named.push(placed)
  }
  checkNames(named, problems)
  const own: SourceConfig = {
    name: OWN_SOURCE,
    kind: 'sqlite',
    path: join(options.dataDir, CATALOG_FILE),
    busyTimeoutMs,
    policy: inherit({}, inherited),
    sealing: inherited.sealing,
    assertions: []
  }
  const names = [...named.map(({ source }) => source.name), OWN_SOURCE]
  return { named, own, defaultSource: readDefault(file.defaultSource, names, problems) }
}

/** `./workstation.db` is the source `workstation`. */
function nameOf (path: string): string {
  const name = basename(path, extname(path)).replaceAll(/[^a-z0-9._-]/gi, '-').replace(/^[^a-z0-9]+/i, '').slice(0, 64)
  return name === '' ? 'database' : name
}

function readSource (
  given: FileSource,
  options: OptionValues & KeyOptions,
  inherited: Inherited,
  problems: Problem[]
): SourceEntry | undefined {
  const { configPath, fields } = given
  const check = <K extends keyof typeof SOURCE_FIELDS>(key: K): FieldValue<K> | undefined => {
    const given = fields.get(key)
    return given === undefined
      ? undefined
      : checkGiven<unknown>(SOURCE_FIELDS[key], given, problems) as FieldValue<K> | undefined
  }
  const [name, path] = [check('name'), check('path')]
  const policy = inherit(readPolicy(given, problems), inherited)
  const asserted = fields.get('assertions')
  const assertions = asserted === undefined ? [] : readAssertions(asserted, problems)
  const source = {
    kind: check('kind') ?? 'sqlite',
    busyTimeoutMs: check('busyTimeoutMs') ?? options.sourceBusyTimeoutMs,
    policy,
    sealing: readSourceSealing(given, inherited.sealing, options, problems),
    assertions
  }
  for (const key of ['name', 'path'] as const) {
    if (!fields.has(key)) {
      problems.push({ name: `${configPath}.${key}`, problem: 'is missing', remedy: `Give the source a ${key}.` })
    }
  }
  return name === undefined || path === undefined ? undefined : { configPath, source: { name, path, ...source } }
}

type FieldValue<K extends keyof typeof SOURCE_FIELDS> = typeof SOURCE_FIELDS[K]['schema']['_output']

function checkNames (named: readonly SourceEntry[], problems: Problem[]): void {
  const seen = new Map<string, string>()
  for (const { configPath, source: { name } } of named) {
    const where = configPath === 'DATABASE_PATH' ? configPath : `${configPath}.name`
    const remedy = configPath === 'DATABASE_PATH'
      ? 'Rename the file, or name the source in holdfast.yaml instead.'
      : 'Give it another name.'
    // File systems that fold case would mix up the files of two sources that differ in nothing else.
    const folded = name.toLowerCase()
    const other = seen.get(folded)
    if (!isSourceName(name)) {
      problems.push({
        name: where,
        problem: `"${name}" cannot be the name of a source`,
        remedy: 'Use letters, digits, ".", "_" and "-", at most 64, the first a letter or digit.'
      })
    } else if (folded === OWN_SOURCE) {
      problems.push({ name: where, problem: `"${name}" is the name of the service's own catalog`, remedy })
    } else if (other !== undefined) {
      problems.push({ name: where, problem: `"${name}" is the name of ${other} already`, remedy })
    }
    seen.set(folded, other ?? configPath)
  }
}

/** The one named, otherwise the first, which is that of DATABASE_PATH if it is set, otherwise the own catalog. */
function readDefault (given: RawValue | undefined, names: readonly string[], problems: Problem[]): string {
  const wanted = given === undefined ? undefined : checkGiven(SOURCE_FIELDS.name, given, problems)
  if (given === undefined || wanted === undefined) return names[0] ?? OWN_SOURCE
  if (!names.includes(wanted)) {
    problems.push({
      name: given.name,
      problem: `there is no source "${wanted}"`,
      remedy: `Did you mean "${nearest(wanted, names) ?? names[0] ?? OWN_SOURCE}"?`
    })
  }
  return wanted
}
