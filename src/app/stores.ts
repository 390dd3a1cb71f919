import type { Config, StoreConfig } from '../config/config.ts'
import { processEnvironment } from '../config/process-env.ts'
import { proxyOf } from '../config/proxy.ts'
import { isSamePlace, localPaths, storePlace } from '../config/store-places.ts'
import { formatStoreUrl, parseStoreUrl } from '../config/store-url.ts'
import { BackupError } from '../core/errors.ts'
import type { StoreContext } from '../core/ports/store-kind.ts'
import type { Store } from '../core/ports/store.ts'
import type { LocatedStore, OffsiteStore } from '../engine/deps.ts'
import { realPathSync } from '../files/real-path.ts'
import { storeKindOf } from '../stores/index.ts'
import { deferredStore, type StoreIdentity } from '../stores/lazy.ts'

/** What the stores of a process share, but for what the environment says. */
export type Shared = Omit<StoreContext, 'proxy'>

/**
 * Makes a store of what was configured. Opens nothing, and loads the software of a kind only when it is first needed.
 */
export function makeStore (config: StoreConfig, shared: Shared): Store {
  if (config.lacks !== undefined) return lackingStore(config, config.lacks)
  const context = { ...shared, proxy: () => proxyOf(processEnvironment()) }
  return deferredStore(storeIdentity(config), () => storeKindOf(config).make(config.name, config.values, context))
}

/**
 * Stands for a store whose secrets only the server has. Other credentials that this machine may have are never tried in
 * their place.
 */
function lackingStore (config: StoreConfig, lacks: readonly string[]): Store {
  return deferredStore(storeIdentity(config), async () => {
    throw new BackupError(
      'SECRET_MISSING',
      `the server has ${lacks.join(', ')} for the store "${config.name}", and this command does not`,
      {
        hint: `Set ${lacks.join(' and ')} for the command too, preferably as files for both, such as with ${
          lacks[0] ?? ''
        }_FILE.`
      }
    )
  })
}

/** Every store that is configured, by its name. */
export function makeOffsite (stores: readonly StoreConfig[], shared: Shared): ReadonlyMap<string, OffsiteStore> {
  return new Map(stores.map(config => {
    const { name, retention, maxBackups, isAppendOnly, bandwidth } = config
    return [name, {
      store: makeStore(config, shared),
      retention,
      maxBackups,
      isAppendOnly,
      hasLock: hasLock(config),
      bandwidth
    }]
  }))
}

function hasLock (config: StoreConfig): boolean {
  const { lockField } = storeKindOf(config)
  return lockField !== undefined && config.values[lockField] !== null
}

/** See `EngineDeps.locate`: `landing` and `offsite` are the stores that are known already. */
export function makeLocate (
  { backupDir, stores, storeDefaults }: Config,
  landing: Store,
  offsite: ReadonlyMap<string, OffsiteStore>,
  shared: Shared,
  cwd: string
): (url: string) => LocatedStore {
  return url => {
    const located = parseStoreUrl(url, storeDefaults, cwd)
    const isLanding = localPaths(located).some(({ path }) => realPathSync(path) === realPathSync(backupDir))
    const configured = stores.find(store => isSamePlace(store, located))
    return {
      kind: located.name,
      url: formatStoreUrl(located),
      known: isLanding ? landing : configured && offsite.get(configured.name)?.store,
      make: async name => makeStore({ ...located, name }, shared)
    }
  }
}

/** The same as the store itself says, once it is made. */
function storeIdentity (config: StoreConfig): StoreIdentity {
  const { canThaw, isDirectory } = storeKindOf(config)
  const place = storePlace(config)
  return { name: config.name, kind: config.kind, place, canThaw, isDirectory }
}
