import type { VerificationRecord } from '../../core/catalog/catalog.ts'
import type { Work } from '../../core/job.ts'
import { requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock, verifyAllLock } from '../jobs/locks.ts'
import { requireSource } from '../require-source.ts'
import { verifyAll, verifyBackup, type Verified, type VerifiedAll } from './verify.ts'

export interface VerifyAllRequest {
  /** Default: every source. */
  readonly source?: string | undefined
  /** Only backups that were begun at or after this. Default: all. */
  readonly since?: Date | undefined
}

export interface VerifyVerbs {
  /**
   * Verifies one backup and records the outcome; a damaged backup is a result. `BACKUP_NOT_COMPLETED`,
   * `BACKUP_DELETED`.
   */
  verify(id: number): Promise<Work<Verified>>
  /** Verifies one backup after the other, the oldest first. `SOURCE_NOT_FOUND`. */
  verifyAll(request: VerifyAllRequest): Promise<Work<VerifiedAll>>
  /** Every recorded verification of a backup. `BACKUP_NOT_FOUND`. */
  verifications(id: number): Promise<readonly VerificationRecord[]>
}

export function verifyVerbs (deps: EngineDeps): VerifyVerbs {
  const { runner, catalog } = deps
  return {
    async verify (id) {
      const backup = await catalog.backups.get(id)
      requireObject(backup)
      return await runner.start(
        { kind: 'verify', source: backup.source, backupId: id, locks: [backupLock(id)] },
        task => verifyBackup(deps, id, task)
      )
    },

    async verifyAll (request) {
      const source = request.source === undefined ? null : requireSource(deps, request.source).source.name
      const locks = (source === null ? [...deps.sources.keys()] : [source]).map(verifyAllLock)
      return await runner.start(
        { kind: 'verify-all', source, backupId: null, locks },
        task => verifyAll(deps, request, task)
      )
    },

    async verifications (id) {
      await catalog.backups.get(id)
      return await catalog.backups.verifications(id)
    }
  }
}
