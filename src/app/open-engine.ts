import { join } from 'node:path'
import {
  acquireInstanceLock,
  announce,
  openCatalog,
  setAside,
  type Announced,
  type InstanceLock,
  type OpenedCatalog
} from '../catalog/index.ts'
import type { Config } from '../config/config.ts'
import { requireSafe } from '../config/data-dir.ts'
import { keepCompiled } from '../config/compiled.ts'
import { ensureManifestKey } from '../config/manifest-key.ts'
import { ensureSecret } from '../config/generated-secret.ts'
import { CATALOG_FILE } from '../config/sources.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import { EventBus } from '../core/event.ts'
import type { Logger } from '../core/logger.ts'
import type { EngineDeps } from '../engine/deps.ts'
import type { Engine } from '../engine/engine.ts'
import { openLanding } from '../engine/replication/known-store.ts'
import { makeEngine } from '../engine/make-engine.ts'
import { rebuild } from '../engine/recovery/rebuild.ts'
import { reconcile } from '../engine/recovery/reconcile.ts'
import { loadExternalStores } from '../engine/recovery/external-stores.ts'
import { restoreNoteText } from '../core/restore/restore-note.ts'
import { leaveNote } from '../engine/replication/restore-note.ts'
import type { Signing } from '../engine/signing.ts'
import { catalogOptions } from './catalog-options.ts'
import { makeDeps, makeSigning, type Opened } from './wiring.ts'

/** Where only the server has one of these, a secret of the service's own would sign nothing. */
const SIGNING = ['JWT_SECRET', 'JWT_PUBLIC_KEY']
export interface AppOptions {
  readonly logger: Logger
  readonly clock?: Clock
  /**
   * `server`, the default: the only one of its data directory. `guest`: a command, which works beside a server and
   * other commands, and without them.
   */
  readonly role?: 'server' | 'guest'
}

/** The engine with everything under it, ready for an edge. */
export interface OpenedEngine {
  readonly engine: Engine
  readonly deps: EngineDeps
  readonly events: EventBus
  readonly sqliteVersion: string
  readonly catalog: Pick<OpenedCatalog, 'isChecked' | 'damage' | 'markDamaged'>
  /** Takes no new work, gives what runs `grace` milliseconds, cancels the rest, and closes everything. */
  readonly close: (grace: number) => Promise<void>
}

/**
 * Opens catalog, store and engine, after putting right whatever processes that are gone left undecided. Throws the
 * error of the first part that cannot be opened, `INSTANCE_RUNNING` for a second server, and leaves nothing open then.
 */
export async function openEngine (
  config: Config,
  { logger, clock = systemClock, role = 'server' }: AppOptions
): Promise<OpenedEngine> {
  requireSafe(config.dataDir)
  if (!config.lacks.some(variable => SIGNING.includes(variable))) ensureSecret(config)
  ensureManifestKey(config)
  keepCompiled(config.dataDir)
  const lock = role === 'server' ? await acquireInstanceLock(config.dataDir, clock) : undefined
  let presence: Announced | undefined
  let catalog: OpenedCatalog | undefined
  const releaseCatalog = (): void => {
    presence?.leave()
    lock?.release()
  }
  try {
    presence = await announce(config.dataDir)
    const signing = makeSigning(config)
    catalog = await openOrSetAside({ config, presence, signing, clock, logger, lock })
    return await assemble(config, { catalog, signing, presence, clock }, logger, releaseCatalog)
  } catch (error) {
    await catalog?.close()
    releaseCatalog()
    throw error
  }
}

interface Opening {
  readonly config: Config
  readonly presence: Announced
  readonly signing: Signing
  readonly clock: Clock
  readonly logger: Logger
  /** undefined: there may be a server beside this process. */
  readonly lock: InstanceLock | undefined
}

/**
 * A damaged catalog costs nothing but time: its rows come back from the manifests, and it is kept for whoever wants to
 * look into it.
 */
