import type { Statement } from 'better-sqlite3'
import {
  alertKey,
  type Alert,
  type AlertChanges,
  type AlertFinding,
  type AlertLog,
  type AlertQuery,
  type AlertRule,
  type AlertSeverity,
  type BackupEvidence
} from '../core/alert/alert.ts'
import type { Connection } from './connection.ts'
import { evidenceIn } from './evidence.ts'
import { toDate } from './json.ts'

interface AlertRow {
  readonly id: number
  readonly key: string
  readonly rule: AlertRule
  readonly source: string | null
  readonly severity: AlertSeverity
  readonly message: string
  readonly remedy: string
  readonly raised_at: string
  readonly cleared_at: string | null
}

/** `alerts` in SQLite. */
export class SqliteAlertLog implements AlertLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>
  readonly #evidence: (source: string) => BackupEvidence

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
    this.#evidence = evidenceIn(connection.database)
  }

  evidence (source: string): Promise<BackupEvidence> {
    return this.#connection.read(() => this.#evidence(source))
  }

  open (): Promise<readonly Alert[]> {
    return this.#connection.read(() => this.#statements.open.all().map(toAlert))
  }

  settle (findings: readonly AlertFinding[], at: Date): Promise<AlertChanges> {
    return this.#connection.write(() => {
      const { open, raise, clear, reword } = this.#statements
      const over = new Map(open.all().map(row => [row.key, row]))
      const raised: Alert[] = []
      for (const finding of findings) {
        const { rule, source, severity, message, remedy } = finding
        const key = alertKey(finding)
        const row = over.get(key)
        if (row === undefined) {
          raised.push(...raise.all({ key, rule, source, severity, message, remedy, at: at.toISOString() }).map(toAlert))
        } else {
          over.delete(key)
          reword.run({ id: row.id, severity, message, remedy })
        }
      }
      const cleared = [...over.values()].flatMap(({ id }) => clear.all({ id, at: at.toISOString() }).map(toAlert))
      return { raised, cleared }
    })
  }

  list ({ cleared, limit, before = Number.MAX_SAFE_INTEGER }: AlertQuery): Promise<
    { readonly alerts: readonly Alert[], readonly next: number | null }
  > {
    return this.#connection.read(() => {
      const select = cleared ? this.#statements.listCleared : this.#statements.listOpen
      const rows = select.all(before, limit + 1)
      const alerts = rows.slice(0, limit).map(toAlert)
      return { alerts, next: rows.length > limit ? alerts.at(-1)?.id ?? null : null }
    })
  }

  purge (before: Date): Promise<number> {
    return this.#connection.write(() => this.#statements.purge.run(before.toISOString()).changes)
  }
}

function toAlert (row: AlertRow): Alert {
  const { id, rule, source, severity, message, remedy } = row
  return {
    id,
    rule,
    source,
    severity,
    message,
    remedy,
    raisedAt: toDate(row.raised_at),
    clearedAt: toDate(row.cleared_at)
  }
}

function prepare ({ database }: Connection) {
  const list = (which: string): Statement<[number, number], AlertRow> =>
    database.prepare<[number, number], AlertRow>(
      `SELECT * FROM alerts WHERE ${which} AND id < ? ORDER BY id DESC LIMIT ?`
    )
  return {
    open: database.prepare<[], AlertRow>('SELECT * FROM alerts WHERE cleared_at IS NULL ORDER BY id'),
    listOpen: list('cleared_at IS NULL'),
    listCleared: list('cleared_at IS NOT NULL'),
    raise: database.prepare<[object], AlertRow>(`
      INSERT INTO alerts (key, rule, source, severity, message, remedy, raised_at)
      VALUES (@key, @rule, @source, @severity, @message, @remedy, @at) RETURNING *`),
    reword: database.prepare(
      'UPDATE alerts SET severity = @severity, message = @message, remedy = @remedy WHERE id = @id'
    ),
    clear: database.prepare<[object], AlertRow>('UPDATE alerts SET cleared_at = @at WHERE id = @id RETURNING *'),
    purge: database.prepare('DELETE FROM alerts WHERE cleared_at < ?')
  }
}
