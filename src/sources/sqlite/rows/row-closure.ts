import type Database from 'better-sqlite3'
import type { RescueOptions } from '../../../core/restore/rows.ts'
import { addressOf, describeRow, isAt, type Address, type CompareSession } from './compare-session.ts'
import { onKey, quote, type Reference, type Table } from './tables.ts'
import type { SqlValue } from './value.ts'

/** Rows in the way that are told; the first ones tell enough. */
const TOLD = 10

/** One table with the rows of it that are wanted back. */
export interface Chosen {
  readonly live: Table
  readonly backup: Table
  /** Made when it is first needed: what makes a table unfit matters only where rows of it are wanted. */
  readonly session: () => CompareSession
  readonly rows: Map<number | string, Pick>
  isAsked: boolean
}

/** A table that refers to another, where both databases have both. */
export interface Link {
  readonly child: Chosen
  readonly parent: Chosen
  readonly reference: Reference
}

/** Why a row comes along. */
export type Reason = 'chosen' | 'parents' | 'children'
/** What becomes of a row. */
export type RowAction = 'insert' | 'overwrite' | 'same' | 'skip'

/** One row of the backup that is wanted back. */
export interface Pick {
  /** Empty for one that is not written: of those there may be very many, and so they share what is the same. */
  readonly at: Address
  readonly why: Reason
  readonly action: RowAction
}

export function isWritten ({ action }: Pick): boolean {
  return action === 'insert' || action === 'overwrite'
}

const SETTLED = new Map(
  (['chosen', 'parents', 'children'] as const).flatMap(why =>
    (['same', 'skip'] as const).map(action => [`${why} ${action}`, { at: [], why, action }])
  )
)

/** Goes from row to row along the references, to each row once, and decides what becomes of it. */
export class RowClosure {
  readonly #db: Database.Database
  readonly #links: readonly Link[]
  readonly #request: RescueOptions
  readonly #ahead: Array<{ readonly chosen: Chosen, readonly at: Address, readonly pick: Pick }> = []
  readonly #queries = new Map<string, Database.Statement<unknown[], SqlValue[]>>()
  /** The first rows for which something is in the way, in words. */
  readonly conflicts: string[] = []
  refused = false
  orphans = 0

  constructor (db: Database.Database, links: readonly Link[], request: RescueOptions) {
    this.#db = db
    this.#links = links
    this.#request = request
  }

  /** Adds a row, and everything that comes along with it. */
  from (chosen: Chosen, at: Address, why: Reason): void {
    this.#add(chosen, at, why)
    for (let next = this.#ahead.pop(); next !== undefined; next = this.#ahead.pop()) {
      const { chosen: table, at: address, pick } = next
      for (const link of this.#links) {
        // What stays as it is needs nothing.
        if (link.child === table && isWritten(pick)) this.#toParent(link, address)
        if (this.#request.children && link.parent === table) this.#toChildren(link, address)
      }
    }
  }

  #add (chosen: Chosen, at: Address, why: Reason): Pick {
    const id = identify(at)
    const known = chosen.rows.get(id)
    if (known !== undefined) return known
    const action = this.#decide(chosen, at)
    const pick = SETTLED.get(`${why} ${action}`) ?? { at, why, action }
    chosen.rows.set(id, pick)
    this.#ahead.push({ chosen, at, pick })
    return pick
  }

  #decide ({ live, session }: Chosen, at: Address): RowAction {
    const { conflict } = this.#request
    const standing = session().standing(at)
    if (standing === 'same') return 'same'
    const rule = session().keptOutBy(at)
    if (rule !== undefined) {
      this.#tell(`${describeRow(live, at)} conflicts with another live row in ${rule}`, conflict !== 'skip')
      return 'skip'
    }
    if (standing === 'none') return 'insert'
    if (conflict === 'overwrite') return 'overwrite'
    this.#tell(`${describeRow(live, at)} exists in the live database with other values`, conflict === 'fail')
    return 'skip'
  }

  #tell (what: string, isRefused: boolean): void {
    this.refused ||= isRefused
    if (this.conflicts.length < TOLD) this.conflicts.push(what)
  }

  /**
   * A parent that is gone from the live database comes along; one that the backup has not either leaves the row an
   * orphan, as it was.
   */
  #toParent ({ child, parent, reference }: Link, at: Address): void {
    const isSet = reference.columns.map(column => `c.${quote(column)} IS NOT NULL`).join(' AND ')
    const isGone = `NOT EXISTS (SELECT 1 FROM main.${quote(parent.live.name)} p WHERE ${joined(reference, 'p')})`
    const found = this.#rows(
      `SELECT ${addressOf(parent.backup, 'b.')} FROM backup.${quote(child.backup.name)} c LEFT JOIN backup.${
        quote(parent.backup.name)
      } b ON ${joined(reference, 'b')} WHERE ${isAt('c', child.backup)} AND ${isSet} AND ${isGone}`,
      at
    )
    for (const address of found) {
      if (address.every(value => value === null)) this.orphans++
      else if (this.#add(parent, address, 'parents').action === 'skip') {
        this.#tell(
          `${describeRow(child.live, at)} needs ${describeRow(parent.live, address)}, which is not included`,
          true
        )
      }
    }
  }

  /** Children that the live database has, if with other values, are none that went with their parent. */
  #toChildren ({ child, parent, reference }: Link, at: Address): void {
    const isGone = child.session().isKeyed
      ? `NOT EXISTS (SELECT 1 FROM main.${quote(child.live.name)} n WHERE ${onKey('n', 'c', child.backup.key)})`
      : '1'
    const found = this.#rows(
      `SELECT ${addressOf(child.backup, 'c.')} FROM backup.${quote(parent.backup.name)} p JOIN backup.${
        quote(child.backup.name)
      } c ON ${joined(reference, 'p')} WHERE ${isAt('p', parent.backup)} AND ${isGone}`,
      at
    )
    for (const address of found) this.#add(child, address, 'children')
  }

  #rows (sql: string, at: Address): SqlValue[][] {
    const query = this.#queries.get(sql) ?? this.#db.prepare<unknown[], SqlValue[]>(sql).raw().safeIntegers()
    this.#queries.set(sql, query)
    return query.all(...at)
  }
}

/** Most addresses are one whole number, which takes little memory as that. */
function identify (at: Address): number | string {
  const [only] = at
  if (at.length === 1 && typeof only === 'bigint' && Number.isSafeInteger(Number(only))) return Number(only)
  return at.map(value =>
    Buffer.isBuffer(value) ? `blob ${value.toString('hex')}` : JSON.stringify([typeof value, String(value)])
  ).join()
}

/** That `c` refers to the row of `parent`. */
function joined ({ columns, parentColumns }: Reference, parent: string): string {
  return columns.map((column, at) => `${parent}.${quote(parentColumns[at] ?? '')} = c.${quote(column)}`).join(' AND ')
}
