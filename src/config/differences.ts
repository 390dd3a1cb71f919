import { SERVER_ALONE } from './server-alone.ts'
import { realPathSync } from '../files/real-path.ts'
import { STORE_KINDS } from '../stores/index.ts'
import { BLOCKS } from './file.ts'
import { OPTION_NAMES, OPTIONS, type OptionName } from './options.ts'
import type { Problem } from './problem.ts'
import { isMap } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'
import type { Recorded } from './recorded.ts'
import { WITHHELD, type Section, type Json } from './sections.ts'
import { secretsOf } from './store-fields.ts'
import { kindOfOption, optionsOf } from './store-options.ts'

/** Secrets of which it matters that the server has none: what they sign it would not accept. */
const EXCLUSIVE: readonly OptionName[] = ['jwtSecret', 'jwtPublicKey']

/** How a store is told its secrets changes nothing that is done with it. */
const SECRET_KEYS: ReadonlySet<string> = new Set([WITHHELD, ...STORE_KINDS.flatMap(secretsOf).map(key => `${key}File`)])

/** What a command was told by its own environment and files. */
export interface Own {
  readonly dataDir: string
  /** Only what was given here, checked; undefined: it is not valid, which was reported. */
  readonly options: ReadonlyMap<OptionName, { readonly given: RawValue, readonly value: unknown }>
  readonly sections: Readonly<Partial<Record<Section, Json>>>
}

/**
 * Every key for which the command was told something else than the server. What it was told nothing about differs in
 * nothing.
 */
export function differences (own: Own, recorded: Recorded): Problem[] {
  return [
    ...realPathSync(own.dataDir) === realPathSync(recorded.dataDir)
      ? []
      : [differing('DATA_DIR', own.dataDir, recorded.dataDir, 'environment')],
    ...OPTION_NAMES.flatMap(name => optionDifference(name, own, recorded)),
    ...(Object.entries(own.sections) as Array<[Section, Json]>).flatMap(([name, value]) =>
      within(name, withoutSecrets(value), withoutSecrets(recorded.sections[name]))
    )
  ]
}

function optionDifference (name: OptionName, { options }: Own, recorded: Recorded): Problem[] {
  const said = options.get(name)
  if (said === undefined) return []
  const { given, value } = said
  const { kind, withoutSecret } = OPTIONS[name]
  if (withoutSecret !== undefined) {
    const [mine, theirs] = [withoutSecret(value) ?? null, recorded.options[name] ?? null]
    return isSame(mine, theirs) ? [] : [differing(given.name, mine, theirs, given.origin)]
  }
  if (kind === 'secret') {
    return EXCLUSIVE.includes(name) && recorded.secrets[name] === undefined
      ? [differing(given.name, '(set)', null, given.origin)]
      : []
  }
  if (SERVER_ALONE.includes(name) || !matters(name, recorded)) return []
  // An older server did not know the option, and so works as if it were not set.
  const theirs = recorded.options[name] ?? (name in recorded.options ? null : (OPTIONS[name].default ?? null))
  return isSame(value ?? null, theirs) ? [] : [differing(given.name, value, theirs, given.origin)]
}

/**
 * Variables that hold for all stores of a kind are also set for other programs. They count where the server has such a
 * store.
 */
function matters (name: OptionName, { options, sections }: Recorded): boolean {
  const kind = kindOfOption(name)
  if (kind === undefined) return true
  const settings = optionsOf(kind)
  if (settings.some(({ key, option }) => key === name && option.field !== undefined)) return true
  const main = settings.find(({ option }) => option.field !== undefined)
  const listed = Array.isArray(sections.stores) ? sections.stores : []
  return (main !== undefined && (options[main.key] ?? null) !== null) ||
    BLOCKS.some(block => block === kind.name && sections[block] !== undefined) ||
    listed.some(store => isMap(store) && 'kind' in store && store.kind === kind.name)
}

/** Down to the values that differ, so that a long list of sources is not shown whole for one word. */
function within (configPath: string, here: unknown, there: unknown): Problem[] {
  if (isSame(here, there)) return []
  const [mine, theirs] = [fieldsOf(here), fieldsOf(there)]
  if (mine === undefined || theirs === undefined) return [differing(configPath, here, there, 'file')]
  const inner = [...new Set([...mine.keys(), ...theirs.keys()])].flatMap(key =>
    within(`${configPath}.${key}`, mine.get(key), theirs.get(key))
  )
  // Nothing but the order of a list, which says what is the default.
  return inner.length > 0
    ? inner
    : [differing(configPath, [...mine.keys()].join(', '), [...theirs.keys()].join(', '), 'file')]
}

function withoutSecrets (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  return isMap(value)
    ? Object.fromEntries(
      Object.entries(value).filter(([key]) => !SECRET_KEYS.has(key)).map(([key, inner]) => [key, withoutSecrets(inner)])
    )
    : value
}

/** The fields of a map; the entries of a list of maps by their names. undefined: it is a value. */
function fieldsOf (value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (isMap(value)) return new Map(Object.entries(value))
  if (!Array.isArray(value) || !value.every(isMap)) return undefined
  const entries = value.map((
    entry: object,
    index
  ): [string, unknown] => ['name' in entry && typeof entry.name === 'string' ? entry.name : String(index), entry])
  return new Map(entries).size === entries.length ? new Map(entries) : undefined
}

function isSame (one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

/** The order of keys says nothing; that of a list does. */
function sorted (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  return isMap(value)
    ? Object.fromEntries(
      Object.entries(value).toSorted(([one], [other]) => one < other ? -1 : 1).map(
        ([key, inner]) => [key, sorted(inner)]
      )
    )
    : value
}

function differing (name: string, here: unknown, there: unknown, origin: RawValue['origin']): Problem {
  const where = origin === 'file' ? 'in holdfast.yaml' : 'here'
  return {
    name,
    problem: `is ${show(here)} ${where}, and ${show(there)} on the server`,
    remedy: there === undefined || there === null
      ? 'Remove it here, or set it for the server too and restart the server.'
      : 'Remove it here, or change it for the server and restart the server.'
  }
}

function show (value: unknown): string {
  if (value === undefined || value === null) return 'not set'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const [line = ''] = text.split('\n')
  return `"${line.length > 80 || line !== text ? `${line.slice(0, 80)}…` : line}"`
}
