import { randomUUID } from 'node:crypto'
import type { SettingsStore } from '../core/catalog/catalog.ts'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import { settingsChangeSchema, type SettingsChange } from '../core/schedule/settings.ts'
import type { Connection } from './connection.ts'
import { fromJson } from './json.ts'

interface SettingRow {
  readonly key: string
  readonly value: string
}

const INSTANCE_ID = 'instanceId'

/**
 * `settings` in SQLite, one row a key. `load` passes over keys that this version does not know, which a newer one may
 * have left, and rejects with `CONFIG_INVALID` where a known one holds what it must not.
 */
export class SqliteSettings implements SettingsStore {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
    this.#statements = prepare(connection)
  }

  async load (): Promise<SettingsChange> {
    const rows = await this.#connection.read(() => this.#statements.all.all())
    const known = rows.filter(row => Object.hasOwn(settingsChangeSchema.shape, row.key))
    const parsed = settingsChangeSchema.safeParse(
      Object.fromEntries(known.map(row => [row.key, fromJson(row.value, `the setting "${row.key}"`)]))
    )
    if (parsed.success) return parsed.data
    const key = String(parsed.error.issues[0]?.path[0])
    throw new BackupError('CONFIG_INVALID', `the setting "${key}" in the catalog is not valid`, {
      hint:
        `Delete the row "${key}" of the table settings while the service is stopped, and set it again through the API.`,
      cause: parsed.error
    })
  }

  save (change: SettingsChange, at: Date): Promise<void> {
    return this.#connection.write(() => {
      for (const [key, value] of Object.entries(change)) {
        this.#statements.set.run(key, JSON.stringify(value), at.toISOString())
      }
    })
  }

  instanceId (preferred: string = randomUUID()): Promise<string> {
    return this.#connection.write(() => {
      this.#statements.setOnce.run(INSTANCE_ID, JSON.stringify(preferred), this.#clock.now().toISOString())
      return fromJson<string>(this.#statements.get.get(INSTANCE_ID) as string, 'the instance id')
    })
  }
}

function prepare ({ database }: Connection) {
  return {
    all: database.prepare<[], SettingRow>('SELECT key, value FROM settings'),
    get: database.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck(),
    set: database.prepare(
      'INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at'
    ),
    setOnce: database.prepare('INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  }
}
