import type { RunResult } from 'better-sqlite3'
import type { CopyCounts, CopyLog, CopyStatus, CopyTask, StoredCopy, WaitingCopies } from '../core/backup/copy.ts'
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
}

interface FailureRow {
  readonly source: string
  readonly store: string
  /** JSON: code and message of the last failure. */
  readonly failure: string
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
      for (const { store, location } of copies) {
        this.#statements.promise.run({ backupId, store, location, at: at.toISOString() })
      }
    })
  }

  work (store: string): Promise<readonly CopyTask[]> {
    return this.#connection.read(() => this.#statements.work.all({ store }).map(toTask))
  }

  task (store: string, backupId: number): Promise<CopyTask | undefined> {
    return this.#connection.read(() => {
      const row = this.#statements.task.get({ store, backupId })
      return row === undefined ? undefined : toTask(row)
    })
  }

  begin (backupId: number, store: string): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.begin.run(backupId, store))
  }

  stored (backupId: number, store: string, { size, location, at }: Parameters<CopyLog['stored']>[2]): Promise<void> {
    return this.#change(
      backupId,
      store,
      () => this.#statements.store.run({ backupId, store, size, location, at: at.toISOString() })
    )
  }

  fail (
    backupId: number,
    store: string,
    { code, message, at, nextAttemptAt }: Parameters<CopyLog['fail']>[2]
  ): Promise<void> {
    return this.#change(
      backupId,
      store,
      () =>
        this.#statements.fail.run({
          backupId,
          store,
          code,
          message,
          at: at.toISOString(),
          next: nextAttemptAt?.toISOString() ?? null
        })
    )
  }

  requeue (backupId: number, store: string): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.requeue.run(backupId, store)
    })
  }

  missing (backupId: number, store: string, reason: string, at: Date): Promise<void> {
    return this.#change(
      backupId,
      store,
      () => this.#statements.missing.run({ backupId, store, reason, at: at.toISOString() })
    )
  }

  retire (backupId: number, store: string): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.retire.run(backupId, store))
  }

  drop (backupId: number, store: string): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.drop.run(backupId, store)
    })
  }

  manifestChanged (backupId: number, except: readonly string[]): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.manifestChanged.run(backupId, JSON.stringify(except))
    })
  }

  manifestStored (backupId: number, store: string): Promise<void> {
    return this.#change(backupId, store, () => this.#statements.manifestStored.run(backupId, store))
  }

  held (store: string): Promise<readonly StoredCopy[]> {
    return this.#connection.read(() => this.#statements.held.all(store).map(toStored))
  }

  newest (store: string, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<readonly StoredCopy[]> {
    return this.#connection.read(() => this.#statements.newest.all(store, before, limit).map(toStored))
  }

  waiting (): Promise<readonly WaitingCopies[]> {
    return this.#connection.read(() => {
      const failures = new Map(
        this.#statements.failures.all().map(({ source, store, failure }) => [JSON.stringify([source, store]), failure])
      )
      return this.#statements.waiting.all().map(row =>
        toWaiting(row, failures.get(JSON.stringify([row.source, row.store])))
      )
    })
  }

  counts (): Promise<readonly CopyCounts[]> {
    return this.#connection.read(() => {
      const waiting = new Map(this.#statements.waitingOf.all().map(({ store, waiting }) => [store, waiting]))
      const stored = new Map(this.#statements.stored.all().map(one => [one.store, one]))
      const stores = new Set([...stored.keys(), ...waiting.keys()])
      return [...stores].toSorted().map(store => ({
        store,
        stored: stored.get(store)?.stored ?? 0,
        bytes: stored.get(store)?.bytes ?? 0,
        waiting: waiting.get(store) ?? 0
      }))
    })
  }

  interrupt (isHeld: (backupId: number, store: string) => boolean): Promise<void> {
    return this.#connection.write(() => {
      for (const { backup_id: id, store } of this.#statements.uploading.all()) {
        if (!isHeld(id, store)) this.#statements.interrupt.run(id, store)
      }
    })
  }

  #change (backupId: number, store: string, work: () => RunResult): Promise<void> {
    return this.#connection.write(() => {
      if (work().changes === 0) {
        throw new BackupError('BACKUP_NOT_FOUND', `backup ${backupId} has no copy in the store "${store}"`)
      }
    })
  }
}

/** Something of the copy is still to be uploaded. */
const WANTED = "copies.status IN ('pending', 'uploading', 'failed', 'missing')"
/** A copy of a backup of this installation. */
const IS_OWN = 'backup_id NOT IN (SELECT backup_id FROM foreign_backups)'
/** Every such copy of a backup that is there: as many steps as there are of these. */
const WAITING =
  `FROM copies INDEXED BY copies_wanted CROSS JOIN backup_log ON id = backup_id WHERE ${WANTED} AND place = 'present' AND ${IS_OWN}`
/** What `copy_counts` counts of others. Few rows, mostly none. */
const FOREIGN =
  "FROM foreign_backups CROSS JOIN copies ON copies.backup_id = foreign_backups.backup_id WHERE copies.store = counts.store AND copies.status = 'stored'"
const HELD = `
  SELECT backup_id AS backupId, source, store_key AS key, size_bytes AS size, parts FROM copies JOIN backup_log ON id = backup_id
  WHERE store = ? AND copies.status = 'stored' AND deleted_at IS NULL AND ${IS_OWN}`
