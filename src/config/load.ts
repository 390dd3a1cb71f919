import { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import type { Origin, Settings } from '../core/schedule/settings.ts'
import { Secret } from '../core/secret.ts'
import { silentMountSync } from '../files/silent-mount.ts'
import { checkGiven } from './checked-value.ts'
import type { Config, InForce } from './config.ts'
import { dataDirProblems } from './data-dir.ts'
import { deprecatedMonths } from './deprecated-months.ts'
import { differences } from './differences.ts'
import { readKeys } from './encryption.ts'
import { readEnvironment, withEnvFile, type Environment } from './read-environment.ts'
import { readFile, setsIn } from './file.ts'
import { readOwnSecret, SECRET_FILE } from './generated-secret.ts'
import { readManifestKey, readTrustedKeys } from './manifest-key.ts'
import { PATHS_APART } from '../core/ports/field.ts'
import { OPTION_NAMES, OPTIONS, type OptionName, type OptionValues } from './options.ts'
import { ownFiles } from './own-files.ts'
import { checkPaths, checkRestoreDirs } from './path-conflicts.ts'
import { readInherited, type Origins } from './policy.ts'
import { problemsError, type Problem, type ProblemCode } from './problem.ts'
import type { RawValue } from './raw-value.ts'
import { readRecord, type Recorded } from './recorded.ts'
import { sectionsOf, withSections, type Json } from './sections.ts'
import { isExcusable, SERVER_ALONE } from './server-alone.ts'
import { checkCopies } from './source-stores.ts'
import { readSources } from './sources.ts'
import { checkStoreLocations } from './store-places.ts'
import { spellingNotices } from './spellings.ts'
import { readStores } from './stores.ts'
import { secretsFrom, type TakenSecrets } from './taken-secrets.ts'
import { readTokenKey } from './token-key.ts'
import type { Reader } from './trusted-file.ts'
import { unknownVariables } from './unknown-variables.ts'

export type Checked =
  | {
    readonly ok: true
    readonly config: Config
    readonly inForce: readonly InForce[]
    readonly file: string | undefined
    readonly recorded: Recorded
    readonly excused: readonly Problem[]
    /** What works and is written otherwise in the documentation: for those who check the file, and no alert. */
    readonly spellings: readonly Problem[]
  }
  | { readonly ok: false, readonly code: ProblemCode, readonly problems: readonly Problem[] }

export interface LoadOptions {
  /**
   * What a command does with the server's record of its configuration in DATA_DIR: `take` it over where environment and
   * files are silent, and refuse what differs from it. `leave`, the default: as if there were none, as the server
   * itself does.
   */
  readonly server?: 'take' | 'leave'
  /** false: nothing in DATA_DIR is going to be used, so that it may be anybody's. */
  readonly isDataDirUsed?: boolean
  /**
   * Whether what is wrong with options that the server alone uses is `excused`; such an option then has its default.
   */
  readonly isServerExcused?: boolean
  /** Who reads the files in the working directory; `command` is the default. */
  readonly reader?: Reader
}

/**
 * The configuration that `environment` and the files in `cwd` give. Throws `CONFIG_INVALID`, `CONFIG_DIFFERS`,
 * `DATA_DIR_UNSAFE` or `SERVER_CONFIG_UNREADABLE` with every problem at once.
 */
export function loadConfig (environment: Environment, cwd: string, options: LoadOptions = {}): Config {
  const checked = checkConfig(environment, cwd, options)
  if (checked.ok) return checked.config
  throw problemsError(checked)
}

/**
 * The same as a result. Reads files; changes nothing but the rights of a secret in DATA_DIR that others than its owner
 * could read.
 */
export function checkConfig (
  environment: Environment,
  cwd: string,
  { server = 'leave', isDataDirUsed = true, isServerExcused = false, reader = 'command' }: LoadOptions = {}
): Checked {
  const problems: Problem[] = []
  const notices: Problem[] = []
  const excused: Problem[] = []
  const whole = withEnvFile(environment, cwd, problems, notices, reader)
  notices.push(...unknownVariables(whole))
  const fromEnvironment = readEnvironment(whole, cwd, problems)
  const ownFile = readFile(whole, cwd, problems, reader)
  const given: Sources = { environment: fromEnvironment, file: ownFile.options }
  const dataDir = chooseOne('dataDir', given, cwd, []).value as string
  const silent = isDataDirUsed ? silentProblems('DATA_DIR', dataDir) : []
  if (silent.length > 0) return { ok: false, code: 'CONFIG_INVALID', problems: silent }
  const unsafe = isDataDirUsed ? dataDirProblems(dataDir) : []
  if (unsafe.length > 0) return { ok: false, code: 'DATA_DIR_UNSAFE', problems: unsafe }

  const read = server === 'take' ? readRecord(dataDir) : { recorded: undefined }
  if ('unreadable' in read) return { ok: false, code: 'SERVER_CONFIG_UNREADABLE', problems: [read.unreadable] }
  const theirs = read.recorded
  const taken = theirs === undefined ? NOTHING_TAKEN : takeOver(theirs, given)
  const file = theirs === undefined ? ownFile : withSections(ownFile, theirs.sections)
  notices.push(...deprecatedMonths(ownFile))
  const { values, origins } = choose({ ...given, server: taken.options }, cwd, problems)
  if (values.databaseUrl === undefined && (fromEnvironment.has('databaseUrl') || file.options.has('databaseUrl'))) {
    notices.push({
      name: OPTIONS.databaseUrl.variable,
      problem: 'is not the URL of a PostgreSQL database, and has no effect',
      remedy: 'Set DATABASE_PATH to the path of an SQLite database.'
    })
  }
  const options = { ...values, hasPassphraseElsewhere: taken.lacking.has('encryptionPassphrase') }

  const { backupDir } = values
  const scratchDir = values.scratchDir ?? join(dataDir, 'scratch')
  problems.push(...silentProblems('SCRATCH_DIR', scratchDir))
  const tokenKey = readTokenKey(values, problems)
  const encryption = readKeys(options, problems)
  const stores = readStores(values, taken.lacking, file, cwd, problems)
  const sources = readSources(
    options,
    readInherited(options, origins, file, stores.automatic, problems),
    file,
    problems
  )
  checkPaths({ backupDir, dataDir, scratchDir }, sources, problems)
  checkRestoreDirs(values.restoreDirs, { backupDir, dataDir, scratchDir }, sources, problems)
  checkStoreLocations(stores.placed, { backupDir, dataDir, scratchDir }, sources, problems)
  checkCopies(sources, stores, file, problems)
  if (isDataDirUsed && values.jwtSecret === undefined && values.jwtPublicKey === undefined) {
    const own = readOwnSecret(join(dataDir, SECRET_FILE))
    if (own !== undefined && !(own instanceof Secret)) (isServerExcused ? excused : problems).push(own)
  }
  if (isDataDirUsed) {
    const manifestKey = readManifestKey(dataDir)
    if (manifestKey !== undefined && !(manifestKey instanceof KeyObject)) problems.push(manifestKey)
  }
  const trusted = readTrustedKeys(values.trustedSigningKeys, problems)
  // What was said here is looked at first: it may be what makes both together impossible.
  const differing = theirs === undefined
    ? []
    : differences({ dataDir, options: saidHere(given, cwd), sections: sectionsOf(ownFile) }, theirs)
  if (differing.length > 0) return { ok: false, code: 'CONFIG_DIFFERS', problems: differing }
  if (isServerExcused) excused.push(...problems.filter(isExcusable))
  const grave = problems.filter(problem => !excused.includes(problem))
  if (grave.length > 0) return { ok: false, code: 'CONFIG_INVALID', problems: grave }

  const config: Config = {
    backupDir,
    dataDir,
    scratchDir,
    restoreDirs: values.restoreDirs,
    ownFiles: ownFiles(whole, cwd, file.path),
    commandEnvironment: commandEnvironment(environment),
    host: values.host,
    port: values.port,
    trustProxy: values.trustProxy,
    tokenKey,
    requireTokenExpiry: values.requireTokenExpiry,
    metricsToken: values.metricsToken === undefined ? undefined : new Secret(values.metricsToken),
    hstsIncludeSubdomains: values.hstsIncludeSubdomains,
    metricsMaxSources: values.metricsMaxSources,
    rateLimitPerMinute: values.rateLimitPerMinute,
    maxConnections: values.maxConnections,
    bodyLimitBytes: values.bodyLimitBytes,
    diskReserveBytes: values.diskReserveBytes,
    maxConcurrentJobs: values.maxConcurrentJobs,
    maxQueuedJobs: { all: values.maxQueuedJobs, perSource: values.maxQueuedJobsPerSource },
    childLimits: { timeout: values.childTimeoutMs, memory: values.childMemoryBytes },
    kindSettings: { postgresBin: values.postgresBin, postgresRunAs: values.postgresRunAs },
    trashGraceHours: values.trashGraceHours,
    scheduleJitterMs: values.scheduleJitterMs,
    pruneSchedule: values.pruneSchedule,
    auditRetentionDays: values.auditRetentionDays,
    shutdownGraceMs: values.shutdownGraceMs,
    logLevel: values.logLevel,
    logFormat: values.logFormat,
    alerts: {
      maxAge: values.alertMaxAgeHours * 3_600_000,
      sizeChange: values.alertSizeChangePercent,
      diskFree: values.alertDiskFreePercent,
      minBackups: values.alertMinBackups
    },
    settings: pickSettings(values),
    origins: pickSettings(origins),
    encryption,
    signing: { trusted, isRequired: values.requireSigned },
    sources: [...sources.named.map(({ source }) => source), sources.own],
    stores: stores.placed.map(({ store }) => store),
    storeDefaults: stores.defaults,
    defaultSource: sources.defaultSource,
    lacks: [...taken.lacking].map(name => OPTIONS[name].variable),
    notices,
    unsaidSealing: origins.encryption === 'default' ? unsaid(sources, file) : []
  }
  const recorded: Recorded = {
    dataDir,
    options: recordable(values),
    secrets: secretsSet(given),
    sections: sectionsOf(ownFile)
  }
  return {
    ok: true,
    config: freeze(config),
    inForce: report({ ...values, scratchDir }, origins),
    file: file.path,
    recorded,
    excused,
    spellings: spellingNotices(ownFile.spellings)
  }
}

/** Of the environment of the service only this reaches the hooks of sources: nothing secret. */
function commandEnvironment (environment: Environment): Config['commandEnvironment'] {
  return Object.fromEntries(['PATH', 'HOME'].flatMap(name => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value]]
  }))
}

