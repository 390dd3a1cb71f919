import type { EngineCopy, OpenedTokens } from '../app/offline.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/read-environment.ts'
import { filesWithSecrets } from '../config/files-with-secrets.ts'
import { ensureSecret } from '../config/generated-secret.ts'
import { readKeyFile } from '../config/key-file.ts'
import { checkConfig, loadConfig, type Checked, type LoadOptions } from '../config/load.ts'
import { publicManifestKey } from '../config/manifest-key.ts'
import { describeProblems, problemsError } from '../config/problem.ts'
import { useProxy } from '../config/proxy.ts'
import { OWN_SOURCE, placeOf } from '../config/sources.ts'
import { storePlace } from '../config/store-places.ts'
import { BackupError } from '../core/errors.ts'
import type { KnownRows } from '../core/restore/salvage.ts'
import type { KeyCardDeps } from './commands/key-card.ts'
import type { ConfigProblem } from './commands/doctor.ts'
import type { SchedulerStatusDeps } from './commands/scheduler-status.ts'
import type { TokenCreateDeps } from './commands/token-create.ts'
import type { VerifyDeps } from './commands/verify.ts'
import type { ConfigReport } from './config-report.ts'
import type { DoctorContext } from './doctor/context.ts'
import type { Opened } from './opened.ts'
import type { Output } from './output.ts'
import { warningsOn } from './warnings.ts'

/** What a command does that has to know the configuration. Each throws what is wrong with that. */
export interface Configured {
  /**
   * The engine; a server and other commands may run at the same time. Rejects with `CATALOG_MISSING` where there is
   * neither a catalog nor a backup directory, unless the command may be the first of all (`isFirst`).
   */
  readonly openGuest: (isFirst: boolean) => Promise<Opened>
  /** The engine over the catalog alone. Rejects with `CATALOG_MISSING`. */
  readonly openReading: () => Promise<Opened>
  /** `isChange`: where there is no catalog, one is made; otherwise that is `CATALOG_MISSING`. */
  readonly openTokens: (isChange: boolean) => Promise<OpenedTokens>
  /** undefined: there is no catalog. */
  readonly openSnapshot: () => Promise<EngineCopy | undefined>
  readonly verifyGivenFile: VerifyDeps['verifyGivenFile']
  /** undefined: no good backup is known of the database at this path. */
  readonly knownRows: (path: string) => Promise<KnownRows | undefined>
  readonly findServer: SchedulerStatusDeps['findServer']
  readonly privateKeys: KeyCardDeps['privateKeys']
  readonly signingKey: () => string | undefined
  readonly requireTokenExpiry: () => boolean
  readonly tokenKey: () => Awaited<ReturnType<TokenCreateDeps<string>['tokenKey']>>
  /** What is configured, or what is wrong with it; it does not throw that. */
  readonly report: () => ConfigReport
  readonly settings: () => Promise<ReturnType<EngineCopy['engine']['settings']> | undefined>
  readonly doctorContext: () => Promise<DoctorContext | readonly ConfigProblem[]>
}

/** Where the configuration comes from. */
export interface Given {
  readonly environment: Environment
  readonly cwd: string
  /** Whether what the server recorded of its configuration is taken over. */
  readonly server: NonNullable<LoadOptions['server']>
  readonly output: Output
}

