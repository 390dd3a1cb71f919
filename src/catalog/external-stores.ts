import type { ExternalStoreLog, ExternalStore } from '../core/catalog/external-store.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface ExternalStoreRow {
  readonly name: string
  readonly url: string
  readonly since: string
}

/** `places` in SQLite. */
export class SqliteExternalStoreLog implements ExternalStoreLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  list (): Promise<readonly ExternalStore[]> {
    return this.#connection.read(() => this.#statements.list.all().map(toExternalStore))
  }

  remember ({ name, url, since }: ExternalStore, taken: readonly string[]): Promise<ExternalStore> {
    return this.#connection.write(() => {
      const known = this.#statements.byUrl.get(url)
      if (known !== undefined) return toExternalStore(known)
      const names = new Set([...taken, ...this.#statements.names.all()])
      let free = name
      for (let number = 2; names.has(free); number++) free = `${name}-${number}`
      this.#statements.add.run(free, url, since.toISOString())
      return { name: free, url, since }
    })
  }

  handOver (name: string, to: string): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.rename.run(to, name)
      this.#statements.clear.run(name)
      this.#statements.forget.run(name)
    })
  }
}

function prepare ({ database }: Connection) {
  return {
    list: database.prepare<[], ExternalStoreRow>('SELECT name, url, since FROM places ORDER BY name'),
    byUrl: database.prepare<[string], ExternalStoreRow>('SELECT name, url, since FROM places WHERE url = ?'),
    names: database.prepare<[], string>('SELECT name FROM places UNION SELECT DISTINCT store FROM copies').pluck(),
    add: database.prepare('INSERT INTO places (name, url, since) VALUES (?, ?, ?)'),
    // What the store knows of a copy itself is newer than what was found there once.
    rename: database.prepare('UPDATE OR IGNORE copies SET store = ? WHERE store = ?'),
    clear: database.prepare('DELETE FROM copies WHERE store = ?'),
    forget: database.prepare('DELETE FROM places WHERE name = ?')
  }
}

function toExternalStore ({ since, ...row }: ExternalStoreRow): ExternalStore {
  return { ...row, since: toDate(since) }
}
