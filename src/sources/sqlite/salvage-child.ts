import { statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { systemCode } from '../../core/errors.ts'
import { runChild } from '../child.ts'
import { sourceError } from './errors.ts'
import { countRows, countViolations, quoteName } from './facts.ts'
import { openImmutable, openShared } from './open.ts'
import type { SalvageMessage, SalvageTask, Salvage } from './salvage-protocol.ts'
import { salvageInto } from './salvage.ts'

/** Findings of an integrity check that are told; the first ones tell enough. */
const FINDINGS = 5
const JOURNALS = { '-wal': 'write-ahead log', '-journal': 'rollback journal' } as const

await runChild<SalvageTask, SalvageMessage>(async ({ copy, fresh }, send) => {
  try {
    const settled = settle(copy)
    const readable = countReadable(copy)
    const { tableNames, problems, ...salvage } = salvageInto(fresh, copy)
    await send({
      type: 'salvage',
      salvage: { ...salvage, ...describe(fresh, tableNames, readable), problems: [...settled, ...problems] }
    })
  } catch (error) {
    throw sourceError(error, copy)
  }
})

/** Lets SQLite bring home what a journal or a write-ahead log holds, as far as it can. Returns what could not be. */
function settle (copy: string): string[] {
  unlessDamaged(() => {
    const db = openShared(copy, { readonly: false, busyTimeout: 0 })
    unlessDamaged(() => db.prepare('SELECT count(*) FROM sqlite_schema').get())
    db.close()
  })
  const left = Object.entries(JOURNALS).filter(([suffix]) =>
    (statSync(copy + suffix, { throwIfNoEntry: false })?.size ?? 0) > 0
  )
  return left.map(([, name]) => `the content of the ${name} could not be read`)
}

/**
 * What SQLite can still count. Each index of a table knows as well how many rows it has, as long as it is whole itself.
 */
function countReadable (copy: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const db = unlessDamaged(() => openImmutable(copy))
  if (db === undefined) return counts
  const names =
    unlessDamaged(() =>
      db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'").pluck()
        .all()
    ) ?? []
  for (const name of names) {
    const found = waysToCount(db, name).flatMap(sql =>
      unlessDamaged(() => db.prepare<[], number>(sql).pluck().get()) ?? []
    )
    if (found.length > 0) counts.set(name, Math.max(...found))
  }
  db.close()
  return counts
}

function waysToCount (db: Database.Database, table: string): string[] {
  const indexes = unlessDamaged(() =>
    db.prepare<[string], { readonly name: string, readonly column: string }>(`
    SELECT list.name, info.name AS column FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS info
    WHERE NOT list.partial AND info.seqno = 0 AND info.name IS NOT NULL`).all(table)
  ) ?? []
  const all = `SELECT count(*) FROM ${quoteName(table)}`
  // A condition that always holds: without one SQLite counts in the tree that it likes best.
  return [
    `${all} NOT INDEXED`,
    ...indexes.map(({ name, column }) =>
      `${all} INDEXED BY ${quoteName(name)} WHERE ${quoteName(column)} IS NULL OR ${quoteName(column)} IS NOT NULL`
    )
  ]
}

/** Looks at the new database as at any image, and says of each table what the damaged file still tells of it. */
function describe (
  fresh: string,
  made: ReadonlySet<string>,
  readable: ReadonlyMap<string, number>
): Pick<Salvage, 'tables' | 'integrity' | 'foreignKeyViolations'> {
  const db = openImmutable(fresh)
  const rows = new Map(countRows(db).map(table => [table.name, table.rows]))
  const findings = (db.pragma(`integrity_check(${FINDINGS})`) as Array<{ integrity_check: string }>).map(row =>
    row.integrity_check
  ).filter(text => text !== 'ok')
  const foreignKeyViolations = countViolations(db)
  db.close()
  const names = [...new Set([...made, ...readable.keys()])].toSorted()
  return {
    tables: names.map(name => ({ name, rows: rows.get(name) ?? null, readable: readable.get(name) ?? null })),
    integrity: findings.slice(0, FINDINGS),
    foreignKeyViolations
  }
}

/** What SQLite throws about the content is no error here. */
function unlessDamaged<T> (read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (systemCode(error)?.startsWith('SQLITE_') !== true) throw error
    return undefined
  }
}
