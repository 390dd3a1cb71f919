import type { Statement } from 'better-sqlite3'
import type { JobChange, JobLog, NewJob } from '../core/catalog/catalog.ts'
import type { Lease } from '../core/catalog/lease.ts'
import { BackupError, type ErrorCode } from '../core/errors.ts'
import { isFinished, type Job, type JobLogEntry, type JobKind, type JobPhase, type JobStatus } from '../core/job.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'
import type { Leases } from './leases.ts'

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
  readonly #leases: Leases
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection, leases: Leases) {
    this.#connection = connection
    this.#leases = leases
    this.#statements = prepare(connection)
  }

  add ({ leases, ...job }: NewJob): Promise<{ readonly job: Job } | { readonly lease: Lease }> {
    return this.#connection.write(() => {
      const lease = this.#leases.inTheWay(leases)
      if (lease !== undefined) return { lease }
      const id = Number(
        this.#statements.add.run({ ...job, createdAt: job.createdAt.toISOString(), instance: this.#leases.own })
          .lastInsertRowid
      )
      this.#leases.put(leases, id)
      return { job: this.#job(id) }
    })
  }

  change (id: number, change: JobChange): Promise<Job> {
    return this.#connection.write(() => {
      const before = this.#job(id)
      if (isFinished(before)) throw new BackupError('JOB_FINISHED', `job ${id} has already ${before.status}`)
      if (before.status === 'running' && change.status === 'queued') {
        throw new BackupError('CATALOG_FAILED', `job ${id} is already running`)
      }
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
      const after = this.#job(id)
      if (isFinished(after)) this.#leases.dropOfJob(id)
      return after
    })
  }

  get (id: number): Promise<Job> {
    return this.#connection.read(() => this.#job(id))
  }

  addLog (id: number, { at, text }: JobLogEntry): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.addLog.run(id, at.toISOString(), text)
    })
  }

  log (id: number): Promise<readonly JobLogEntry[]> {
    return this.#connection.read(() => this.#statements.log.all(id).map(({ at, text }) => ({ at: toDate(at), text })))
  }

  list ({ limit, before = Number.MAX_SAFE_INTEGER, status }: Parameters<JobLog['list']>[0]): Promise<
    { readonly jobs: readonly Job[], readonly next: number | null }
  > {
    return this.#connection.read(() => {
      const select = status === undefined ? this.#statements.list : this.#statements.listOfStatus
      const rows = select.all({ limit: limit + 1, before, status })
      const jobs = rows.slice(0, limit).map(toJob)
      const last = jobs.at(-1)
      return { jobs, next: last !== undefined && rows.length > limit ? last.id : null }
    })
  }

  interrupt (at: Date): Promise<number> {
    return this.#connection.write(() => {
      let ended = 0
      for (const instance of this.#statements.instances.all()) {
        if (instance !== null && this.#leases.isAlive(instance)) continue
        ended += this.#statements.interrupt.run(at.toISOString(), instance).changes
        if (instance !== null) this.#leases.dropOfInstance(instance)
      }
      return ended
    })
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
  const select = (rest: string): Statement<[Range], JobRow> =>
    database.prepare<[Range], JobRow>(`SELECT * FROM jobs WHERE id < @before ${rest} ORDER BY id DESC LIMIT @limit`)
  return {
    get: database.prepare<[number], JobRow>('SELECT * FROM jobs WHERE id = ?'),
    addLog: database.prepare<[number, string, string]>('INSERT INTO job_log (job_id, at, text) VALUES (?, ?, ?)'),
    log: database.prepare<[number], { readonly at: string, readonly text: string }>(
      'SELECT at, text FROM job_log WHERE job_id = ? ORDER BY id'
    ),
    list: select(''),
    listOfStatus: select('AND status = @status'),
    add: database.prepare(`
      INSERT INTO jobs (kind, source, backup_id, status, phase, created_at, instance)
      VALUES (@kind, @source, @backupId, 'queued', 'waiting', @createdAt, @instance)`),
    change: database.prepare(`
      UPDATE jobs SET status = @status, phase = @phase, bytes_done = @bytesDone, bytes_total = @bytesTotal, backup_id = @backupId,
        error_code = @errorCode, error_message = @errorMessage,
        started_at = CASE WHEN @status = 'running' THEN coalesce(started_at, @at) ELSE started_at END,
        finished_at = CASE WHEN @status IN ('queued', 'running') THEN NULL ELSE @at END
      WHERE id = @id`),
    instances: database.prepare<[], string | null>(
      "SELECT DISTINCT instance FROM jobs WHERE status IN ('queued', 'running')"
    ).pluck(),
    interrupt: database.prepare(`
      UPDATE jobs SET status = 'failed', finished_at = ?, error_code = 'INTERRUPTED', error_message = 'the service stopped before the job finished'
      WHERE status IN ('queued', 'running') AND instance IS ?`),
    purge: database.prepare('DELETE FROM jobs WHERE finished_at < ?')
  }
}
