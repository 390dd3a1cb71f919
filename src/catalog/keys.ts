import type { KeyConfirmation, KeyLog, NeededKey } from '../core/catalog/key.ts'
import type { Sealing } from '../core/ports/encryption.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface ConfirmationRow {
  readonly id: string
  readonly at: string
  readonly actor: string
}

/** What is known of keys, in SQLite: the confirmations in a table of their own, the rest in the manifests. */
export class SqliteKeyLog implements KeyLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  needed (): Promise<readonly NeededKey[]> {
    return this.#connection.read(() => this.#statements.needed.all())
  }

  confirmations (): Promise<readonly KeyConfirmation[]> {
    return this.#connection.read(() =>
      this.#statements.confirmations.all().map(row => ({ ...row, at: toDate(row.at) }))
    )
  }

  confirm ({ id, at, actor }: KeyConfirmation): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.confirm.run(id, at.toISOString(), actor)
    })
  }
}

function prepare ({ database }: Connection) {
  return {
    needed: database.prepare<[], { readonly id: string, readonly encryption: Sealing, readonly backups: number }>(`
      SELECT keys.value AS id, encryption, count(*) AS backups FROM backup_log, json_each(manifest, '$.keys') AS keys
      WHERE status = 'completed' AND deleted_at IS NULL AND encryption <> 'none' GROUP BY keys.value, encryption ORDER BY keys.value, encryption`),
    confirmations: database.prepare<[], ConfirmationRow>(
      'SELECT key_id AS id, confirmed_at AS at, actor FROM key_confirmations ORDER BY key_id'
    ),
    confirm: database.prepare(
      'INSERT INTO key_confirmations VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET confirmed_at = excluded.confirmed_at, actor = excluded.actor'
    )
  }
}
