import { KeyObject } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { keptInstanceId, type OpenedCatalog } from '../catalog/index.ts'
import type { Config, SourceConfig } from '../config/config.ts'
import { dataDirProblems } from '../config/data-dir.ts'
import { ensureManifestKey, readManifestKey } from '../config/manifest-key.ts'
import { CATALOG_FILE, OWN_SOURCE, pathsOf } from '../config/sources.ts'
import { localPaths } from '../config/store-places.ts'
import type { Clock } from '../core/clock.ts'
import type { EventBus } from '../core/event.ts'
import type { Presence } from '../core/presence.ts'
import { loadKinds, type LoadedKind } from '../core/ports/source-kind.ts'
import type { ProtectedSource } from '../core/protected-source.ts'
import type { EngineDeps } from '../engine/deps.ts'
import { Runner } from '../engine/jobs/runner.ts'
import { LiveSettings } from '../engine/live-settings.ts'
import { Ownership } from '../engine/ownership.ts'
import { pathOwner, type OwnedPaths } from '../engine/restore/target-guard.ts'
import { Signing } from '../engine/signing.ts'
import { requireKind } from '../engine/require-kind.ts'
import { makeCodecs } from '../pipeline/codecs.ts'
import { makeKeyring, type KeyMaterial } from '../pipeline/keyring.ts'
import { scratchDirectory } from '../pipeline/scratch.ts'
import { makeCalendar } from '../scheduler/calendar.ts'
import { SOURCE_KINDS, sourceKindOf } from '../sources/index.ts'
import { LocalDisk } from '../stores/local/disk.ts'
import { localStore } from '../stores/local/local.ts'
import { hookCommands } from './hook-commands.ts'
import { makeLocate, makeOffsite, type Shared } from './stores.ts'

/** What the caller has made and opened already. */
export interface Opened {
  readonly catalog: OpenedCatalog
  readonly signing: Signing
  readonly presence: Presence
  readonly clock: Clock
  readonly events: EventBus
  /** Which installation this is. Left out: it is also kept in DATA_DIR, beside the catalog. */
  readonly instanceId?: string
}

/** Joins the parts. Nothing is opened but the catalog, and that by the caller. */
export async function makeDeps (
  config: Config,
  { catalog, signing, presence, clock, events, instanceId }: Opened
): Promise<EngineDeps> {
  const context: Shared = {
    instanceId: instanceId ?? await keptInstanceId(config.dataDir, catalog.settings),
    presence,
    clock
  }
  const disk = new LocalDisk(config.backupDir)
  const store = localStore({ directory: config.backupDir, disk, ...context, now: () => clock.now() })
  const offsite = makeOffsite(config.stores, context)
  const scratch = scratchDirectory(config.scratchDir, presence)
  const kinds = await loadKinds(SOURCE_KINDS, {
    scratchDir: scratch.directory,
    limits: config.childLimits,
    settings: config.kindSettings
  })
  const settings = new LiveSettings(config.settings, config.origins, catalog.settings, clock)
  const runner = new Runner({
    catalog,
    clock,
    events,
    maxConcurrent: config.maxConcurrentJobs,
    maxQueued: config.maxQueuedJobs
  })
  return {
    sources: new Map(config.sources.map(source => [source.name, protect(source, kinds)])),
    defaultSource: config.defaultSource,
    kinds,
    ownerOf: path => pathOwner(path, ownedPaths(config)),
    restoreDirs: config.restoreDirs,
    store,
    offsite,
    ownership: new Ownership({
      identity: { id: context.instanceId, host: hostname() },
      landing: store.name,
      copies: catalog.copies,
      storeIds: catalog.storeIds,
      clock
    }),
    signing,
    externalStores: new Map(),
    locate: makeLocate(config, store, offsite, context, process.cwd()),
    codecs: makeCodecs(),
    keyring: await makeKeyring(keyMaterial(config)),
    scratch,
    isScratchOnStoreDisk: () => disk.ask(() => scratch.sharesDiskWith(config.backupDir)),
    catalog,
    settings,
    runner,
    events,
    clock,
    runCommand: hookCommands(config),
    calendar: makeCalendar(),
    scheduleJitter: config.scheduleJitterMs,
    diskReserve: config.diskReserveBytes,
    trashGrace: config.trashGraceHours * 3_600_000,
    auditRetention: config.auditRetentionDays * 86_400_000
  }
}

/** Makes no key before the first one is needed. */
export function makeSigning ({ dataDir, signing }: Pick<Config, 'dataDir' | 'signing'>): Signing {
  const read = (): KeyObject | undefined => {
    // A key that others can exchange vouches for nothing.
    const found = dataDirProblems(dataDir).length > 0 ? undefined : readManifestKey(dataDir)
    return found instanceof KeyObject ? found : undefined
  }
  return new Signing({ ...signing, read, ensure: () => ensureManifestKey({ dataDir }) })
}

/** Every key that was configured, and what the backups of each source are sealed with. */
export function keyMaterial ({ encryption, sources }: Pick<Config, 'encryption' | 'sources'>): KeyMaterial {
  return { ...encryption, sealing: new Map(sources.map(({ name, sealing }) => [name, sealing])) }
}

/** Where nothing may be restored to, unless it is the source itself. */
function ownedPaths (config: Config): OwnedPaths {
  return {
    databases: [{ path: join(config.dataDir, CATALOG_FILE), what: 'the catalog' }],
    own: [
      { path: config.backupDir, what: 'the directory of the backups' },
      { path: config.scratchDir, what: 'the scratch directory' },
      { path: config.dataDir, what: 'the data directory' },
      ...config.ownFiles.map(path => ({ path, what: 'a file that configures the service' })),
      ...config.stores.flatMap(store =>
        localPaths(store).map(({ path }) => ({ path, what: `the directory of the store "${store.name}"` }))
      )
    ],
    sources: config.sources.filter(({ name }) => name !== OWN_SOURCE).flatMap(source =>
      pathsOf(source).map(({ path }) => ({ name: source.name, location: path, noun: sourceKindOf(source).noun }))
    ),
    suffixes: SOURCE_KINDS.flatMap(({ companions }) => companions?.suffixes ?? [])
  }
}

function protect (
  { name, kind, values, policy, assertions, hooks }: SourceConfig,
  kinds: ReadonlyMap<string, LoadedKind>
): ProtectedSource {
  const found = requireKind({ kinds }, kind)
  return { source: found.source(name, values), policy, assertions, hooks, members: found.membersOf?.(values) ?? [] }
}