async function openOrSetAside ({ config, presence, signing, clock, logger, lock }: Opening): Promise<OpenedCatalog> {
  const path = join(config.dataDir, CATALOG_FILE)
  const open = (): Promise<OpenedCatalog> => openCatalog(path, catalogOptions({ signing, presence, clock }))
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'CATALOG_CORRUPT') throw error
    // Never from under a server that has it open: that one has to be started again to put it right.
    const alone = lock ?? await acquireInstanceLock(config.dataDir, clock)
    const aside = await setAside(path, clock.now()).finally(() => {
      if (lock === undefined) alone.release()
    })
    logger.error(
      { catalog: path, setAside: aside },
      'THE CATALOG IS DAMAGED: it was kept under another name, and a new one is being built from the manifests in the store; the job history, settings changed through the API and revocations of tokens are lost: if tokens were revoked, change the secret that signs them'
    )
    return await open()
  }
}

async function assemble (
  config: Config,
  opened: Omit<Opened, 'events'>,
  logger: Logger,
  releaseCatalog: () => void
): Promise<OpenedEngine> {
  const { catalog } = opened
  const signal = AbortSignal.timeout(600_000)
  const events = new EventBus(error => {
    logger.error({ err: error }, 'an event listener failed')
  })
  const deps = await makeDeps(config, { ...opened, events })
  const { store, scratch, settings, runner } = deps

  const trouble = await openLanding(deps, signal)
  if (trouble !== undefined) logger.error({ code: trouble.code }, `${trouble.message}. ${trouble.hint ?? ''}`)
  await scratch.open()
  await settings.load()
  for (const { store, error } of await loadExternalStores(deps)) {
    logger.warn(
      { store: store.name, place: store.url, code: error.code },
      `backups cannot be read from there now: ${error.message}`
    )
  }
  if (catalog.isNew && (trouble === undefined || trouble.code === 'STORE_FOREIGN')) {
    await rebuildAndTell(deps, logger, signal)
  }
  // It only tells people what to do: a store that has no room for it is told of elsewhere.
  if (trouble === undefined) {
    const text = restoreNoteText(deps.kinds.values())
    await leaveNote(store, { isAppendOnly: false, text }, signal).catch((error: unknown) => {
      logger.warn({ err: error }, 'RESTORE.txt cannot be written to the store')
    })
  }
  const reconciled = await reconcile(deps, { isLandingUsable: trouble === undefined })
  for (const backup of reconciled.failed) {
    logger.warn(
      { backupId: backup.id, source: backup.source },
      'a backup was interrupted when the service ended; it is now marked as failed'
    )
  }
  for (const backup of reconciled.completed) {
    logger.info(
      { backupId: backup.id, source: backup.source },
      'a backup was finished when the service ended; it is now recorded in the catalog'
    )
  }
  for (const restore of reconciled.restores) {
    logger.warn({ restoreId: restore.id, target: restore.target, keptFile: restore.aside }, restore.errorMessage ?? '')
  }

  return {
    engine: makeEngine(deps),
    deps,
    events,
    sqliteVersion: catalog.sqliteVersion,
    catalog,
    async close (grace) {
      await runner.stop(grace)
      await scratch.close()
      await catalog.close()
      releaseCatalog()
    }
  }
}

async function rebuildAndTell (deps: EngineDeps, logger: Logger, signal: AbortSignal): Promise<void> {
  const { adopted, stores } = await rebuild(deps, { stores: [deps.store], isListing: false }, signal)
  const foreign = stores.reduce((sum, store) => sum + store.foreign, 0)
  if (adopted > foreign) {
    logger.warn(
      { adopted: adopted - foreign },
      'the catalog is new, but the store has backups: they were imported from their manifests'
    )
  }
  if (foreign > 0) {
    logger.warn(
      { foreign },
      'the store contains backups of another installation: they are listed as foreign; if that installation no longer exists, "holdfast rebuild --take-over" makes this one the owner'
    )
  }
  for (const { key, reason } of stores.flatMap(({ refused }) => refused)) {
    logger.error({ key, reason }, 'a manifest in the store could not be imported')
  }
}
