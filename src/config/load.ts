import { join } from 'node:path'
import { Secret } from '../core/secret.ts'
import type { Settings } from '../core/settings.ts'
import type { Config, InForce } from './config.ts'
import { readKeys } from './encryption.ts'
import { readEnvironment, withEnvFile, type Environment } from './environment.ts'
import { readFile } from './file.ts'
import { checkGiven, type Given } from './given.ts'
import { PATHS_APART } from './option.ts'
import { OPTION_NAMES, OPTIONS, type OptionName, type OptionValues } from './options.ts'
import { ownFiles } from './own-files.ts'
import { readOwnSecret, SECRET_FILE } from './own-secret.ts'
import { checkPlaces, checkRestoreDirs } from './places.ts'
import { readInherited, type Origins } from './policy.ts'
import { configError, type Problem } from './problem.ts'
import { checkCopies } from './source-stores.ts'
import { readSources } from './sources.ts'
import { checkStorePlaces } from './store-places.ts'
import { readStores } from './stores.ts'
import { readTokenKey } from './token-key.ts'

export type Checked =
  | { readonly ok: true, readonly config: Config, readonly inForce: readonly InForce[], readonly file: string | undefined }
  | { readonly ok: false, readonly problems: readonly Problem[] }

/** The configuration that `environment` and the files in `cwd` give. Throws `CONFIG_INVALID` with every problem at once. */
export function loadConfig (environment: Environment, cwd: string): Config {
  const checked = checkConfig(environment, cwd)
  if (checked.ok) return checked.config
  throw configError(checked.problems)
}

/** The same as a result. Reads files; changes nothing. */
export function checkConfig (environment: Environment, cwd: string): Checked {
  const problems: Problem[] = []
  const whole = withEnvFile(environment, cwd, problems)
  const fromEnvironment = readEnvironment(whole, cwd, problems)
  const file = readFile(whole, cwd, problems)
  const { values, origins } = choose(fromEnvironment, file.options, cwd, problems)

  const { backupDir, dataDir } = values
  const scratchDir = values.scratchDir ?? join(dataDir, 'scratch')
  const tokenKey = readTokenKey(values, problems)
  const encryption = readKeys(values, problems)
  const stores = readStores(values, file, cwd, problems)
  const sources = readSources(values, readInherited(values, origins, file, stores.automatic, problems), file, problems)
  checkPlaces({ backupDir, dataDir, scratchDir }, sources, problems)
  checkRestoreDirs(values.restoreDirs, { backupDir, dataDir, scratchDir }, problems)
  checkStorePlaces(stores.placed, { backupDir, dataDir, scratchDir }, sources, problems)
  checkCopies(sources, stores, file, problems)
  if (values.jwtSecret === undefined && values.jwtPublicKey === undefined) {
    const own = readOwnSecret(join(dataDir, SECRET_FILE))
    if (own !== undefined && !(own instanceof Secret)) problems.push(own)
  }
  if (problems.length > 0) return { ok: false, problems }

  const config: Config = {
    backupDir,
    dataDir,
    scratchDir,
    restoreDirs: values.restoreDirs,
    ownFiles: ownFiles(whole, cwd, file.path),
    host: values.host,
    port: values.port,
    trustProxy: values.trustProxy,
    tokenKey,
    metricsToken: values.metricsToken === undefined ? undefined : new Secret(values.metricsToken),
    rateLimitPerMinute: values.rateLimitPerMinute,
    bodyLimitBytes: values.bodyLimitBytes,
    diskReserveBytes: values.diskReserveBytes,
    maxConcurrentJobs: values.maxConcurrentJobs,
    childLimits: { timeout: values.childTimeoutMs, memory: values.childMemoryBytes },
    trashGraceHours: values.trashGraceHours,
    scheduleJitterMs: values.scheduleJitterMs,
    pruneSchedule: values.pruneSchedule,
    auditRetentionDays: values.auditRetentionDays,
    shutdownGraceMs: values.shutdownGraceMs,
    logLevel: values.logLevel,
    alerts: {
      maxAge: values.alertMaxAgeHours * 3_600_000,
      sizeChange: values.alertSizeChangePercent,
      diskFree: values.alertDiskFreePercent,
      minBackups: values.alertMinBackups
    },
    settings: pickSettings(values),
    origins: pickSettings(origins),
    encryption,
    sources: [...sources.named.map(({ source }) => source), sources.own],
    stores: stores.placed.map(({ store }) => store),
    storeDefaults: stores.defaults,
    defaultSource: sources.defaultSource
  }
  return { ok: true, config: freeze(config), inForce: report({ ...values, scratchDir }, origins), file: file.path }
}

/** For every option the environment's word over the file's over the default; the one that loses is checked, too. */
function choose (environment: ReadonlyMap<OptionName, Given>, file: ReadonlyMap<OptionName, Given>, cwd: string, problems: Problem[]): { values: OptionValues, origins: Origins } {
  const chosen = OPTION_NAMES.map(name => {
    const option = OPTIONS[name]
    const byDefault: Given = { name: option.variable, value: option.default, base: cwd, origin: 'file' }
    const [first, second] = [environment.get(name), file.get(name)].map(given => given && { origin: given.origin, value: checkGiven<unknown>(option, given, problems) })
    const winner = first ?? second
    return { name, origin: winner?.origin ?? 'default' as const, value: winner?.value ?? checkGiven<unknown>(option, byDefault, problems) }
  })
  return {
    values: Object.fromEntries(chosen.map(({ name, value }) => [name, value])) as unknown as OptionValues,
    origins: Object.fromEntries(chosen.map(({ name, origin }) => [name, origin])) as unknown as Origins
  }
}

function pickSettings<T extends Readonly<Record<keyof Settings, unknown>>> (from: T): Pick<T, keyof Settings> {
  const { autoBackupEnabled, autoBackupInterval, maxBackups, compression, verifyAfterBackup } = from
  return { autoBackupEnabled, autoBackupInterval, maxBackups, compression, verifyAfterBackup }
}

function report (values: OptionValues, origins: Origins): InForce[] {
  return OPTION_NAMES.map(key => {
    const { variable, kind } = OPTIONS[key]
    const value = shown(values[key])
    return { key, variable, value: kind === 'secret' && value !== null ? String(new Secret('')) : kind === 'document' ? inOneLine(value) : value, origin: origins[key] }
  })
}

/** A list as its variable has it. */
function shown (value: OptionValues[OptionName]): InForce['value'] {
  if (typeof value !== 'object') return value ?? null
  return value.length === 0 ? null : value.join(PATHS_APART)
}

/** The first line of a document stands for the rest. */
function inOneLine (value: InForce['value']): InForce['value'] {
  const [first = '', ...others] = String(value ?? '').split('\n')
  return value === null || others.length === 0 ? value : `${first} …`
}

function freeze<T extends object> (value: T): T {
  for (const inner of Object.values(value) as unknown[]) {
    if (typeof inner === 'object' && inner !== null) freeze(inner)
  }
  return Object.freeze(value)
}
