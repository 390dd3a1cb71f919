import type { Statement } from 'better-sqlite3'
import type {
  AuditEntry,
  AuditLog,
  AuditOrigin,
  AuditOutcome,
  AuditQuery,
  NewAuditEntry
} from '../core/catalog/audit.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface AuditRow {
  readonly id: number
  readonly at: string
  readonly origin: AuditOrigin
  readonly actor: string | null
  readonly role: string | null
  readonly address: string | null
  readonly action: string
  readonly target: string | null
  readonly outcome: AuditOutcome
  readonly code: ErrorCode | null
  readonly request_id: string | null
  readonly times: number
}

type Filter = Readonly<Record<string, string | number>>

/** `audit` in SQLite; its triggers refuse every change, and every removal but that of the purge. */
export class SqliteAuditLog implements AuditLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  record ({ times = 1, ...entry }: NewAuditEntry): Promise<AuditEntry> {
    // No answer from memory shows it, and a caller that is refused again and again makes none of them stale.
    return this.#connection.writeAside(() => {
      const { lastInsertRowid } = this.#statements.add.run({ ...entry, at: entry.at.toISOString(), times })
      return { ...entry, times, id: Number(lastInsertRowid) }
    })
  }

  list ({ limit, before = Number.MAX_SAFE_INTEGER, actor, action, outcome, since }: AuditQuery): Promise<
    { readonly entries: readonly AuditEntry[], readonly next: number | null }
  > {
    return this.#connection.read(() => {
      const filter = Object.fromEntries(
        Object.entries({ actor, action, outcome, since: since?.toISOString() }).filter(([, value]) =>
          value !== undefined
        )
      ) as Filter
      const rows = this.#statements.list(Object.keys(filter)).all({ ...filter, before, limit: limit + 1 })
      const entries = rows.slice(0, limit).map(toEntry)
      return { entries, next: rows.length > limit ? entries.at(-1)?.id ?? null : null }
    })
  }

  purge (before: Date): Promise<number> {
    return this.#connection.write(() => {
      const bound = before.toISOString()
      // Nothing is written where there is nothing to forget: it is asked every minute.
      if (this.#statements.older.get(bound) === undefined) return 0
      this.#statements.allow.run(bound)
      const { changes } = this.#statements.purge.run(bound)
      this.#statements.allow.run('')
      return changes
    })
  }
}

function toEntry ({ request_id: requestId, at, ...row }: AuditRow): AuditEntry {
  return { ...row, at: toDate(at), requestId }
}

function prepare ({ database }: Connection) {
  const lists = new Map<string, Statement<[Filter], AuditRow>>()
  return {
    add: database.prepare(`
      INSERT INTO audit (at, origin, actor, role, address, action, target, outcome, code, request_id, times)
      VALUES (@at, @origin, @actor, @role, @address, @action, @target, @outcome, @code, @requestId, @times)`),
    /** One statement for each set of filters, so that each finds its index. */
    list (filters: readonly string[]): Statement<[Filter], AuditRow> {
      const where = [
        'id < @before',
        ...filters.map(filter => filter === 'since' ? 'at >= @since' : `${filter} = @${filter}`)
      ].join(' AND ')
      const known = lists.get(where) ??
        database.prepare<[Filter], AuditRow>(`SELECT * FROM audit WHERE ${where} ORDER BY id DESC LIMIT @limit`)
      lists.set(where, known)
      return known
    },
    older: database.prepare<[string], unknown>('SELECT 1 FROM audit WHERE at < ? LIMIT 1'),
    allow: database.prepare('UPDATE audit_purge SET before = ?'),
    purge: database.prepare('DELETE FROM audit WHERE at < ?')
  }
}
