import type { Database } from 'better-sqlite3'
import type { DrillReport } from '../core/restore/drill.ts'
import type { Drilled } from '../core/restore/drill-choice.ts'
import { BackupError, type ErrorCode } from '../core/errors.ts'
import type {
  DrillConclusion,
  DrillEvidence,
  NewRestore,
  Restore,
  RestoreKind,
  RestoreLog,
  RestorePage,
  RestoreQuery,
  RestoreStatus,
  RestoredMember
} from '../core/restore/restore.ts'
import type { Connection } from './connection.ts'
import { fromJson, toDate } from './json.ts'

interface RestoreRow {
  readonly id: number
  readonly kind: RestoreKind
  readonly backup_id: number
  readonly source: string
  readonly target: string
  readonly mode: Restore['mode']
  readonly status: RestoreStatus
  readonly safety_backup_id: number | null
  readonly aside: string | null
  readonly undo_started_at: string | null
  readonly undone_at: string | null
  readonly discarded_at: string | null
  readonly bytes: number | null
  readonly actor: string | null
  readonly restore_ms: number | null
  readonly started_at: string
  readonly finished_at: string | null
  readonly report: string | null
  readonly error_code: ErrorCode | null
  readonly error_message: string | null
  readonly members: string | null
}

/** The report of a restore, where it has one. */
type RestoreReport = Pick<Restore, 'warnings'>

/** A drill that failed has all of it. */
interface VerdictRow {
  readonly status: 'passed' | 'failed'
  readonly backup_id: number
  readonly finished_at: string
  readonly error_code: ErrorCode
  readonly error_message: string
}

/** `restores` in SQLite. What a row does not allow is `CATALOG_FAILED`. */
export class SqliteRestoreLog implements RestoreLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection.database)
  }

  start (restore: NewRestore): Promise<Restore> {
    return this.#connection.write(() => {
      const { lastInsertRowid } = this.#statements.start.run({
        ...restore,
        startedAt: restore.startedAt.toISOString(),
        members: restore.members === undefined ? null : JSON.stringify(restore.members)
      })
      return this.#restore(Number(lastInsertRowid))
    })
  }

  secured (id: number, safetyBackupId: number): Promise<Restore> {
    return this.#change(id, () => this.#statements.secured.run(safetyBackupId, id))
  }

  recordMembers (id: number, members: readonly RestoredMember[]): Promise<Restore> {
    return this.#change(id, () => this.#statements.recordMembers.run(JSON.stringify(members), id))
  }

  complete (id: number, { at, warnings, ...outcome }: Parameters<RestoreLog['complete']>[1]): Promise<Restore> {
    const report = warnings.length === 0 ? null : JSON.stringify({ warnings } satisfies RestoreReport)
    return this.#change(id, () => this.#statements.complete.run({ id, ...outcome, report, at: at.toISOString() }))
  }

  fail (id: number, { at, ...failure }: Parameters<RestoreLog['fail']>[1]): Promise<Restore> {
    return this.#change(id, () => this.#statements.fail.run({ id, ...failure, at: at.toISOString() }))
  }

  conclude (id: number, { at, report, ...conclusion }: DrillConclusion): Promise<Restore> {
    return this.#change(
      id,
      () =>
        this.#statements.conclude.run({
          id,
          ...conclusion,
          report: report === null ? null : JSON.stringify(report),
          at: at.toISOString()
        })
    )
  }

  drilled (source: string): Promise<readonly Drilled[]> {
    return this.#connection.read(() => this.#statements.drilled.all(source))
  }

  drillEvidence (source: string): Promise<DrillEvidence> {
    return this.#connection.read(() => {
      const verdict = this.#statements.verdict.get(source)
      return {
        lastProven: toDate(this.#statements.lastProven.get(source) ?? null),
        failed: verdict?.status === 'failed'
          ? {
            backupId: verdict.backup_id,
            at: toDate(verdict.finished_at),
            code: verdict.error_code,
            message: verdict.error_message
          }
          : null
      }
    })
  }

  get (id: number): Promise<Restore> {
    return this.#connection.read(() => this.#restore(id))
  }

  list ({ kind, source, since, until, limit, before = Number.MAX_SAFE_INTEGER }: RestoreQuery): Promise<RestorePage> {
    return this.#connection.read(() => {
      const rows = this.#statements.list.all({
        kind: kind ?? null,
        source: source ?? null,
        since: since?.toISOString() ?? null,
        until: until?.toISOString() ?? null,
        limit: limit + 1,
        before
      })
      const restores = rows.slice(0, limit).map(toRestore)
      return { restores, next: rows.length > limit ? restores.at(-1)?.id ?? null : null }
    })
  }

  running (): Promise<readonly Restore[]> {
    return this.#connection.read(() => this.#statements.running.all().map(toRestore))
  }

  beginUndo (id: number, at: Date): Promise<Restore> {
    return this.#change(id, () => this.#statements.beginUndo.run(at.toISOString(), id), 'keeps nothing')
  }

  endUndo (id: number, { isDone, at }: { readonly isDone: boolean, readonly at: Date }): Promise<Restore> {
    const end = isDone ? this.#statements.undone : this.#statements.notUndone
    return this.#change(id, () => end.run({ id, at: at.toISOString() }), 'is not being undone')
  }

  discarded (id: number, at: Date): Promise<Restore> {
    return this.#change(id, () => this.#statements.discarded.run(at.toISOString(), id), 'keeps nothing')
  }

  undoing (): Promise<readonly Restore[]> {
    return this.#connection.read(() => this.#statements.undoing.all().map(toRestore))
  }

  #change (id: number, work: () => { readonly changes: number }, refusal = 'is not running'): Promise<Restore> {
    return this.#connection.write(() => {
      if (work().changes === 0) throw new BackupError('CATALOG_FAILED', `restore ${id} ${refusal}`)
      return this.#restore(id)
    })
  }

  #restore (id: number): Restore {
    const row = this.#statements.get.get(id)
    if (row === undefined) throw new BackupError('RESTORE_NOT_FOUND', `there is no restore ${id}`)
    return toRestore(row)
  }
}

