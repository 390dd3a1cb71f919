import { isSourceName } from '../core/backup/object-key.ts'
import { LANDING_STORE } from '../core/ports/store.ts'
import { STORE_KINDS } from '../stores/index.ts'
import type { StoreConfig, StoreDefaults } from './config.ts'
import type { FileContent } from './file.ts'
import { givenStores, type GivenStore } from './given-stores.ts'
import type { OptionValues } from './options.ts'
import type { Problem } from './problem.ts'
import { readRetention } from './retention.ts'
import { NO_DEFAULTS, readStoreDefaults, type Lacking } from './store-defaults.ts'
import { checkFields, COMMON_FIELDS } from './store-fields.ts'
import { hasSecrets, makeStoreConfig, nameOf, type Common } from './store-kinds.ts'

export interface Stores {
  readonly placed: readonly StoreEntry[]
  readonly defaults: StoreDefaults
  /** Names of those to which backups are copied by themselves, where nothing else is said; undefined: all of them. */
  readonly automatic: readonly string[] | undefined
}

/** A store, and where it was said, for the problems that it may have with others. */
export interface StoreEntry {
  /** `BACKUP_S3_BUCKET`, or the place in holdfast.yaml. */
  readonly configPath: string
  readonly store: StoreConfig
}

/** The stores beside BACKUP_DIR. One that is switched off is checked, and is not among them. */
export function readStores (
  options: OptionValues,
  lacking: Lacking,
  file: FileContent,
  cwd: string,
  problems: Problem[]
): Stores {
  const defaults = readStoreDefaults(options, lacking)
  const given = givenStores(options, file, cwd, problems)
  checkDefaults(defaults, given, problems)
  const read = given.map(one => readStore(one, defaults, problems))
  const inUse = read.filter(({ isEnabled }) => isEnabled)
  const placed = inUse.flatMap(({ configPath, store }) => store === undefined ? [] : [{ configPath, store }])
  checkNames(placed, problems)
  const automatic = inUse.filter(({ isAutomatic }) => isAutomatic).map(({ name }) => name)
  return { placed, defaults, automatic: automatic.length === inUse.length ? undefined : automatic }
}

interface Read {
  readonly configPath: string
  readonly name: string
  /** undefined: problems were reported. */
  readonly store: StoreConfig | undefined
  readonly isEnabled: boolean
  readonly isAutomatic: boolean
}

function readStore (given: GivenStore, defaults: StoreDefaults, problems: Problem[]): Read {
  const { configPath, name, fields } = given
  const { enabled = true, uploadAfterBackup = true, appendOnly = false, maxBackups = null, bandwidth = null } =
    checkFields(COMMON_FIELDS, fields, problems)
  const kept = fields.get('retention')
  const retention = kept === undefined ? null : readRetention(kept, problems) ?? null
  if (appendOnly) checkAppendOnly(given, problems)
  const common: Common = { name, retention, maxBackups, isAppendOnly: appendOnly, bandwidth }
  return {
    configPath,
    name,
    store: makeStoreConfig(given, common, defaults, problems),
    isEnabled: enabled,
    isAutomatic: uploadAfterBackup
  }
}

/**
 * Where nothing is ever removed, a rule for what is removed would only look as if it held. With a lock it says for how
 * long.
 */
function checkAppendOnly (given: GivenStore, problems: Problem[]): void {
  const idle = ['maxBackups', ...isLocked(given) ? [] : ['retention']].filter(key => given.fields.has(key))
  for (const key of idle) {
    problems.push({
      name: nameOf(given, key),
      problem: 'sets rules for removal in an append-only store',
      remedy: 'Remove it, and let lifecycle rules of the store remove old copies; or remove "appendOnly".'
    })
  }
}

function isLocked ({ kind: { lockField }, fields }: GivenStore): boolean {
  return lockField !== undefined && fields.has(lockField)
}

/** Half of the credentials for all stores of a kind is a slip only where they would be used. */
function checkDefaults (defaults: StoreDefaults, given: readonly GivenStore[], problems: Problem[]): void {
  for (const kind of STORE_KINDS) {
    const { values, lacks } = defaults[kind.name] ?? NO_DEFAULTS
    const isUsed = given.some(store => store.kind === kind && !hasSecrets(store))
    const found = isUsed && lacks.length === 0 ? kind.validateDefaults?.(values) ?? [] : []
    problems.push(
      ...found.map(({ field, ...problem }) => ({ name: kind.options[field]?.variable ?? field, ...problem }))
    )
  }
}

function checkNames (placed: readonly StoreEntry[], problems: Problem[]): void {
  const seen = new Map<string, string>()
  for (const { configPath, store: { name } } of placed) {
    const folded = name.toLowerCase()
    const other = seen.get(folded)
    const report = (problem: string, remedy = 'Give it another name.'): void => {
      problems.push({ name: `${configPath}.name`, problem, remedy })
    }
    if (!isSourceName(name)) {
      report(
        `"${name}" cannot be the name of a store`,
        'Use letters, digits, ".", "_" and "-", at most 64, the first a letter or digit.'
      )
    } else if (folded === LANDING_STORE) report(`"${name}" is the name of BACKUP_DIR`)
    else if (other !== undefined) report(`"${name}" is already the name of ${other}`)
    seen.set(folded, other ?? configPath)
  }
}
