import type { Backup } from '../../core/backup/backup.ts'
import type { Task } from '../../core/job.ts'
import type { Opener } from '../../core/ports/encryption.ts'
import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import {
  inconclusiveChecks,
  verificationMessage,
  type Check,
  type Verification
} from '../../core/ports/verification.ts'
import type { EngineDeps } from '../deps.ts'
import { checkChain } from '../artifacts/check-chain.ts'
import { quarantine } from '../artifacts/objects.ts'
import type { PutState } from './store-parts.ts'
import { verifyObject } from '../artifacts/verify-parts.ts'

/**
 * The check of the content takes more than it may: nothing is known of the backup, which is no reason to throw it away.
 */
const INCONCLUSIVE: ReadonlySet<ErrorCode> = new Set(['PROCESS_TIMED_OUT', 'PROCESS_OUT_OF_MEMORY'])

export interface VerifiedNew {
  /** null: the verification was inconclusive. */
  readonly verification: Verification | null
  /** The checks, where the verification was inconclusive. */
  readonly inconclusive: readonly Check[] | undefined
}

/**
 * Verifies what was just stored, before its manifest is. Throws what went wrong, except where the check of the content
 * takes more time or memory than it may: the verification is then inconclusive.
 */
export async function verifyNew (
  deps: EngineDeps,
  row: Backup,
  { manifest, openers, ancestors }: {
    readonly manifest: Manifest
    readonly openers: ReadonlyMap<string, Opener>
    readonly ancestors: readonly Backup[]
  },
  task: Task
): Promise<VerifiedNew> {
  const startedAt = deps.clock.now()
  const manifestCheck: Check = {
    name: 'manifest',
    status: 'skipped',
    reason: 'written last, after the verification'
  }
  try {
    const chainCheck = await checkChain(
      deps,
      manifest.link?.parent ?? null,
      await currentRows(deps, ancestors),
      task.signal
    )
    const verification = await verifyObject(deps, { key: row.key, manifest, openers, manifestCheck, chainCheck }, task)
    deps.events.emit({
      type: 'verification.finished',
      backup: row,
      verification,
      durationMs: deps.clock.now().getTime() - startedAt.getTime()
    })
    return { verification, inconclusive: undefined }
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (task.signal.aborted || !INCONCLUSIVE.has(error.code)) throw thrown
    deps.events.emit({
      type: 'operation.failed',
      operation: 'verify',
      source: row.source,
      method: row.method,
      code: error.code
    })
    return {
      verification: null,
      inconclusive: inconclusiveChecks(error, deps.kinds.get(manifest.source.kind)?.inspector.checks ?? [])
    }
  }
}

/** As they are now: one may have been found damaged while the increment was made. */
async function currentRows ({ catalog }: EngineDeps, backups: readonly Backup[]): Promise<readonly Backup[]> {
  return await Promise.all(backups.map(({ id }) => catalog.backups.get(id)))
}

/**
 * Moves a backup that failed verification to quarantine, for inspection, and records the failure. Returns the error to
 * throw.
 */
export async function setAside (
  deps: EngineDeps,
  row: Backup,
  manifest: Manifest,
  verification: Verification,
  put: PutState
): Promise<BackupError> {
  const key = await quarantine(deps, row)
  put.parts.clear()
  const isSource = verification.checks.some(({ name, status }) => name === 'integrity_check' && status === 'fail')
  const error = new BackupError(
    'VERIFICATION_FAILED',
    `the new backup failed verification${isSource ? ', because the source itself is damaged' : ''}: ${
      verificationMessage(verification)
    }`,
    {
      hint: isSource
        ? 'Restore the newest valid backup, or write the readable rows to a new file with "holdfast salvage". The file is kept in quarantine, and no older backup was removed.'
        : 'See the failed checks of the backup. The file is kept in quarantine, and no older backup was removed.'
    }
  )
  await deps.catalog.backups.fail(row.id, {
    code: error.code,
    message: error.message,
    failedAt: deps.clock.now(),
    verification,
    kept: { key, filePath: deps.store.location(key), size: manifest.object.size }
  })
  return error
}
