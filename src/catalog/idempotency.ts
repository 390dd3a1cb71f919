import type { IdempotencyStore, StoredAnswer } from '../core/catalog/catalog.ts'
import type { Connection } from './connection.ts'
import { fromJson } from './json.ts'

interface AnswerRow {
  readonly fingerprint: string
  readonly status: number
  readonly headers: string
  readonly body: string
}

/** `idempotency_keys` in SQLite. A later answer takes the place of an earlier one of the same scope and key. */
export class SqliteIdempotency implements IdempotencyStore {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  find (
    scope: string,
    key: string,
    since: Date
  ): Promise<{ readonly fingerprint: string, readonly answer: StoredAnswer } | undefined> {
    return this.#connection.read(() => {
      const row = this.#statements.find.get(scope, key, since.toISOString())
      if (row === undefined) return undefined
      const { fingerprint, status, headers, body } = row
      return {
        fingerprint,
        answer: { status, headers: fromJson<Record<string, string>>(headers, `the headers kept for "${key}"`), body }
      }
    })
  }

  save (scope: string, key: string, fingerprint: string, answer: StoredAnswer, at: Date): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.save.run(
        scope,
        key,
        fingerprint,
        answer.status,
        JSON.stringify(answer.headers),
        answer.body,
        at.toISOString()
      )
    })
  }

  purge (before: Date): Promise<number> {
    return this.#connection.write(() => this.#statements.purge.run(before.toISOString()).changes)
  }
}

function prepare ({ database }: Connection) {
  return {
    find: database.prepare<[string, string, string], AnswerRow>(
      'SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE scope = ? AND key = ? AND created_at >= ?'
    ),
    save: database.prepare('INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?, ?, ?, ?)'),
    purge: database.prepare('DELETE FROM idempotency_keys WHERE created_at < ?')
  }
}
