import { CONFIG_FILE } from './options.ts'
import type { Problem } from './problem.ts'
import { asMap, isMap, readMap, toCamelCase } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'

/** Other names of keys, as the settings.yaml of the Signal Harvester guide has them, in the words of holdfast.yaml. */
export const KEY_ALIASES: Readonly<Record<string, string>> = {
  enabled: 'autoBackupEnabled',
  retentionDays: 'backupRetentionDays'
}

/** The map of the guide about proofs: what a key means here, or that it is always so. */
const VERIFICATION = ['verifyAfterBackup', 'verifyBeforeRestore']

export interface Spelled {
  /** By the key of holdfast.yaml. */
  readonly given: Map<string, RawValue>
  /** What was written in another spelling, each with the key of holdfast.yaml. */
  readonly spellings: ReadonlyArray<readonly [written: string, key: string]>
}

/**
 * The keys of holdfast.yaml, also as the settings.yaml of the Signal Harvester guide writes them: in snake case, below
 * `app.backup`, and by the names in `KEY_ALIASES`. A key that is said twice is a problem, in whatever spelling. What
 * else is below `app` belongs to the application.
 */
export function readSpelled (content: object, base: string, known: readonly string[], problems: Problem[]): Spelled {
  const { app, ...own } = content as { readonly app?: unknown }
  const [above, below] = isMap(app) && 'backup' in app
    ? [own, asMap({ name: 'app.backup', value: app.backup, base, origin: 'file' }, problems)]
    : [content, undefined]
  const given = readKeys(above, '', base, known, problems)
  for (const [key, value] of below === undefined ? [] : readKeys(below, 'app.backup.', base, known, problems)) {
    put(given, key, value, problems)
  }
  const verification = given.get('verification')
  if (verification !== undefined) readVerification(verification, given, problems)
  given.delete('verification')
  return { given, spellings: [...given].flatMap(([key, { name }]) => name === key ? [] : [[name, key] as const]) }
}

/** One notice for all of them, which names the spelling of the documentation. */
export function spellingNotices (spellings: Spelled['spellings']): Problem[] {
  if (spellings.length === 0) return []
  const pairs = spellings.map(([written, key]) => `${written} (${key})`)
  return [{
    name: CONFIG_FILE,
    problem: `uses alternative spellings: ${pairs.join(', ')}`,
    remedy: 'They are accepted. The documentation uses the names in parentheses, at the top level of the file.'
  }]
}

function readKeys (
  map: object,
  prefix: string,
  base: string,
  known: readonly string[],
  problems: Problem[]
): Map<string, RawValue> {
  return readMap(map, { prefix, base }, [...known, 'verification'], problems, key => {
    const name = toCamelCase(key)
    return KEY_ALIASES[name] ?? name
  })
}

/** A restore always proves the backup first; only a single one may leave that out. */
function readVerification (given: RawValue, all: Map<string, RawValue>, problems: Problem[]): void {
  const map = asMap(given, problems)
  if (map === undefined) return
  const fields = readMap(map, { prefix: `${given.name}.`, base: given.base }, VERIFICATION, problems, toCamelCase)
  const after = fields.get('verifyAfterBackup')
  if (after !== undefined) put(all, 'verifyAfterBackup', after, problems)
  const before = fields.get('verifyBeforeRestore')
  if (before === undefined || before.value === true) return
  problems.push({
    name: before.name,
    problem: 'cannot be turned off: a restore verifies the backup first',
    remedy: 'Remove it; "holdfast restore --no-verify" skips the verification for one restore.'
  })
}

function put (given: Map<string, RawValue>, key: string, value: RawValue, problems: Problem[]): void {
  const other = given.get(key)
  if (other === undefined) given.set(key, value)
  else problems.push({ name: value.name, problem: `duplicates ${other.name}`, remedy: 'Keep one of the two.' })
}
