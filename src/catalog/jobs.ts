import type { Statement } from 'better-sqlite3'
import type { JobChange, JobLog, NewJob } from '../core/catalog.ts'
import { BackupError, type ErrorCode } from '../core/errors.ts'
import { isFinished, type Job, type JobKind, type JobPhase, type JobStatus } from '../core/job.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface JobRow {
  readonly id: number
  readonly kind: JobKind
  readonly source: string | null
  readonly backup_id: number | null
  readonly status: JobStatus
  readonly phase: JobPhase
  readonly bytes_done: number
  readonly bytes_total: number | null
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly error_code: ErrorCode | null
  readonly error_message: string | null
}

interface Range {
  readonly limit: number
  readonly before: number
  readonly status: JobStatus | undefined
}

/** `jobs` in SQLite. `change` rejects with `JOB_FINISHED` once a job has ended, and never leads back to `queued`. */
export class SqliteJobLog implements JobLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  add (job: NewJob): Promise<Job> {
    return this.#connection.write(() => {
      const { lastInsertRowid } = this.#statements.add.run({ ...job, createdAt: job.createdAt.toISOString() })
      return this.#job(Number(lastInsertRowid))
    })
  }

  change (id: number, change: JobChange): Promise<Job> {
    return this.#connection.write(() => {
      const before = this.#job(id)
      if (isFinished(before)) throw new BackupError('JOB_FINISHED', `job ${id} has ${before.status} already`)
      if (before.status === 'running' && change.status === 'queued') throw new BackupError('CATALOG_FAILED', `job ${id} is running already`)
      this.#statements.change.run({
        id,
        status: change.status,
        at: change.at.toISOString(),
        phase: change.progress.phase,
        bytesDone: change.progress.bytesDone,
        bytesTotal: change.progress.bytesTotal,
        backupId: change.backupId,
        errorCode: change.errorCode ?? null,
        errorMessage: change.errorMessage ?? null
      })
      return this.#job(id)
    })
  }

  get (id: number): Promise<Job> {
    return this.#connection.read(() => this.#job(id))
  }

  list ({ limit, before = Number.MAX_SAFE_INTEGER, status }: Parameters<JobLog['list']>[0]): Promise<{ readonly jobs: readonly Job[], readonly next: number | null }> {
    return this.#connection.read(() => {
      const select = status === undefined ? this.#statements.list : this.#statements.listOfStatus
      const rows = select.all({ limit: limit + 1, before, status })
      const jobs = rows.slice(0, limit).map(toJob)
      const last = jobs.at(-1)
      return { jobs, next: last !== undefined && rows.length > limit ? last.id : null }
    })
  }

  interrupt (at: Date): Promise<number> {
    return this.#connection.write(() => this.#statements.interrupt.run(at.toISOString()).changes)
  }

  purge (before: Date): Promise<number> {
    return this.#connection.write(() => this.#statements.purge.run(before.toISOString()).changes)
  }

  #job (id: number): Job {
    const row = this.#statements.get.get(id)
    if (row === undefined) throw new BackupError('JOB_NOT_FOUND', `there is no job ${id}`)
    return toJob(row)
  }
}

function toJob (row: JobRow): Job {
  return {
    id: row.id,
    kind: row.kind,
    source: row.source,
    backupId: row.backup_id,
    status: row.status,
    progress: { phase: row.phase, bytesDone: row.bytes_done, bytesTotal: row.bytes_total },
    createdAt: toDate(row.created_at),
    startedAt: toDate(row.started_at),
    finishedAt: toDate(row.finished_at),
    errorCode: row.error_code,
    errorMessage: row.error_message
  }
}

function prepare ({ database }: Connection) {
  const select = (rest: string): Statement<[Range], JobRow> => database.prepare<[Range], JobRow>(`SELECT * FROM jobs WHERE id < @before ${rest} ORDER BY id DESC LIMIT @limit`)
  return {
    get: database.prepare<[number], JobRow>('SELECT * FROM jobs WHERE id = ?'),
    list: select(''),
    listOfStatus: select('AND status = @status'),
    add: database.prepare(`
      INSERT INTO jobs (kind, source, backup_id, status, phase, created_at)
      VALUES (@kind, @source, @backupId, 'queued', 'waiting', @createdAt)`),
    change: database.prepare(`
      UPDATE jobs SET status = @status, phase = @phase, bytes_done = @bytesDone, bytes_total = @bytesTotal, backup_id = @backupId,
        error_code = @errorCode, error_message = @errorMessage,
        started_at = CASE WHEN @status = 'running' THEN coalesce(started_at, @at) ELSE started_at END,
        finished_at = CASE WHEN @status IN ('queued', 'running') THEN NULL ELSE @at END
      WHERE id = @id`),
    interrupt: database.prepare(`
      UPDATE jobs SET status = 'failed', finished_at = ?, error_code = 'INTERRUPTED', error_message = 'the service ended while the work was under way'
      WHERE status IN ('queued', 'running')`),
    purge: database.prepare('DELETE FROM jobs WHERE finished_at < ?')
  }
}
