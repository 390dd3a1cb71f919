import type { StoreIds } from '../core/instance.ts'
import type { Connection } from './connection.ts'

/** `store_ids` in SQLite. */
export class SqliteStoreIds implements StoreIds {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  of (name: string): Promise<string | undefined> {
    return this.#connection.read(() => this.#statements.get.get(name))
  }

  remember (name: string, id: string): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.set.run(name, id)
    })
  }
}

function prepare ({ database }: Connection) {
  return {
    get: database.prepare<[string], string>('SELECT id FROM store_ids WHERE name = ?').pluck(),
    set: database.prepare('INSERT INTO store_ids VALUES (?, ?) ON CONFLICT DO UPDATE SET id = excluded.id')
  }
}
