import { BackupError } from '../../core/errors.ts'
import type { Work } from '../../core/job.ts'
import type { EngineDeps } from '../deps.ts'
import { acceptEmpty } from './accept-empty.ts'
import { storesToRebuild, type RebuildRequest } from './external-stores.ts'
import { rebuild, type Rebuilt } from './rebuild.ts'

export interface RecoveryVerbs {
  /**
   * Enters into the catalog every backup whose manifest is in a store; what it knows stays as it is. A place given by
   * its URL is remembered, and read from afterwards. `VALIDATION_FAILED` for what names no store, `OBJECT_NOT_FOUND`
   * where nothing is there, `STORE_…`.
   */
  rebuild(request?: RebuildRequest): Promise<Work<Rebuilt>>
}

export function recoveryVerbs (deps: EngineDeps): RecoveryVerbs {
  return {
    async rebuild (request = {}) {
      // What names no store is no job.
      if (request.from !== undefined) deps.locate(request.from)
      if (request.takeOver === true && request.from !== undefined) {
        throw new BackupError('VALIDATION_FAILED', 'a store that is only read cannot be taken over', {
          hint: 'Configure it as a store first, or only read its backups.'
        })
      }
      return await deps.runner.start({ kind: 'rebuild', source: null, backupId: null, locks: [] }, async task => {
        task.phase('recording')
        if (request.acceptEmpty === true) await acceptEmpty(deps, task.signal)
        return await rebuild(deps, {
          stores: await storesToRebuild(deps, request, task.signal),
          isListing: request.isListing ?? false,
          takeOver: request.takeOver ?? false
        }, task.signal)
      })
    }
  }
}