function toRestore (row: RestoreRow): Restore {
  return {
    id: row.id,
    kind: row.kind,
    backupId: row.backup_id,
    source: row.source,
    target: row.target,
    members: row.members === null
      ? []
      : fromJson<readonly RestoredMember[]>(row.members, `the members of restore ${row.id}`),
    mode: row.mode,
    status: row.status,
    safetyBackupId: row.safety_backup_id,
    aside: row.aside,
    undoStartedAt: toDate(row.undo_started_at),
    undoneAt: toDate(row.undone_at),
    discardedAt: toDate(row.discarded_at),
    bytes: row.bytes,
    actor: row.actor,
    restoreTime: row.restore_ms,
    startedAt: toDate(row.started_at),
    finishedAt: toDate(row.finished_at),
    warnings: row.kind === 'drill' || row.report === null
      ? []
      : fromJson<RestoreReport>(row.report, `the report of restore ${row.id}`).warnings,
    report: row.kind === 'restore' || row.report === null
      ? null
      : fromJson<DrillReport>(row.report, `the report of drill ${row.id}`),
    errorCode: row.error_code,
    errorMessage: row.error_message
  }
}

function prepare (database: Database) {
  return {
    get: database.prepare<[number], RestoreRow>('SELECT * FROM restores WHERE id = ?'),
    list: database.prepare<[object], RestoreRow>(`
      SELECT * FROM restores WHERE id < @before AND (@kind IS NULL OR kind = @kind)
        AND (@source IS NULL OR source = @source OR EXISTS (SELECT 1 FROM json_each(members) WHERE value ->> 'name' = @source))
        AND (@since IS NULL OR started_at >= @since) AND (@until IS NULL OR started_at < @until)
      ORDER BY id DESC LIMIT @limit`),
    running: database.prepare<[], RestoreRow>("SELECT * FROM restores WHERE status = 'running' ORDER BY id"),
    undoing: database.prepare<[], RestoreRow>(
      'SELECT * FROM restores WHERE undo_started_at IS NOT NULL AND undone_at IS NULL ORDER BY id'
    ),
    beginUndo: database.prepare(
      "UPDATE restores SET undo_started_at = ? WHERE id = ? AND status <> 'running' AND aside IS NOT NULL"
    ),
    undone: database.prepare(
      'UPDATE restores SET undone_at = @at, aside = NULL WHERE id = @id AND undo_started_at IS NOT NULL AND undone_at IS NULL'
    ),
    notUndone: database.prepare(
      'UPDATE restores SET undo_started_at = NULL WHERE id = @id AND undo_started_at <= @at AND undone_at IS NULL'
    ),
    discarded: database.prepare(
      "UPDATE restores SET discarded_at = ?, aside = NULL WHERE id = ? AND status <> 'running' AND aside IS NOT NULL"
    ),
    drilled: database.prepare<[string], Drilled>(
      "SELECT backup_id AS backupId, max(id) AS lastDrill, count(*) AS drills FROM restores WHERE source = ? AND kind = 'drill' GROUP BY backup_id"
    ),
    lastProven: database.prepare<[string], string | null>(
      "SELECT max(finished_at) FROM restores INDEXED BY restores_proven WHERE source = ? AND status IN ('passed', 'completed')"
    ).pluck(),
    verdict: database.prepare<[string], VerdictRow>(`
      SELECT restores.* FROM restores JOIN backup_log ON backup_log.id = restores.backup_id
      WHERE restores.source = ? AND restores.kind = 'drill' AND restores.status IN ('passed', 'failed') AND place = 'present'
      ORDER BY restores.id DESC LIMIT 1`),
    conclude: database.prepare(
      "UPDATE restores SET status = @status, report = @report, bytes = @bytes, restore_ms = @restoreTime, error_code = @code, error_message = @message, finished_at = @at WHERE id = @id AND kind = 'drill' AND status = 'running'"
    ),
    start: database.prepare(`
      INSERT INTO restores (kind, backup_id, source, target, mode, status, aside, actor, started_at, members)
      VALUES (@kind, @backupId, @source, @target, @mode, 'running', @aside, @actor, @startedAt, @members)`),
    recordMembers: database.prepare("UPDATE restores SET members = ? WHERE id = ? AND status = 'running'"),
    secured: database.prepare("UPDATE restores SET safety_backup_id = ? WHERE id = ? AND status = 'running'"),
    complete: database.prepare(
      "UPDATE restores SET status = 'completed', bytes = @bytes, restore_ms = @restoreTime, aside = @aside, report = @report, finished_at = @at WHERE id = @id AND status = 'running'"
    ),
    fail: database.prepare(
      "UPDATE restores SET status = 'failed', aside = @aside, error_code = @code, error_message = @message, finished_at = @at WHERE id = @id AND status = 'running'"
    )
  }
}
