import type { FileContent } from './file.ts'
import { nearest } from './nearest.ts'
import { OPTIONS, type OptionName, type OptionValues } from './options.ts'
import type { Problem } from './problem.ts'
import { asMap, readEntries, readMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'
import { readSecret } from './secret-file.ts'
import { WITHHELD } from './sections.ts'
import { secretsOf, STORE_KINDS, storeKeys, type StoreKind } from './store-fields.ts'

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

/** What each option says of the one store of its kind; the first is what makes it one. */
const SAID = {
  s3: {
    bucket: 's3Bucket',
    prefix: 's3Prefix',
    endpoint: 's3Endpoint',
    insecure: 's3Insecure',
    pathStyle: 's3PathStyle',
    profile: 's3Profile',
    storageClass: 's3StorageClass'
  },
  gcs: { bucket: 'gcsBucket' },
  azure: { container: 'azureContainer' }
} as const satisfies Partial<Record<StoreKind, Readonly<Record<string, OptionName>>>>

/**
 * The stores that the options name, then those of holdfast.yaml in its order. The block `s3` there and the options for
 * S3 are about one store: the options win.
 */
export function givenStores (options: OptionValues, file: FileContent, cwd: string, problems: Problem[]): GivenStore[] {
  const block = file.s3 === undefined ? undefined : asMap(file.s3, problems)
  const fields = block === undefined || file.s3 === undefined
    ? undefined
    : readFields(block, 's3', 's3.', file.s3, problems)
  const single = (['s3', 'gcs', 'azure'] as const).flatMap(kind =>
    oneOfKind(kind, options, kind === 's3' ? fields : undefined, cwd, problems)
  )
  const listed = readEntries(
    file.stores,
    'Give at least a name and a kind; holdfast.example.yaml shows the form.',
    problems
  )
    .flatMap(({ configPath, map }) =>
      file.stores === undefined ? [] : readEntry(configPath, map, file.stores, problems)
    )
  return [...single, ...listed]
}

function oneOfKind (
  kind: keyof typeof SAID,
  options: OptionValues,
  block: Fields | undefined,
  cwd: string,
  problems: Problem[]
): GivenStore[] {
  const said = Object.entries<OptionName>(SAID[kind]).flatMap(([key, option]): Array<[string, RawValue]> => {
    const value = options[option]
    return value === undefined
      ? []
      : [[key, { name: OPTIONS[option].variable, value, base: cwd, origin: 'environment' }]]
  })
  const [main, option] = Object.entries<OptionName>(SAID[kind])[0] as [string, OptionName]
  const { variable } = OPTIONS[option]
  const fields = new Map([...block?.fields ?? [], ...said])
  if (block !== undefined || fields.has(main)) {
    return [{
      configPath: block === undefined ? variable : kind,
      kind,
      name: textOf(fields.get('name')) ?? kind,
      fields,
      lacks: block?.lacks ?? []
    }]
  }
  for (const [, { name }] of said) {
    problems.push({ name, problem: `is given without ${variable}`, remedy: `Give ${variable}, too, or leave it out.` })
  }
  return []
}

function readEntry (configPath: string, map: object, list: RawValue, problems: Problem[]): GivenStore[] {
  const written = map as Readonly<Record<string, unknown>>
  // A name that is that of a kind says the kind as well.
  const kind = written.kind ?? written.name
  const known = STORE_KINDS.find(one => one === kind)
  if (known === undefined) {
    const problem = written.kind === undefined
      ? { name: `${configPath}.kind`, problem: 'is missing' }
      : { name: `${configPath}.kind`, problem: 'is not a kind of store' }
    const meant = typeof written.kind === 'string' ? nearest(written.kind, STORE_KINDS) : undefined
    problems.push({
      ...problem,
      remedy: meant === undefined ? `Give one of ${STORE_KINDS.join(', ')}.` : `Did you mean "${meant}"?`
    })
    return []
  }
  const read = readFields(map, known, `${configPath}.`, list, problems)
  return [{ configPath, kind: known, name: textOf(read.fields.get('name')) ?? known, ...read }]
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
