import type { RunResult } from 'better-sqlite3'
import type { CopyCounts, CopyLog, CopyStatus, CopyTask, StoredCopy, WaitingCopies } from '../core/copy.ts'
import { BackupError, type ErrorCode } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { fromJson, toDate } from './json.ts'

interface TaskRow {
  readonly backup_id: number
  readonly source: string
  readonly store_key: string
  readonly status: CopyStatus
  readonly attempts: number
  readonly next_attempt_at: string | null
}

interface WaitingRow {
  readonly source: string
  readonly store: string
  readonly count: number
  readonly since: string
  /** JSON: code and message of the last failure. */
  readonly failure: string | null
}

/** `copies` in SQLite. */
export class SqliteCopyLog implements CopyLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  promise (backupId: number, copies: Parameters<CopyLog['promise']>[1], at: Date): Promise<void> {
    return this.#connection.write(() => {
      for (const { store, location } of copies) this.#statements.promise.run({ backupId, store, location, at: at.toISOString() })
    })
  }

  work (store: string): Promise<readonly CopyTask[]> {
    return this.#connection.read(() => this.#statements.work.all(store).map(toTask))
  }

  task (store: string, backupId: number): Promise<CopyTask | undefined> {
    return this.#connection.read(() => {
      const row = this.#statements.task.get(store, backupId)
      return row === undefined ? undefined : toTask(row)
    })
  }

  begin (backupId: number, store: string): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.begin.run(backupId, store))
  }

  stored (backupId: number, store: string, { size, location, at }: Parameters<CopyLog['stored']>[2]): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.stored.run({ backupId, store, size, location, at: at.toISOString() }))
  }

  fail (backupId: number, store: string, { code, message, at, nextAttemptAt }: Parameters<CopyLog['fail']>[2]): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.fail.run({ backupId, store, code, message, at: at.toISOString(), next: nextAttemptAt?.toISOString() ?? null }))
  }

  again (backupId: number, store: string): Promise<void> {
    return this.#connection.write(() => { this.#statements.again.run(backupId, store) })
  }

  missing (backupId: number, store: string, reason: string, at: Date): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.missing.run({ backupId, store, reason, at: at.toISOString() }))
  }

  retire (backupId: number, store: string): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.retire.run(backupId, store))
  }

  drop (backupId: number, store: string): Promise<void> {
    return this.#connection.write(() => { this.#statements.drop.run(backupId, store) })
  }

  manifestChanged (backupId: number, except: readonly string[]): Promise<void> {
    return this.#connection.write(() => { this.#statements.manifestChanged.run(backupId, JSON.stringify(except)) })
  }

  manifestStored (backupId: number, store: string): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.manifestStored.run(backupId, store))
  }

  held (store: string): Promise<readonly StoredCopy[]> {
    return this.#connection.read(() => this.#statements.held.all(store))
  }

  newest (store: string, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<readonly StoredCopy[]> {
    return this.#connection.read(() => this.#statements.newest.all(store, before, limit))
  }

  waiting (): Promise<readonly WaitingCopies[]> {
    return this.#connection.read(() => this.#statements.waiting.all().map(toWaiting))
  }

  counts (): Promise<readonly CopyCounts[]> {
    return this.#connection.read(() => this.#statements.counts.all())
  }

  interrupt (isHeld: (backupId: number, store: string) => boolean): Promise<void> {
    return this.#connection.write(() => {
      for (const { backup_id: id, store } of this.#statements.uploading.all()) if (!isHeld(id, store)) this.#statements.interrupt.run(id, store)
    })
  }

  #change (backupId: number, store: string, work: () => RunResult): Promise<void> {
    return this.#connection.write(() => {
      if (work().changes === 0) throw new BackupError('BACKUP_NOT_FOUND', `backup ${backupId} has no copy in the store "${store}"`)
    })
  }
}

/** Something of the copy is still to be uploaded. */
const WANTED = "copies.status IN ('pending', 'uploading', 'failed', 'missing')"
/** A copy of a backup of this installation. */
const IS_OWN = 'backup_id NOT IN (SELECT backup_id FROM foreign_backups)'
const HELD = `
  SELECT backup_id AS backupId, source, store_key AS key, size_bytes AS size FROM copies JOIN backup_log ON id = backup_id
  WHERE store = ? AND copies.status = 'stored' AND deleted_at IS NULL AND ${IS_OWN}`
/** What is to be done in a store. */
const TASKS = `
  SELECT backup_id, source, store_key, copies.status, attempts, next_attempt_at FROM copies JOIN backup_log ON id = backup_id
  WHERE store = ? AND ${IS_OWN} AND (copies.status = 'removing' OR (place = 'present' AND (copies.status <> 'stored' OR manifest_due = 1)))`

