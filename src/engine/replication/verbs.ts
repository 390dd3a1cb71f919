import type { Backup } from '../../core/backup/backup.ts'
import { requireOwn } from '../../core/instance.ts'
import type { Work } from '../../core/job.ts'
import { promisedStores, requireOwnStore, requirePromised } from '../artifacts/locations.ts'
import { requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { copyLock, uploadLock } from '../jobs/locks.ts'
import { followed } from '../jobs/work.ts'
import { evictWhenCopied } from '../retention/evict.ts'
import { copyBackup } from './copy-backup.ts'

export interface UploadRequest {
  /** Default: every store to which backups of its source are copied. */
  readonly store?: string | undefined
  /** The service itself asks for it: it waits for another upload of the same copy, in place of being refused. */
  readonly isOwn?: boolean | undefined
}

export interface ReplicationVerbs {
  /**
   * Brings the backup into the store, or into all of its source, and proves what arrived; what is there already stays.
   * A second one that is asked for meanwhile is refused; one of the service itself (`isOwn`) waits for it.
   * `STORE_NOT_FOUND`, `CHECKSUM_MISMATCH`, `OBJECT_EXISTS`, `STORE_…`.
   */
  upload(id: number, request: UploadRequest): Promise<Work<Backup>>
  /** Names of the stores to which backups of the source are copied. */
  destinations(source: string): readonly string[]
}

export function replicationVerbs (deps: EngineDeps): ReplicationVerbs {
  const { runner, catalog } = deps
  return {
    async upload (id, { store, isOwn = false }) {
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      requireOwn(backup, 'copied')
      const stores = store === undefined
        ? requirePromised(deps, backup.source)
        : [requireOwnStore(deps, backup.source, store)]
      const locks = stores.map(({ store: { name } }) => copyLock(id, name))
      // The copier may have begun already: then it is waited for, and what it has brought there is looked at.
      const uploadLocks = isOwn ? [] : stores.map(({ store: { name } }) => uploadLock(id, name))
      const work = await runner.start({
        kind: 'upload',
        source: backup.source,
        backupId: id,
        locks: uploadLocks,
        skipsQueue: true,
        isOwn
      }, async task => {
        const lock = await runner.lockWhenFree(locks, task)
        return await copyBackup(deps, id, stores, task).finally(() => lock.release())
      })
      return followed(work, async () => {
        await evictWhenCopied(deps, id)
        return await catalog.backups.get(id)
      })
    },

    destinations: source => promisedStores(deps, source).map(({ store }) => store.name)
  }
}
