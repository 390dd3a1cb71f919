import type { Database } from 'better-sqlite3'
import type { Lease, LeaseLog } from '../core/catalog/lease.ts'
import type { Presence } from '../core/presence.ts'
import type { Connection } from './connection.ts'

interface LeaseRow {
  readonly name: string
  readonly instance: string
  readonly jobId: number | null
}

export type Leases = ReturnType<typeof leasesIn>

/** The table of leases, for work within a transaction. */
export function leasesIn (database: Database, presence: Presence) {
  const { id: own } = presence
  const isAlive = (id: string): boolean => presence.isAlive(id)
  const find = database.prepare<[string], LeaseRow>('SELECT name, instance, job_id AS jobId FROM leases WHERE name = ?')
  const put = database.prepare(`
    INSERT INTO leases (name, instance, job_id) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET instance = excluded.instance, job_id = excluded.job_id`)
  const drop = database.prepare('DELETE FROM leases WHERE name = ? AND instance = ?')
  const dropOfJob = database.prepare('DELETE FROM leases WHERE job_id = ?')
  const dropOfInstance = database.prepare('DELETE FROM leases WHERE instance = ?')
  const foreign = database.prepare<[string], LeaseRow>(
    'SELECT name, instance, job_id AS jobId FROM leases WHERE instance <> ? ORDER BY name'
  )
  const ownNames = database.prepare<[string], string>('SELECT name FROM leases WHERE instance = ?').pluck()

  return {
    own,
    isAlive,
    /** The first of `names` that another living process has. */
    inTheWay (names: readonly string[]): Lease | undefined {
      const row = names.map(name => find.get(name)).find(found =>
        found !== undefined && found.instance !== own && isAlive(found.instance)
      )
      return row && { name: row.name, jobId: row.jobId }
    },
    put (names: readonly string[], jobId: number | null): void {
      for (const name of names) put.run(name, own, jobId)
    },
    drop (names: readonly string[]): void {
      for (const name of names) drop.run(name, own)
    },
    dropOfJob (jobId: number): void {
      dropOfJob.run(jobId)
    },
    dropOfInstance (instance: string): void {
      dropOfInstance.run(instance)
    },
    foreign (): readonly Lease[] {
      return foreign.all(own).filter(({ instance }) => isAlive(instance)).map(({ name, jobId }) => ({ name, jobId }))
    },
    ownNames: (): readonly string[] => ownNames.all(own)
  }
}

/** `leases` in SQLite. */
export class SqliteLeaseLog implements LeaseLog {
  readonly #connection: Connection
  readonly #leases: Leases

  constructor (connection: Connection, leases: Leases) {
    this.#connection = connection
    this.#leases = leases
  }

  take (names: readonly string[], jobId: number | null): Promise<Lease | undefined> {
    return this.#connection.write(() => {
      const lease = this.#leases.inTheWay(names)
      if (lease === undefined) this.#leases.put(names, jobId)
      return lease
    })
  }

  release (names: readonly string[]): Promise<void> {
    return this.#connection.write(() => {
      this.#leases.drop(names)
    })
  }

  foreign (): Promise<readonly Lease[]> {
    return this.#connection.read(() => this.#leases.foreign())
  }

  async keepOnly (isHeld: (name: string) => boolean): Promise<void> {
    const lost = (): readonly string[] => this.#leases.ownNames().filter(name => !isHeld(name))
    if ((await this.#connection.read(lost)).length === 0) return
    // Asked once more, since what was free a moment ago may have been taken anew.
    await this.#connection.write(() => {
      this.#leases.drop(lost())
    })
  }
}