function unsaid ({ named, own }: ReturnType<typeof readSources>, file: ReturnType<typeof readFile>): string[] {
  const said = [...file.sources, ...setsIn(file.sets, [])].filter(({ fields }) => fields.has('encryption')).map(
    ({ fields }) => fields.get('name')?.value
  )
  return [...named.map(({ source }) => source), own].map(({ name }) => name).filter(name => !said.includes(name))
}

/** Who said something of the options. */
interface Sources {
  readonly environment: ReadonlyMap<OptionName, RawValue>
  readonly file: ReadonlyMap<OptionName, RawValue>
  readonly server?: ReadonlyMap<OptionName, RawValue>
}

interface Chosen {
  readonly value: unknown
  readonly origin: Origin
}

/**
 * For every option the environment's word over the file's over the server's over the default; what loses is checked,
 * too.
 */
function choose (given: Sources, cwd: string, problems: Problem[]): { values: OptionValues, origins: Origins } {
  const chosen = OPTION_NAMES.map(name => ({ name, ...chooseOne(name, given, cwd, problems) }))
  return {
    values: Object.fromEntries(chosen.map(({ name, value }) => [name, value])) as unknown as OptionValues,
    origins: Object.fromEntries(chosen.map(({ name, origin }) => [name, origin])) as unknown as Origins
  }
}

