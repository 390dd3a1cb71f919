import type { AzureStoreConfig, Config, GcsStoreConfig, S3StoreConfig, StoreConfig } from '../config/config.ts'
import { processEnvironment } from '../config/process-env.ts'
import { proxyOf } from '../config/proxy.ts'
import { formatStoreUrl, isSamePlace, parseStoreUrl, storePlace } from '../config/store-url.ts'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import type { Store } from '../core/ports/store.ts'
import type { Presence } from '../core/presence.ts'
import type { LocatedStore, OffsiteStore } from '../engine/deps.ts'
import { deferredStore, type StoreIdentity } from '../stores/lazy.ts'
import { localStore } from '../stores/local/local.ts'

/** What the stores of a process share. */
export interface StoreContext {
  readonly instanceId: string
  readonly presence: Presence
  readonly clock: Clock
}

/**
 * Makes a store of what was configured. Opens nothing, and loads the software of a cloud only when it is first needed.
 */
export function makeStore (config: StoreConfig, { instanceId, presence, clock }: StoreContext): Store {
  if (config.lacks !== undefined && config.kind !== 'local') return lackingStore(config, config.lacks)
  switch (config.kind) {
    case 's3':
      return deferredStore(
        storeIdentity(config),
        async () =>
          (await import('../stores/s3/s3.ts')).s3Store({ ...config, clock, proxy: proxyOf(processEnvironment()) })
      )
    case 'gcs':
      return deferredStore(
        storeIdentity(config),
        async () => (await import('../stores/gcs/gcs.ts')).gcsStore({ ...config, clock })
      )
    case 'azure':
      return deferredStore(
        storeIdentity(config),
        async () => (await import('../stores/azure/azure.ts')).azureStore({ ...config, clock })
      )
    case 'local':
      return localStore({ name: config.name, directory: config.path, instanceId, presence, now: () => clock.now() })
  }
}

/**
 * Stands for a store whose secrets only the server has. Other credentials that this machine may have are never tried in
 * their place.
 */
function lackingStore (config: S3StoreConfig | GcsStoreConfig | AzureStoreConfig, lacks: readonly string[]): Store {
  return deferredStore(storeIdentity(config), async () => {
    throw new BackupError(
      'SECRET_MISSING',
      `the server has ${lacks.join(', ')} for the store "${config.name}", and this command does not`,
      { hint: `Give ${lacks.join(' and ')} here, too; best as files for both, such as by ${lacks[0] ?? ''}_FILE.` }
    )
  })
}

/** Every store that is configured, by its name. */
export function makeOffsite (stores: readonly StoreConfig[], context: StoreContext): ReadonlyMap<string, OffsiteStore> {
  return new Map(stores.map(config => {
    const { name, retention, maxBackups, isAppendOnly, bandwidth } = config
    return [name, {
      store: makeStore(config, context),
      retention,
      maxBackups,
      isAppendOnly,
      hasLock: config.kind === 's3' && config.lock !== null,
      bandwidth
    }]
  }))
}

/** See `EngineDeps.locate`: `landing` and `offsite` are the stores that are known already. */
export function makeLocate (
  { backupDir, stores, storeDefaults }: Config,
  landing: Store,
  offsite: ReadonlyMap<string, OffsiteStore>,
  context: StoreContext,
  cwd: string
): (url: string) => LocatedStore {
  return url => {
    const located = parseStoreUrl(url, storeDefaults, cwd)
    const isLanding = located.kind === 'local' && isSamePlace(located, { ...located, path: backupDir })
    const configured = stores.find(store => isSamePlace(store, located))
    return {
      kind: located.name,
      url: formatStoreUrl(located),
      known: isLanding ? landing : configured && offsite.get(configured.name)?.store,
      make: async name => makeStore({ ...located, name }, context)
    }
  }
}

/** The same as the store itself says, once it is made. */
function storeIdentity (config: S3StoreConfig | GcsStoreConfig | AzureStoreConfig): StoreIdentity {
  const place = storePlace(config)
  return { name: config.name, kind: config.kind, place, location: key => place + key, canThaw: config.kind !== 'gcs' }
}