/** Reads nothing yet. */
export function configuredBy ({ environment, cwd, server, output }: Given): Configured {
  /** What was warned of: a command reads the configuration more than once. */
  const warned = new Set<string>()

  /**
   * The configuration that commands work with: the server's, where it is known and nothing differs here. What
   * is wrong with options that the server alone uses is a warning: a restore does not wait for it.
   */
  function check (): Checked {
    const checked = checkConfig(environment, cwd, { server, isServerExcused: true })
    if (!checked.ok) return checked
    for (const { name, problem, remedy } of checked.excused) {
      const warning = `holdfast: the server does not start with this configuration: ${name}: ${problem}. ${remedy}\n`
      if (!warned.has(warning)) output.err.write(warning)
      warned.add(warning)
    }
    return checked
  }

  /** The same with what the server alone uses: for what checks the configuration, and for tokens. */
  function checkWhole (): Checked {
    return checkConfig(environment, cwd, { server })
  }

  function configured (): Config {
    return valid(check())
  }

  /**
   * For what needs no more of it than keys, and works wherever it is: what is set here, where the server's cannot be
   * taken over.
   */
  function configuredAnyhow (): Config {
    const checked = check()
    return checked.ok ? checked.config : loadConfig(environment, cwd, { isDataDirUsed: false, isServerExcused: true })
  }

  async function openGuest (isFirst: boolean): Promise<Opened> {
    const config = configured()
    if (!isFirst) await (await import('../app/reader.ts')).requireCatalogOrBackups(config)
    useProxy(environment, config.stores)
    const { openEngine } = await import('../app/open-engine.ts')
    const { engine, events, deps: { catalog, kinds, trashGrace }, close } = await openEngine(config, {
      logger: warningsOn(output),
      role: 'guest'
    })
    return { ...about(config), engine, events, audit: catalog.audit, kinds, trashGrace, close: () => close(0) }
  }

  async function openReading (): Promise<Opened> {
    const config = configured()
    const { openReader } = await import('../app/reader.ts')
    const { engine, events, deps: { catalog, kinds, trashGrace }, close } = await openReader(config)
    return { ...about(config), engine, events, audit: catalog.audit, kinds, trashGrace, close }
  }

  async function openSnapshot (): Promise<EngineCopy | undefined> {
    const config = configured()
    return await (await import('../app/offline.ts')).openCopy(config)
  }

  async function examined ({ config, file }: Extract<Checked, { readonly ok: true }>): Promise<DoctorContext> {
    const { examinable } = await import('../app/offline.ts')
    return examinable(config, filesWithSecrets(environment, cwd, config, file), {
      pattern: config.pruneSchedule,
      timeZone: 'UTC'
    })
  }

  return {
    openGuest,
    openSnapshot,
    openReading,
    async openTokens (isChange) {
      const config = configured()
      if (!isChange) (await import('../app/reader.ts')).requireCatalog(config)
      return await (await import('../app/offline.ts')).openTokens(config, warningsOn(output))
    },
    verifyGivenFile: async (path, progress) =>
      await (await import('../app/offline.ts')).verifyGivenFile(configuredAnyhow(), path, progress),
    async knownRows (path) {
      const checked = check()
      return checked.ok ? await (await import('../app/offline.ts')).knownRows(checked.config, path) : undefined
    },
    findServer: async () =>
      (await import('../app/offline.ts')).serverOf(loadConfig(environment, cwd, { isServerExcused: true })),
    privateKeys: async file =>
      await (await import('../app/offline.ts')).privateKeys(
        file === undefined ? configuredAnyhow().encryption : readKeyFile(file)
      ),
    signingKey () {
      const checked = check()
      return checked.ok ? publicManifestKey(checked.config) : undefined
    },
    requireTokenExpiry: () => valid(checkWhole()).requireTokenExpiry,
    tokenKey: () => ensureSecret(withTokenSecret(valid(checkWhole()))),
    report: () => reportConfig(checkWhole()),
    async settings () {
      const copy = await openSnapshot()
      return await copy?.close().then(() => copy.engine.settings())
    },
    async doctorContext () {
      const checked = checkWhole()
      return checked.ok ? await examined(checked) : checked.problems
    }
  }
}

function about ({ defaultSource, sources, unsaidSealing, lacks }: Config): Pick<
  Opened,
  'defaultSource' | 'ownSource' | 'known'
> {
  return { defaultSource, ownSource: OWN_SOURCE, known: { hasDatabase: sources.length > 1, unsaidSealing, lacks } }
}

/** Throws `CONFIG_INVALID` and what else `loadConfig` throws. */
function valid (checked: Checked): Config {
  if (checked.ok) return checked.config
  throw problemsError(checked)
}

/**
 * Throws `SECRET_MISSING` where the server signs with a secret that is not known here: it would accept no token of
 * another.
 */
function withTokenSecret (config: Config): Config {
  const secret = config.lacks.find(variable => ['JWT_SECRET', 'JWT_PUBLIC_KEY'].includes(variable))
  if (secret === undefined) return config
  throw new BackupError(
    'SECRET_MISSING',
    `the server checks tokens with ${secret}, which is not set for this command`,
    { hint: `Set ${secret} for the command too, preferably as a file for both with ${secret}_FILE.` }
  )
}

function reportConfig (checked: Checked): ConfigReport {
  if (!checked.ok) return { ...checked, text: describeProblems(checked.problems, checked.code) }
  const { config: { settings, sources, defaultSource, stores, notices }, inForce, file, spellings } = checked
  const shown = stores.map(store => ({
    name: store.name,
    kind: store.kind,
    place: storePlace(store),
    retention: store.retention,
    maxBackups: store.maxBackups,
    isAppendOnly: store.isAppendOnly,
    bandwidth: store.bandwidth
  }))
  const protectedSources = sources.map(source => {
    const { name, kind, values, ...rest } = source
    return { name, kind, ...values, ...rest, place: placeOf(source) }
  })
  return {
    ok: true,
    file,
    inForce,
    settings,
    sources: protectedSources,
    defaultSource,
    stores: shown,
    notices: [...notices, ...spellings]
  }
}