function chooseOne (
  name: OptionName,
  { environment, file, server }: Sources,
  cwd: string,
  problems: Problem[]
): Chosen {
  const option = OPTIONS[name]
  const byDefault: RawValue = { name: option.variable, value: option.default, base: cwd, origin: 'file' }
  const checked = [environment.get(name), file.get(name), server?.get(name)].map(given =>
    given && { origin: given.origin, value: checkGiven<unknown>(option, given, problems) }
  )
  const winner = checked.find(one => one !== undefined)
  return {
    origin: winner?.origin ?? 'default',
    value: winner?.value ?? checkGiven<unknown>(option, byDefault, problems)
  }
}

/** The service works in these all the time: without an answer from there it would stand still. */
function silentProblems (name: string, path: string): Problem[] {
  const mount = silentMountSync(path)
  return mount === undefined
    ? []
    : [{
      name,
      problem: `"${path}" is on the mount "${mount}", which does not respond`,
      remedy: 'Check the server of the mount; a directory on a local disk is better.'
    }]
}

interface Taken extends TakenSecrets {
  readonly options: ReadonlyMap<OptionName, RawValue>
}

const NOTHING_TAKEN: Taken = { options: new Map(), lacking: new Set() }

/** What the server's record says of the options, with the secrets that can be read from their files here. */
function takeOver (recorded: Recorded, { environment, file }: Sources): Taken {
  const { found, lacking } = secretsFrom(recorded, name => environment.has(name) || file.has(name))
  const values = (Object.entries(recorded.options) as Array<[OptionName, Json]>).filter(([, value]) => value !== null)
  const plain = values.map(
    ([name, value]): [OptionName, RawValue] => [name, {
      name: OPTIONS[name].variable,
      value,
      base: '/',
      origin: 'server'
    }]
  )
  return { options: new Map([...plain, ...found]), lacking }
}