/** What is to be done in a store, `where` more is asked of it. Two indexes find it, however many copies are stored. */
function tasks (where = ''): string {
  const select = (index: string): string => `
    SELECT backup_id, source, store_key, copies.status AS status, attempts, next_attempt_at FROM copies ${index} CROSS JOIN backup_log ON id = backup_id
    WHERE store = @store AND ${IS_OWN} ${where}`
  return `
    ${
    select('INDEXED BY copies_of_store')
  } AND copies.status IN ('removing', 'pending', 'uploading', 'failed', 'missing') AND (copies.status = 'removing' OR place = 'present')
    UNION ALL ${
    select('INDEXED BY copies_manifest_due')
  } AND manifest_due = 1 AND copies.status = 'stored' AND place = 'present'`
}

type StoredRow = Omit<StoredCopy, 'parts'> & { readonly parts: string }

function toStored (row: StoredRow): StoredCopy {
  return { ...row, parts: row.parts === '[]' ? [] : fromJson(row.parts, `the parts of backup ${row.backupId}`) }
}

function prepare ({ database }: Connection) {
  return {
    promise: database.prepare(`
      INSERT INTO copies (backup_id, store, location, status, waiting_since) VALUES (@backupId, @store, @location, 'pending', @at)
      ON CONFLICT DO UPDATE SET status = 'pending', attempts = 0, waiting_since = @at, next_attempt_at = NULL WHERE status = 'removing'`),
    task: database.prepare<[{ store: string, backupId: number }], TaskRow>(tasks('AND backup_id = @backupId')),
    work: database.prepare<[{ store: string }], TaskRow>(
      `SELECT * FROM (${tasks()}) ORDER BY status = 'removing', status = 'stored', backup_id DESC`
    ),
    begin: database.prepare(
      "UPDATE copies SET status = 'uploading', attempts = attempts + 1 WHERE backup_id = ? AND store = ?"
    ),
    store: database.prepare(`
      UPDATE copies SET status = iif((SELECT deleted_at FROM backup_log WHERE id = @backupId) IS NULL AND status <> 'removing', 'stored', 'removing'), location = @location,
        size_bytes = @size, uploaded_at = @at, attempts = 0, error = NULL, error_code = NULL, waiting_since = NULL, next_attempt_at = NULL, manifest_due = 0
      WHERE backup_id = @backupId AND store = @store`),
    fail: database.prepare(`
      UPDATE copies SET status = iif(status = 'removing', status, 'failed'), error_code = @code, error = @message, waiting_since = coalesce(waiting_since, @at), next_attempt_at = @next,
        attempts = attempts + (status = 'removing')
      WHERE backup_id = @backupId AND store = @store`),
    requeue: database.prepare(
      "UPDATE copies SET status = 'pending', error = NULL, error_code = NULL, next_attempt_at = NULL WHERE backup_id = ? AND store = ? AND status = 'failed'"
    ),
    missing: database.prepare(`
      UPDATE copies SET status = 'missing', error_code = 'OBJECT_NOT_FOUND', error = @reason, size_bytes = NULL, waiting_since = @at, next_attempt_at = NULL
      WHERE backup_id = @backupId AND store = @store AND status = 'stored'`),
    retire: database.prepare(
      "UPDATE copies SET status = 'removing', attempts = 0, error = NULL, error_code = NULL, next_attempt_at = NULL, manifest_due = 0 WHERE backup_id = ? AND store = ?"
    ),
    drop: database.prepare('DELETE FROM copies WHERE backup_id = ? AND store = ?'),
    manifestChanged: database.prepare(
      "UPDATE copies SET manifest_due = 1 WHERE backup_id = ? AND status = 'stored' AND store NOT IN (SELECT value FROM json_each(?))"
    ),
    manifestStored: database.prepare('UPDATE copies SET manifest_due = 0 WHERE backup_id = ? AND store = ?'),
    held: database.prepare<[string], StoredRow>(HELD),
    newest: database.prepare<[string, number, number], StoredRow>(
      `${HELD} AND backup_id < ? ORDER BY backup_id DESC LIMIT ?`
    ),
    waiting: database.prepare<[], WaitingRow>(
      `SELECT source, store, count(*) AS count, min(waiting_since) AS since ${WAITING} GROUP BY source, store ORDER BY source, store`
    ),
    // Beside max() the other columns are those of its row.
    failures: database.prepare<[], FailureRow>(`
      SELECT source, store, json_array(copies.error_code, error) AS failure, max(next_attempt_at) ${WAITING} AND error IS NOT NULL AND copies.status IN ('failed', 'missing', 'uploading')
      GROUP BY source, store`),
    waitingOf: database.prepare<[], Pick<CopyCounts, 'store' | 'waiting'>>(
      `SELECT store, count(*) AS waiting ${WAITING} GROUP BY store`
    ),
    stored: database.prepare<[], Omit<CopyCounts, 'waiting'>>(`
      SELECT store, stored - (SELECT count(*) ${FOREIGN}) AS stored, bytes - (SELECT coalesce(sum(size_bytes), 0) ${FOREIGN}) AS bytes FROM copy_counts AS counts`),
    uploading: database.prepare<[], { backup_id: number, store: string }>(
      "SELECT backup_id, store FROM copies WHERE status = 'uploading'"
    ),
    interrupt: database.prepare("UPDATE copies SET status = 'pending' WHERE backup_id = ? AND store = ?")
  }
}

function toTask (row: TaskRow): CopyTask {
  return {
    backupId: row.backup_id,
    source: row.source,
    key: row.store_key,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: toDate(row.next_attempt_at)
  }
}

function toWaiting ({ since, ...row }: WaitingRow, failure: string | undefined): WaitingCopies {
  const [code, message] = failure === undefined ? [] : fromJson<[ErrorCode, string]>(failure, 'the failure of a copy')
  return {
    ...row,
    since: toDate(since),
    failure: code === undefined || message === undefined ? null : { code, message }
  }
}
