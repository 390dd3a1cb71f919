import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openCatalog } from '../catalog/index.ts'
import type { Config } from '../config/config.ts'
import { CATALOG_FILE } from '../config/sources.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import { EventBus } from '../core/event.ts'
import type { Presence } from '../core/presence.ts'
import { statIfThere } from '../files/access.ts'
import { makeEngine } from '../engine/make-engine.ts'
import { loadExternalStores } from '../engine/recovery/external-stores.ts'
import { catalogOptions } from './catalog-options.ts'
import type { OpenedEngine } from './open-engine.ts'
import { makeDeps, makeSigning } from './wiring.ts'

/** The engine over the catalog alone. */
export type Reader = Pick<OpenedEngine, 'engine' | 'deps' | 'events'> & { readonly close: () => Promise<void> }

/**
 * Opens the engine for commands that only show what the catalog knows; a server and other commands may run at the same
 * time. Makes no directory, no secret and no catalog, opens no store and puts nothing right. Throws `CATALOG_MISSING`,
 * otherwise as `openCatalog` does; `CATALOG_CORRUPT` leaves the catalog where it is.
 */
export async function openReader (config: Config, clock: Clock = systemClock): Promise<Reader> {
  requireCatalog(config)
  // It takes no leases; what another process has, it is taken to have still.
  const presence: Presence = { id: 'reader', isAlive: () => true }
  const signing = makeSigning(config)
  const catalog = await openCatalog(
    join(config.dataDir, CATALOG_FILE),
    catalogOptions({ signing, presence, clock })
  )
  try {
    const events = new EventBus(() => {})
    const instanceId = await catalog.settings.instanceId()
    const deps = await makeDeps(config, { catalog, signing, presence, clock, events, instanceId })
    await deps.settings.load()
    await loadExternalStores(deps)
    return { engine: makeEngine(deps), deps, events, close: () => catalog.close() }
  } catch (error) {
    await catalog.close()
    throw error
  }
}

/** Throws `CATALOG_MISSING` where DATA_DIR has no catalog. */
export function requireCatalog ({ dataDir }: Pick<Config, 'dataDir'>): void {
  if (!hasCatalog(dataDir)) throw catalogMissing(dataDir)
}

/**
 * Rejects with `CATALOG_MISSING` if DATA_DIR has no catalog and there is no BACKUP_DIR from which to rebuild a lost
 * one.
 */
export async function requireCatalogOrBackups (config: Pick<Config, 'dataDir' | 'backupDir'>): Promise<void> {
  const { dataDir, backupDir } = config
  if (!hasCatalog(dataDir) && await statIfThere(backupDir) === undefined) throw catalogMissing(dataDir)
}

function hasCatalog (dataDir: string): boolean {
  return existsSync(join(dataDir, CATALOG_FILE))
}

function catalogMissing (dataDir: string): BackupError {
  return new BackupError('CATALOG_MISSING', `there is no catalog in "${dataDir}"`, {
    hint:
      'Set the DATA_DIR of the server with --data-dir, or its configuration with --config. "holdfast backup" creates a new catalog; if the catalog is lost, "holdfast rebuild" builds a new one.'
  })
}
