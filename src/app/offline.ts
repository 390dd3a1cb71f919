import { randomUUID } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { access, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { catalogOptions } from './catalog-options.ts'
import { openEngine, type OpenedEngine } from './open-engine.ts'
import {
  announce,
  checkIntegrity,
  copyDatabase,
  findServer,
  openCatalog,
  sqliteVersion,
  type OpenedCatalog
} from '../catalog/index.ts'
import type { Config } from '../config/config.ts'
import { dataDirProblems } from '../config/data-dir.ts'
import { isInsecureStore } from '../config/store-places.ts'
import type { FileWithSecrets } from '../config/files-with-secrets.ts'
import { CATALOG_FILE, OWN_SOURCE, pathsOf } from '../config/sources.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { EventBus } from '../core/event.ts'
import type { Logger } from '../core/logger.ts'
import type { Presence } from '../core/presence.ts'
import type { KnownRows } from '../core/restore/salvage.ts'
import { loadKinds } from '../core/ports/source-kind.ts'
import type { Store } from '../core/ports/store.ts'
import type { PruneTiming } from '../engine/status/alert-facts.ts'
import { makeEngine } from '../engine/make-engine.ts'
import type { Progress } from '../engine/artifacts/verify-parts.ts'
import { verifyFile, type VerifiedFile } from '../engine/verify/verify-file.ts'
import { realPathSync } from '../files/real-path.ts'
import { VERSION } from './version.ts'
import { keyMaterial, makeDeps, makeSigning } from './wiring.ts'
import { makeCodecs } from '../pipeline/codecs.ts'
import { makeKeyring } from '../pipeline/keyring.ts'
import { newKey } from '../pipeline/new-key.ts'
import { privateKeys } from '../pipeline/private-keys.ts'
import { scratchDirectory } from '../pipeline/scratch.ts'
import { salvageFile, SOURCE_KINDS, sourceKindOf } from '../sources/index.ts'
import { localStore } from '../stores/local/local.ts'

/** So many of the newest backups are asked for one that is good. */
const KNOWN_LIMIT = 100

/** The engine over a copy of the catalog. */
export interface EngineCopy extends Pick<OpenedEngine, 'engine' | 'deps'> {
  readonly close: () => Promise<void>
}

/**
 * The engine over a copy of the catalog, for looking alone, beside a server or without one: nothing is put right or
 * made, the store is not even opened, and what it wrote would be lost with the copy. undefined: there is no catalog.
 * Throws as `openCatalog` does, `CATALOG_CORRUPT` also for damage that only a thorough look finds.
 */
export async function openCopy (config: Config, clock: Clock = systemClock): Promise<EngineCopy | undefined> {
  const original = join(config.dataDir, CATALOG_FILE)
  if (!existsSync(original)) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-copy-'))
  const removeCopy = (): Promise<void> => rm(directory, { recursive: true, force: true })
  // Nobody is known here: what another process has, it is taken to have still.
  const presence: Presence = { id: 'copy', isAlive: () => true }
  let catalog: OpenedCatalog | undefined
  try {
    const path = join(directory, CATALOG_FILE)
    await copyDatabase(original, path)
    checkIntegrity(path)
    const signing = makeSigning(config)
    const opened = catalog = await openCatalog(path, catalogOptions({ signing, presence, clock }))
    const instanceId = await opened.settings.instanceId()
    const events = new EventBus(() => {})
    const deps = await makeDeps(config, { catalog: opened, signing, presence, clock, events, instanceId })
    await deps.settings.load()
    return {
      engine: makeEngine(deps),
      deps,
      close: async () => {
        await opened.close().finally(removeCopy)
      }
    }
  } catch (error) {
    await catalog?.close()
    await removeCopy()
    throw error
  }
}

/** What the service remembers of tokens. */
export type OpenedTokens = Pick<OpenedCatalog, 'tokens' | 'audit' | 'close'>

/**
 * The tokens alone, to be read and changed beside a server or without one, also where the store cannot be reached.
 * Where there is no catalog yet the whole engine makes it: it takes over what the store knows, and would not do so any
 * more for a catalog that stands there already. Throws as `openCatalog` does, then as `openEngine`.
 */
export async function openTokens (config: Config, logger: Logger, clock: Clock = systemClock): Promise<OpenedTokens> {
  const path = join(config.dataDir, CATALOG_FILE)
  // Tokens need no lease; whoever has one, has it still.
  const presence: Presence = { id: 'tokens', isAlive: () => true }
  if (existsSync(path)) {
    return await openCatalog(path, catalogOptions({ signing: makeSigning(config), presence, clock }))
  }
  const { deps: { catalog }, close } = await openEngine(config, { logger, clock, role: 'guest' })
  return { tokens: catalog.tokens, audit: catalog.audit, close: () => close(0) }
}

/**
 * Proves a file by itself. Where the service does not live here, or belongs to somebody else, what has to be unpacked
 * goes to the system's directory for temporary files, so that nothing is made in DATA_DIR. Throws as `verifyFile` does.
 */
export async function verifyGivenFile (
  config: Pick<
    Config,
    'dataDir' | 'scratchDir' | 'encryption' | 'signing' | 'sources' | 'childLimits' | 'kindSettings'
  >,
  path: string,
  progress: Progress,
  clock: Clock = systemClock
): Promise<VerifiedFile> {
  const isOurs = dataDirProblems(config.dataDir).length === 0 &&
    await access(config.dataDir, constants.W_OK).then(() => true, () => false)
  const announced = isOurs ? await announce(config.dataDir) : undefined
  const presence: Presence = announced ?? { id: `holdfast-verify-${randomUUID()}`, isAlive: () => true }
  const scratch = scratchDirectory(isOurs ? config.scratchDir : tmpdir(), presence)
  const storeAt = (directory: string): Store =>
    localStore({ directory, instanceId: 'none', presence, now: () => clock.now() })
  try {
    await scratch.open()
    // Stores follow no links; one that a person names is followed to the file, and to the manifest beside that.
    const real = await realpath(path).catch(() => path)
    const proven = await verifyFile(
      {
        codecs: makeCodecs(),
        keyring: await makeKeyring(keyMaterial(config)),
        signing: makeSigning(config),
        scratch,
        kinds: await loadKinds(SOURCE_KINDS, {
          scratchDir: scratch.directory,
          limits: config.childLimits,
          settings: config.kindSettings
        }),
        storeAt
      },
      real,
      progress
    )
    return { ...proven, path }
  } finally {
    await scratch.close()
    announced?.leave()
  }
}

export { newKey, privateKeys, salvageFile }

/**
 * What the newest backup that was proven holds of the database at `path`; undefined: there is none, or the catalog
 * cannot be read.
 */
export async function knownRows (config: Config, path: string): Promise<KnownRows | undefined> {
  const wanted = realPathSync(path)
  const source = config.sources.find(one => pathsOf(one).some(({ path }) => realPathSync(path) === wanted))
  if (source === undefined) return undefined
  // A rescue must not fail for want of a comparison.
  const copy = await openCopy(config).catch(() => undefined)
  if (copy === undefined) return undefined
  try {
    const { backups } = await copy.engine.backups({
      source: source.name,
      status: 'completed',
      byTime: true,
      limit: KNOWN_LIMIT
    })
    const good = backups.find(({ verification }) => verification.status === 'valid')
    const manifest = good === undefined ? undefined : await copy.deps.catalog.backups.manifest(good.id)
    return good === undefined || manifest === undefined
      ? undefined
      : { backupId: good.id, startedAt: good.startedAt, tables: manifest.facts.tables }
  } finally {
    await copy.close()
  }
}

/** The server that runs on the data directory; undefined: none. Changes nothing. */
export function serverOf ({ dataDir }: Pick<Config, 'dataDir'>): ReturnType<typeof findServer> {
  return findServer(dataDir)
}

/** What there is to examine of the service: for people who want to know what is wrong with it. */
export function examinable (
  config: Config,
  secretFiles: readonly FileWithSecrets[],
  prune: PruneTiming,
  clock: Clock = systemClock
) {
  return {
    backupDir: config.backupDir,
    dataDir: config.dataDir,
    scratchDir: config.scratchDir,
    diskReserve: config.diskReserveBytes,
    trashGrace: config.trashGraceHours * 3_600_000,
    prune,
    sources: config.sources.filter(({ name }) => name !== OWN_SOURCE).map(source => ({
      ...source,
      kind: sourceKindOf(source)
    })),
    insecureStores: config.stores.filter(isInsecureStore).map(({ name }) => name),
    secretFiles,
    lacks: config.lacks,
    notices: config.notices,
    requireTokenExpiry: config.requireTokenExpiry,
    versions: { holdfast: VERSION, node: process.versions.node, sqlite: sqliteVersion() },
    findServer: () => findServer(config.dataDir),
    timeCommand: 'timedatectl',
    clock
  }
}