function prepare ({ database }: Connection) {
  return {
    promise: database.prepare(`
      INSERT INTO copies (backup_id, store, location, status, waiting_since) VALUES (@backupId, @store, @location, 'pending', @at)
      ON CONFLICT DO UPDATE SET status = 'pending', attempts = 0, waiting_since = @at, next_attempt_at = NULL WHERE status = 'removing'`),
    task: database.prepare<[string, number], TaskRow>(`${TASKS} AND backup_id = ?`),
    work: database.prepare<[string], TaskRow>(`${TASKS} ORDER BY copies.status = 'removing', copies.status = 'stored', backup_id DESC`),
    begin: database.prepare("UPDATE copies SET status = 'uploading', attempts = attempts + 1 WHERE backup_id = ? AND store = ?"),
    stored: database.prepare(`
      UPDATE copies SET status = iif((SELECT deleted_at FROM backup_log WHERE id = @backupId) IS NULL AND status <> 'removing', 'stored', 'removing'), location = @location,
        size_bytes = @size, uploaded_at = @at, attempts = 0, error = NULL, error_code = NULL, waiting_since = NULL, next_attempt_at = NULL, manifest_due = 0
      WHERE backup_id = @backupId AND store = @store`),
    fail: database.prepare(`
      UPDATE copies SET status = iif(status = 'removing', status, 'failed'), error_code = @code, error = @message, waiting_since = coalesce(waiting_since, @at), next_attempt_at = @next,
        attempts = attempts + (status = 'removing')
      WHERE backup_id = @backupId AND store = @store`),
    again: database.prepare("UPDATE copies SET status = 'pending', error = NULL, error_code = NULL, next_attempt_at = NULL WHERE backup_id = ? AND store = ? AND status = 'failed'"),
    missing: database.prepare(`
      UPDATE copies SET status = 'missing', error_code = 'OBJECT_NOT_FOUND', error = @reason, size_bytes = NULL, waiting_since = @at, next_attempt_at = NULL
      WHERE backup_id = @backupId AND store = @store AND status = 'stored'`),
    retire: database.prepare("UPDATE copies SET status = 'removing', attempts = 0, error = NULL, error_code = NULL, next_attempt_at = NULL, manifest_due = 0 WHERE backup_id = ? AND store = ?"),
    drop: database.prepare('DELETE FROM copies WHERE backup_id = ? AND store = ?'),
    manifestChanged: database.prepare("UPDATE copies SET manifest_due = 1 WHERE backup_id = ? AND status = 'stored' AND store NOT IN (SELECT value FROM json_each(?))"),
    manifestStored: database.prepare('UPDATE copies SET manifest_due = 0 WHERE backup_id = ? AND store = ?'),
    held: database.prepare<[string], StoredCopy>(HELD),
    newest: database.prepare<[string, number, number], StoredCopy>(`${HELD} AND backup_id < ? ORDER BY backup_id DESC LIMIT ?`),
    waiting: database.prepare<[], WaitingRow>(`
      SELECT source, store, count(*) AS count, min(waiting_since) AS since,
        (SELECT json_array(c.error_code, c.error) FROM copies AS c JOIN backup_log AS b ON b.id = c.backup_id
          WHERE c.store = copies.store AND b.source = backup_log.source AND c.error IS NOT NULL AND c.status IN ('failed', 'missing', 'uploading') ORDER BY c.next_attempt_at DESC LIMIT 1) AS failure
      FROM copies JOIN backup_log ON id = backup_id WHERE ${WANTED} AND place = 'present' AND ${IS_OWN} GROUP BY source, store ORDER BY source, store`),
    counts: database.prepare<[], CopyCounts>(`
      SELECT store, count(*) FILTER (WHERE copies.status = 'stored') AS stored, coalesce(sum(size_bytes) FILTER (WHERE copies.status = 'stored'), 0) AS bytes,
        count(*) FILTER (WHERE ${WANTED} AND place = 'present') AS waiting
      FROM copies JOIN backup_log ON id = backup_id WHERE ${IS_OWN} GROUP BY store ORDER BY store`),
    uploading: database.prepare<[], { backup_id: number, store: string }>("SELECT backup_id, store FROM copies WHERE status = 'uploading'"),
    interrupt: database.prepare("UPDATE copies SET status = 'pending' WHERE backup_id = ? AND store = ?")
  }
}

function toTask (row: TaskRow): CopyTask {
  return { backupId: row.backup_id, source: row.source, key: row.store_key, status: row.status, attempts: row.attempts, nextAttemptAt: toDate(row.next_attempt_at) }
}

function toWaiting ({ since, failure, ...row }: WaitingRow): WaitingCopies {
  const [code, message] = failure === null ? [] : fromJson<[ErrorCode, string]>(failure, 'the failure of a copy')
  return { ...row, since: toDate(since), failure: code === undefined || message === undefined ? null : { code, message } }
}
