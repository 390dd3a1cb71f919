import type { Database } from 'better-sqlite3'
import type { BackupEvidence, DamagedBackup, UnprovenBackup } from '../core/alert/alert.ts'
import type { VerificationStatus } from '../core/backup/backup.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Compression } from '../core/ports/codec.ts'
import { inconclusiveCheck, type Check } from '../core/ports/verification.ts'
import { IS_OWN } from './backup-row.ts'
import { fromJson, toDate } from './json.ts'

/** Among so many of the newest backups those are looked for that compare with the newest one. */
const RECENT = 30

interface FailureRow {
  readonly completed_at: string
  readonly error_code: ErrorCode
  readonly error_message: string
}

interface SizeRow {
  readonly id: number
  readonly compression: Compression
  readonly size: number
}

interface DamagedRow {
  readonly id: number
  readonly checks: string
}

interface NewestRow extends DamagedRow {
  readonly status: VerificationStatus
}

/**
 * Statements prepared once; what is returned reads within the transaction of whoever calls. Each takes a few steps in
 * an index, however many backups there are.
 */
export function evidenceIn (database: Database): (source: string) => BackupEvidence {
  const lastSuccess = database.prepare<[string], string | null>(
    "SELECT max(completed_at) FROM backup_log INDEXED BY backup_log_outcome WHERE source = ? AND status = 'completed' AND " +
      IS_OWN
  ).pluck()
  const lastFailure = database.prepare<[string], FailureRow>(`
    SELECT completed_at, error_code, error_message FROM backup_log INDEXED BY backup_log_outcome
    WHERE source = ? AND status = 'failed' AND error_code <> 'CANCELLED' AND is_import = 0 ORDER BY completed_at DESC LIMIT 1`)
  const newestGood = database.prepare<[string], string>(`
    SELECT started_at FROM backup_log INDEXED BY backup_log_span
    WHERE source = ? AND place = 'present' AND status = 'completed' AND verification_status <> 'invalid' AND ${IS_OWN} ORDER BY started_at DESC LIMIT 1`)
    .pluck()
  const newest = database.prepare<[string], NewestRow>(`
    SELECT id, verification_status AS status, verification_checks AS checks FROM backup_log INDEXED BY backup_log_span
    WHERE source = ? AND place = 'present' AND status = 'completed' AND ${IS_OWN} ORDER BY started_at DESC LIMIT 1`)
  const live = database.prepare<[string], number>(
    "SELECT coalesce(sum(backups), 0) FROM backup_counts WHERE place = 'present' AND source = ? AND status = 'completed'"
  ).pluck()
  const foreign = database.prepare<[string], number>(
    "SELECT count(*) FROM foreign_backups CROSS JOIN backup_log ON id = backup_id WHERE source = ? AND place = 'present' AND status = 'completed'"
  ).pluck()
  const damaged = database.prepare<[string], DamagedRow>(`
    SELECT id, verification_checks AS checks FROM backup_log INDEXED BY backup_log_damaged
    WHERE source = ? AND verification_status = 'invalid' AND place = 'present' AND status = 'completed' AND ${IS_OWN} ORDER BY id DESC`)
  const suspects = database.prepare<[string], { readonly id: number, readonly reasons: string }>(`
    SELECT id, suspect_reasons AS reasons FROM backup_log INDEXED BY backup_log_suspect
    WHERE source = ? AND suspect_reasons IS NOT NULL AND released_at IS NULL AND place = 'present' AND status = 'completed' AND backup_type <> 'pre-migration' AND ${IS_OWN} ORDER BY id`)
  const sizes = database.prepare<[string, number], SizeRow>(`
    SELECT id, compression, file_size_bytes AS size FROM backup_log INDEXED BY backup_log_span
    WHERE source = ? AND place = 'present' AND status = 'completed' AND method = 'full' AND ${IS_OWN} ORDER BY started_at DESC LIMIT ?`)
  return source => {
    const failure = lastFailure.get(source)
    const found = damaged.all(source).map(toDamaged)
    const recent = sizes.all(source, RECENT)
    return {
      lastSuccess: toDate(lastSuccess.get(source) ?? null),
      lastFailure: failure === undefined
        ? null
        : { at: toDate(failure.completed_at), code: failure.error_code, message: failure.error_message },
      newestGood: toDate(newestGood.get(source) ?? null),
      good: ((live.get(source) ?? 0) - (foreign.get(source) ?? 0)) - found.length,
      damaged: found,
      unproven: toUnproven(newest.get(source)),
      suspects: suspects.all(source).map(({ id, reasons }) => ({
        id,
        reasons: fromJson<string[]>(reasons, `the suspicion of backup ${id}`)
      })),
      sizes: recent.filter(({ compression }) => compression === recent[0]?.compression).map(({ id, size }) => ({
        id,
        size
      }))
    }
  }
}

function toUnproven (row: NewestRow | undefined): UnprovenBackup | null {
  if (row?.status !== 'unverified') return null
  const check = inconclusiveCheck(fromJson<Check[]>(row.checks, `the last verification of backup ${row.id}`))
  return check === undefined ? null : { id: row.id, reason: check.reason ?? check.name }
}

function toDamaged ({ id, checks }: DamagedRow): DamagedBackup {
  const failed = fromJson<Check[]>(checks, `the last verification of backup ${id}`).find(({ status }) =>
    status === 'fail'
  )
  return {
    id,
    reason: failed === undefined
      ? 'no check could be made'
      : `${failed.name} failed${failed.reason === undefined ? '' : ` (${failed.reason})`}`
  }
}
