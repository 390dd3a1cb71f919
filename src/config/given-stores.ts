import type { StoreKind } from '../core/ports/store-kind.ts'
import { STORE_KINDS } from '../stores/index.ts'
import type { FileContent } from './file.ts'
import { nearest } from '../core/nearest.ts'
import type { OptionValues } from './options.ts'
import type { Problem } from './problem.ts'
import { asMap, readEntries, readMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'
import { readSecret } from './secret-file.ts'
import { WITHHELD } from './sections.ts'
import { secretsOf, storeKeys } from './store-fields.ts'
import { optionsOf } from './store-options.ts'

const KINDS = STORE_KINDS.map(({ name }) => name)

/** A store as somebody wrote it. */
export interface GivenStore {
  /** `BACKUP_S3_BUCKET`, or the place in holdfast.yaml. */
  readonly configPath: string
  readonly kind: StoreKind
  readonly name: string
  readonly fields: ReadonlyMap<string, RawValue>
  /**
   * Secrets that the server has for it and this command does not, by their places: `stores.offsite.secretAccessKey`.
   */
  readonly lacks: readonly string[]
}

/**
 * The stores that the options name, then those of holdfast.yaml in its order. A block at the top of it that is named
 * after a kind and the options for that kind are about one store: the options win.
 */
export function givenStores (options: OptionValues, file: FileContent, cwd: string, problems: Problem[]): GivenStore[] {
  const blocks = new Map([...file.blocks].map(([name, given]) => [name, readBlock(name, given, problems)]))
  const single = STORE_KINDS.flatMap(kind => oneOfKind(kind, options, blocks.get(kind.name), cwd, problems))
  const listed = readEntries(
    file.stores,
    'Give at least a name and a kind; holdfast.example.yaml has examples.',
    problems
  )
    .flatMap(({ configPath, map }) =>
      file.stores === undefined ? [] : readEntry(configPath, map, file.stores, problems)
    )
  return [...single, ...listed]
}

function readBlock (name: string, given: RawValue, problems: Problem[]): Fields | undefined {
  const kind = STORE_KINDS.find(one => one.name === name)
  const map = asMap(given, problems)
  return kind === undefined || map === undefined ? undefined : readFields(map, kind, `${name}.`, given, problems)
}

/** The one store that the variables, and the block in holdfast.yaml, describe. */
function oneOfKind (
  kind: StoreKind,
  values: OptionValues,
  block: Fields | undefined,
  cwd: string,
  problems: Problem[]
): GivenStore[] {
  const settings = optionsOf(kind).flatMap(({ key, option: { field, variable } }) =>
    field === undefined ? [] : [{ field, variable, value: values[key] }]
  )
  const said = settings.filter(({ value }) => value !== undefined)
  const fields = new Map([
    ...block?.fields ?? [],
    ...said.map(({ field, variable, value }): [string, RawValue] => [field, {
      name: variable,
      value,
      base: cwd,
      origin: 'environment'
    }])
  ])
  const [main] = settings
  if (block !== undefined || (main !== undefined && fields.has(main.field))) {
    return [{
      configPath: block === undefined && main !== undefined ? main.variable : kind.name,
      kind,
      name: textOf(fields.get('name')) ?? kind.name,
      fields,
      lacks: block?.lacks ?? []
    }]
  }
  for (const { variable } of said) {
    problems.push({
      name: variable,
      problem: `is set without ${main?.variable}`,
      remedy: `Set ${main?.variable} too, or remove it.`
    })
  }
  return []
}

function readEntry (configPath: string, map: object, list: RawValue, problems: Problem[]): GivenStore[] {
  const written = map as Readonly<Record<string, unknown>>
  // A name that is that of a kind says the kind as well.
  const kind = written.kind ?? written.name
  const known = STORE_KINDS.find(({ name }) => name === kind)
  if (known === undefined) {
    const problem = written.kind === undefined
      ? { name: `${configPath}.kind`, problem: 'is missing' }
      : { name: `${configPath}.kind`, problem: 'is not a supported kind of store' }
    const meant = typeof written.kind === 'string' ? nearest(written.kind, KINDS) : undefined
    problems.push({
      ...problem,
      remedy: meant === undefined ? `Give one of ${KINDS.join(', ')}.` : `Did you mean "${meant}"?`
    })
    return []
  }
  const read = readFields(map, known, `${configPath}.`, list, problems)
  return [{ configPath, kind: known, name: textOf(read.fields.get('name')) ?? known.name, ...read }]
}

type Fields = Pick<GivenStore, 'fields' | 'lacks'>

/**
 * The fields by their meaning, with secrets read from their files. What the server recorded says no secret: one that
 * cannot be read here is lacking.
 */
function readFields (
  map: object,
  kind: StoreKind,
  prefix: string,
  { base, origin }: RawValue,
  problems: Problem[]
): Fields {
  const isRecorded = origin === 'server'
  const { [WITHHELD]: withheld, ...shown } = map as Readonly<Record<string, unknown>>
  const given = readMap(isRecorded ? shown : map, { prefix, base }, storeKeys(kind), problems, toCamelCase)
  const lacks = isRecorded && Array.isArray(withheld) ? withheld.map(key => prefix + String(key)) : []
  for (const key of secretsOf(kind)) {
    const file = given.get(`${key}File`)
    const found = readSecret(given.get(key), file, isRecorded ? [] : problems)
    if (found === undefined) given.delete(key)
    else given.set(key, found)
    if (isRecorded && found === undefined && file !== undefined) lacks.push(prefix + key)
  }
  return { fields: given, lacks }
}

function textOf (given: RawValue | undefined): string | undefined {
  return typeof given?.value === 'string' ? given.value : undefined
}
