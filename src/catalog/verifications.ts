import type { Database } from 'better-sqlite3'
import type { VerificationRecord } from '../core/catalog/catalog.ts'
import type { Check, Verification } from '../core/ports/verification.ts'
import { fromJson, toDate } from './json.ts'

export interface Verifications {
  /** Adds to the history and makes it the last one. */
  record(backupId: number, verification: Verification, at: string): void
  /** Keeps the checks with the backup, without a verification of it. */
  keepChecks(backupId: number, checks: readonly Check[]): void
  /** Newest first. */
  of(backupId: number): readonly VerificationRecord[]
}

interface Row {
  readonly id: number
  readonly checked_at: string
  readonly valid: 0 | 1
  readonly checks: string
}

/** Statements on `verifications`, prepared once; they run inside the transaction of whoever calls. */
export function verificationsIn (database: Database): Verifications {
  const insert = database.prepare(
    'INSERT INTO verifications (backup_id, checked_at, valid, checks) VALUES (?, ?, ?, ?)'
  )
  const update = database.prepare(
    'UPDATE backup_log SET verified_at = ?, verification_status = ?, verification_checks = ? WHERE id = ?'
  )
  const keep = database.prepare('UPDATE backup_log SET verification_checks = ? WHERE id = ?')
  const select = database.prepare<[number], Row>(
    'SELECT id, checked_at, valid, checks FROM verifications WHERE backup_id = ? ORDER BY id DESC'
  )
  return {
    record (backupId, verification, at) {
      const checks = JSON.stringify(verification.checks)
      insert.run(backupId, at, verification.valid ? 1 : 0, checks)
      update.run(at, verification.valid ? 'valid' : 'invalid', checks, backupId)
    },
    keepChecks (backupId, checks) {
      keep.run(JSON.stringify(checks), backupId)
    },
    of: backupId =>
      select.all(backupId).map(row => ({
        checkedAt: toDate(row.checked_at),
        verification: { valid: row.valid === 1, checks: fromJson<Check[]>(row.checks, `verification ${row.id}`) }
      }))
  }
}
