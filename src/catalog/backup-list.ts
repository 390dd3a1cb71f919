import type { Database, Statement } from 'better-sqlite3'
import type { BackupPage, BackupQuery } from '../core/catalog/catalog.ts'
import { SELECT_BACKUP, toBackup, type BackupRow, type JudgeKey } from './backup-row.ts'

type Values = Record<string, string | number>

const FILTERS = [['source', 'source'], ['status', 'status'], ['type', 'backup_type'], ['method', 'method']] as const

/**
 * Pages of the list. How many match is read from `backup_counts`; only `since` and `store` have to count. The
 * index of a page is named in the statement: the choice of SQLite's planner would sort every match before it takes the
 * first.
 */
export class BackupList {
  readonly #database: Database
  readonly #judgeKey: JudgeKey
  readonly #prepared = new Map<string, Statement<[Values], unknown>>()

  constructor (database: Database, judgeKey: JudgeKey) {
    this.#database = database
    this.#judgeKey = judgeKey
  }

  page (query: BackupQuery): BackupPage {
    const values: Values = { place: query.trashed === true ? 'trash' : 'present' }
    const where = ['place = @place']
    for (const [name, column] of FILTERS) {
      const value = query[name]
      if (value === undefined) continue
      values[name] = value
      where.push(`${column} = @${name}`)
    }
    if (query.exceptSource !== undefined) {
      values['exceptSource'] = query.exceptSource
      where.push('source <> @exceptSource')
    }
    if (query.store !== undefined) {
      values['store'] = query.store
      where.push(
        "EXISTS (SELECT 1 FROM copies WHERE backup_id = backup_log.id AND store = @store AND copies.status = 'stored')"
      )
    }
    if (query.since !== undefined) values['since'] = query.since.toISOString()

    const count = this.#count(where, values)
    if (query.since !== undefined) where.push('started_at >= @since')
    if (query.before !== undefined) where.push('id < @before')
    // No more than there are: a scan that has found them all stops there and not at the end of the table.
    const limit = Math.min(query.limit + 1, count)
    const order = query.byTime === true ? 'started_at DESC, id DESC' : 'id DESC'
    const rows = this.#statement(
      `${SELECT_BACKUP} INDEXED BY ${indexFor(query)} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT @limit`
    )
      .all({ ...values, before: query.before ?? 0, limit }) as BackupRow[]
    const backups = rows.slice(0, query.limit).map(row => toBackup(row, this.#judgeKey))
    const last = backups.at(-1)
    const isMore = last !== undefined && rows.length > query.limit && query.byTime !== true
    return { backups, count, next: isMore ? last.id : null }
  }

  #count (where: readonly string[], values: Values): number {
    const sql = 'since' in values
      ? `SELECT count(*) AS count FROM backup_log INDEXED BY backup_log_since WHERE started_at >= @since AND ${
        where.join(' AND ')
      }`
      : 'store' in values
      ? `SELECT count(*) AS count FROM backup_log WHERE ${where.join(' AND ')}`
      : `SELECT coalesce(sum(backups), 0) AS count FROM backup_counts WHERE ${where.join(' AND ')}`
    return (this.#statement(sql).get(values) as { count: number }).count
  }

  /** The filters are few, and so are the statements they make. */
  #statement (sql: string): Statement<[Values], unknown> {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare<[Values]>(sql)
    this.#prepared.set(sql, statement)
    return statement
  }
}

/** Most backups are completed: that filter narrows nothing, every other status does. */
function indexFor (query: BackupQuery): string {
  if (query.byTime === true && query.source !== undefined) return 'backup_log_span'
  if (query.status !== undefined && query.status !== 'completed') return 'backup_log_page_of_status'
  return query.source === undefined ? 'backup_log_page' : 'backup_log_page_of_source'
}