function saidHere (
  { environment, file }: Sources,
  cwd: string
): ReadonlyMap<OptionName, { readonly given: RawValue, readonly value: unknown }> {
  return new Map(OPTION_NAMES.flatMap(name => {
    const given = environment.get(name) ?? file.get(name)
    return given === undefined ? [] : [[name, { given, value: chooseOne(name, { environment, file }, cwd, []).value }]]
  }))
}

/** What a command has to know of the options. */
function recordable (values: OptionValues): Recorded['options'] {
  const names = OPTION_NAMES.filter(name => !SERVER_ALONE.includes(name))
  return Object.fromEntries(names.flatMap((name): Array<[string, Json]> => {
    const { kind, withoutSecret } = OPTIONS[name]
    const value: unknown = values[name]
    if (value !== undefined && withoutSecret !== undefined) return [[name, withoutSecret(value) ?? null]]
    return kind === 'secret' ? [] : [[name, (value ?? null) as Json]]
  }))
}

function secretsSet ({ environment, file }: Sources): Recorded['secrets'] {
  return Object.fromEntries(OPTION_NAMES.flatMap(name => {
    const given = OPTIONS[name].kind === 'secret' ? environment.get(name) ?? file.get(name) : undefined
    return given === undefined ? [] : [[name, { file: given.file ?? null }]]
  }))
}

function pickSettings<T extends Readonly<Record<keyof Settings, unknown>>> (from: T): Pick<T, keyof Settings> {
  const { autoBackupEnabled, autoBackupInterval, maxBackups, compression, verifyAfterBackup } = from
  return { autoBackupEnabled, autoBackupInterval, maxBackups, compression, verifyAfterBackup }
}

function report (values: OptionValues, origins: Origins): InForce[] {
  return OPTION_NAMES.map(key => {
    const { variable, kind, withoutSecret } = OPTIONS[key]
    const given: unknown = values[key]
    const value = shown(
      kind === 'secret' && given !== undefined ? withoutSecret?.(given) ?? String(new Secret('')) : given
    )
    return {
      key,
      variable,
      value: kind === 'document' ? inOneLine(value) : value,
      origin: origins[key]
    }
  })
}

/** A list as its variable has it. */
function shown (value: unknown): InForce['value'] {
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(PATHS_APART)
  return (value ?? null) as InForce['value']
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
