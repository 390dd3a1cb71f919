import { hash } from 'node:crypto'
import type { Store, StoreFeatures } from '../../core/ports/store.ts'
import { openContainer, type Container } from './container.ts'
import { getBlob } from './get.ts'
import { head } from './head.ts'
import { listBlobs } from './list.ts'
import type { AzureStoreOptions } from './options.ts'
import { putBlob } from './put.ts'
import { removeBlob } from './remove.ts'

/** One byte on its way to an object that is never made: what proves that it could be. */
const PROBE = '.holdfast-probe'

/**
 * Objects in a container of Azure Blob Storage. A key comes after the prefix. Makes no connection before it is asked
 * for something.
 */
export function azureStore (options: AzureStoreOptions): Store {
  const container = openContainer(options)
  return {
    name: options.name,
    kind: 'azure',
    place: container.place,
    open: signal => open(container, signal),
    put: (key, body, facts, signal) => putBlob(container, key, body, facts, signal),
    get: (key, range, signal) => getBlob(container, key, range, signal),
    stat: async (key, signal) => (await head(container, key, signal)).object,
    list: (prefix, signal) => listBlobs(container, prefix, signal),
    remove: (key, signal) => removeBlob(container, key, signal),
    location: key => container.place + key,
    file: async () => undefined,
    features: signal => features(container, signal),
    thaw: (key, _days, signal) => thaw(container, key, signal)
  }
}

async function open (container: Container, signal: AbortSignal): Promise<void> {
  await features(container, signal)
  const byte = Buffer.from('.')
  const id = Buffer.from('probe').toString('base64')
  await container.call(
    '',
    signal,
    options =>
      container.blob(PROBE).stageBlock(id, byte, byte.length, {
        ...options,
        transactionalContentMD5: hash('md5', byte, 'buffer')
      })
  )
}

/** Whether versions are kept is a secret of the account; only where objects can be locked they must be. */
async function features (container: Container, signal: AbortSignal): Promise<StoreFeatures> {
  const { clock } = container.options
  let asked = 0
  const found = await container.call('', signal, options => {
    asked = clock.now().getTime()
    return container.client.getProperties(options)
  })
  const objectLock = found.isImmutableStorageWithVersioningEnabled === true || found.hasImmutabilityPolicy === true
  return {
    versioning: found.isImmutableStorageWithVersioningEnabled === true ? true : null,
    objectLock,
    clockAhead: found.date === undefined ? null : found.date.getTime() - Math.floor(asked / 1_000) * 1_000
  }
}

/**
 * See `Store.thaw`. Azure brings it back for good: the number of days is not its own. What can be read, or was asked
 * for already, is left as it is.
 */
async function thaw (container: Container, key: string, signal: AbortSignal): Promise<void> {
  const { archived } = (await head(container, key, signal)).object
  if (archived === undefined || archived.isThawing) return
  await container.call(
    key,
    signal,
    options => container.blob(key).setAccessTier('Hot', { ...options, rehydratePriority: 'Standard' })
  )
}
