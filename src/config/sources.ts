import { join } from 'node:path'
import { isSourceName } from '../core/backup/object-key.ts'
import { NO_HOOKS } from '../core/hooks.ts'
import type { Field } from '../core/ports/field.ts'
import type { SourceKind } from '../core/ports/source-kind.ts'
import { catalogSource, SOURCE_KINDS, sourceKindOf } from '../sources/index.ts'
import { readAssertions } from './assertions.ts'
import { checkMethods } from './chain.ts'
import { checkGiven } from './checked-value.ts'
import { CATALOG_FILE } from './data-files.ts'
import type { SourceConfig } from './config.ts'
import { setsIn, type FileContent, type FileSource } from './file.ts'
import { readSourceSealing, type KeyOptions } from './encryption.ts'
import type { RawValue } from './raw-value.ts'
import type { SourceEntry } from './source-entry.ts'
import { resolveSets } from './sets.ts'
import { readHooks } from './hooks.ts'
import { nearest } from '../core/nearest.ts'
import { OPTIONS, SOURCE_FIELDS, type OptionName, type OptionValues } from './options.ts'
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

export function readSources (
  options: OptionValues & KeyOptions,
  inherited: Inherited,
  file: FileContent,
  problems: Problem[]
): Sources {
  const plain = (name: string, kind: SourceKind, values: object): SourceConfig => ({
    name,
    kind: kind.name,
    values: complete(kind, values, options),
    policy: inherit(kind, {}, inherited),
    sealing: inherited.sealing,
    assertions: [],
    hooks: NO_HOOKS
  })
  const named = SOURCE_KINDS.flatMap((kind): SourceEntry[] => {
    const key = kind.setting?.key as OptionName | undefined
    const value: unknown = key === undefined ? undefined : options[key]
    if (kind.setting === null || key === undefined || value === undefined) return []
    const configPath = OPTIONS[key].variable
    const values = { [kind.setting.field]: value }
    const source = plain(nameFrom(kind.setting.nameOf(values)), kind, values)
    for (const { problem, remedy } of kind.validate(source.values)) problems.push({ name: configPath, problem, remedy })
    return [{ configPath, configPathOf: () => configPath, isVariable: true, isScheduled: false, source }]
  })
  for (const source of file.sources) {
    const placed = readSource(source, options, inherited, problems)
    if (placed !== undefined) named.push(placed)
  }
  const sets = setsIn(file.sets, problems).flatMap(set => readSource(set, options, inherited, problems) ?? [])
  checkNames([...named, ...sets], problems)
  const resolved = resolveSets(named, sets, problems)
  const catalog = catalogSource(join(options.dataDir, CATALOG_FILE))
  const own = plain(OWN_SOURCE, catalog.kind, catalog.values)
  // A source that is backed up as part of a set is the default only if it is named as such.
  const names = [...resolved.toSorted((a, b) => coverage(a) - coverage(b)).map(({ source }) => source.name), OWN_SOURCE]
  return { named: resolved, own, defaultSource: readDefault(file.defaultSource, names, problems) }
}

function coverage ({ source: { policy } }: SourceEntry): number {
  return policy.coveredBy === undefined ? 0 : 1
}

/** The values with the settings of the service for what they leave out and the kind takes from there. */
function complete ({ inherited }: SourceKind, values: object, options: OptionValues): SourceConfig['values'] {
  const missing = Object.entries(inherited).filter(([field]) => !(field in values))
  return { ...values, ...Object.fromEntries(missing.map(([field, key]) => [field, options[key as OptionName]])) }
}

/** The paths of a source on this machine, each with the field that gives it. */
export function pathsOf (source: SourceConfig): ReturnType<SourceKind['paths']> {
  return sourceKindOf(source).paths(source.values)
}

/** Where a source is, for people. */
export function placeOf (source: SourceConfig): string {
  return sourceKindOf(source).place(source.values)
}

/** With the characters that the name of a source may have. */
function nameFrom (wanted: string): string {
  const name = wanted.replaceAll(/[^a-z0-9._-]/gi, '-').replace(/^[^a-z0-9]+/i, '').slice(0, 64)
  return name === '' ? 'database' : name
}

function readSource (
  given: FileSource,
  options: OptionValues & KeyOptions,
  inherited: Inherited,
  problems: Problem[]
): SourceEntry | undefined {
  const { configPath, kind, fields } = given
  const check = <T>(key: string, field: Field<T>): T | undefined => {
    const given = fields.get(key)
    return given === undefined ? undefined : checkGiven(field, given, problems)
  }
  const configPathOf = (key: string): string => `${configPath}.${key}`
  const checked = (keys: readonly string[]): Array<readonly [string, unknown]> =>
    keys.flatMap(key => {
      const field = kind.fields[key]
      const value = field && check(key, field)
      return value === undefined ? [] : [[key, value]]
    })
  const { required } = kind
  const name = check('name', SOURCE_FIELDS.name)
  const needed = Object.fromEntries(checked(required))
  const own = readPolicy(given, problems)
  checkMethods(kind, own, configPathOf('schedule'), problems)
  const policy = inherit(kind, own, inherited)
  const [asserted, { assertionProblem }] = [fields.get('assertions'), kind]
  const assertions = asserted === undefined || assertionProblem === null
    ? []
    : readAssertions(asserted, assertionProblem, problems)
  const hooks = readHooks(fields.get('hooks'), problems)
  check('kind', SOURCE_FIELDS.kind)
  const others = Object.fromEntries(checked(Object.keys(kind.fields).filter(key => !required.includes(key))))
  const values = complete(kind, { ...needed, ...others }, options)
  const sealing = readSourceSealing(given, inherited.sealing, options, problems)
  for (const key of ['name', ...required]) {
    if (!fields.has(key)) {
      problems.push({ name: configPathOf(key), problem: 'is missing', remedy: `Set "${key}".` })
    }
  }
  if (name === undefined || required.some(key => needed[key] === undefined)) return undefined
  problems.push(...kind.validate(values).map(({ field, ...problem }) => ({ name: configPathOf(field), ...problem })))
  const source = { name, kind: kind.name, values, policy, sealing, assertions, hooks }
  const isScheduled = fields.has('schedule') || fields.has('interval') || fields.get('enabled')?.value === true
  return { configPath, configPathOf, isVariable: false, isScheduled, source }
}

function checkNames (named: readonly SourceEntry[], problems: Problem[]): void {
  const seen = new Map<string, string>()
  for (const { configPath, configPathOf, isVariable, source: { name } } of named) {
    const where = configPathOf('name')
    const remedy = isVariable
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
      problems.push({ name: where, problem: `"${name}" is already the name of ${other}`, remedy })
    }
    seen.set(folded, other ?? configPath)
  }
}

/** The one named, otherwise the first, which is that of a variable if it is set, otherwise the own catalog. */
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
