import type { HookLog, PendingHooks } from '../core/hooks.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface HookRow {
  readonly source: string
  readonly job_id: number
  readonly started_at: string
  readonly error: string | null
}

/** `pending_hooks` in SQLite. */
export class SqliteHookLog implements HookLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  begin (source: string, jobId: number, at: Date): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.begin.run(source, jobId, at.toISOString())
    })
  }

  end (source: string): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.end.run(source)
    })
  }

  fail (source: string, error: string): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.fail.run(error, source)
    })
  }

  pending (): Promise<readonly PendingHooks[]> {
    return this.#connection.read(() =>
      this.#statements.pending.all().map(row => ({
        source: row.source,
        jobId: row.job_id,
        startedAt: toDate(row.started_at),
        error: row.error
      }))
    )
  }
}

function prepare ({ database }: Connection) {
  return {
    begin: database.prepare<[string, number, string]>(
      'INSERT OR REPLACE INTO pending_hooks (source, job_id, started_at, error) VALUES (?, ?, ?, NULL)'
    ),
    end: database.prepare<[string]>('DELETE FROM pending_hooks WHERE source = ?'),
    fail: database.prepare<[string, string]>('UPDATE pending_hooks SET error = ? WHERE source = ?'),
    pending: database.prepare<[], HookRow>('SELECT * FROM pending_hooks ORDER BY source')
  }
}
