import type Database from 'better-sqlite3'
import { BackupError } from '../../../core/errors.ts'
import type { Rescue, TableRescue } from '../../../core/restore/rows.ts'
import type { Choice } from './choose.ts'
import type { Fate, Pick, Why, Chosen } from './walk.ts'

/**
 * Writes what is chosen, in the transaction that is open. Throws `ROWS_IN_THE_WAY`, `ROWS_REFUSED`; then it is to be
 * rolled back.
 */
export function writeRows (choice: Choice): void {
  requirePassable(choice)
  for (const { desk, rows } of choice.tables) {
    for (const { at, fate } of rows.values()) {
      if (fate === 'insert') desk().insert(at)
      else if (fate === 'overwrite') desk().overwrite(at)
    }
  }
}

/** Throws `ROWS_IN_THE_WAY` where something keeps all rows from being written. */
export function requirePassable ({ refused, conflicts }: Choice): void {
  if (refused) {
    throw new BackupError('ROWS_IN_THE_WAY', `rows of the live database are in the way: ${conflicts.join('; ')}`, {
      hint: 'Nothing was written; choose other rows, or another policy for conflicts.'
    })
  }
}

/**
 * What became of every row that was chosen first, and of those that came along since; of a row in both the later holds.
 */
export function tell (db: Database.Database, first: Choice, last: Choice = first): Rescue {
  const later = new Map(last.tables.map(chosen => [chosen.live.name, chosen]))
  const earlier = new Map(first.tables.map(chosen => [chosen.live.name, chosen]))
  const tables = [...new Map([...earlier, ...later]).keys()].map(name =>
    summary(db, name, earlier.get(name), later.get(name))
  )
  return {
    tables,
    conflicts: [...new Set([...first.conflicts, ...last.conflicts])],
    refused: last.refused,
    orphans: last.orphans
  }
}

function summary (
  db: Database.Database,
  table: string,
  earlier: Chosen | undefined,
  later: Chosen | undefined
): TableRescue {
  const fates: Record<Fate, number> = { insert: 0, overwrite: 0, same: 0, skip: 0 }
  const counts: Record<Why, number> = { chosen: 0, parents: 0, children: 0 }
  const count = ({ fate, why }: Pick): void => {
    fates[fate]++
    counts[why]++
  }
  for (const [id, pick] of earlier?.rows ?? []) count(later?.rows.get(id) ?? pick)
  for (const [id, pick] of later?.rows ?? []) if (earlier?.rows.has(id) !== true) count(pick)
  return {
    table,
    ...counts,
    inserted: fates.insert,
    overwritten: fates.overwrite,
    same: fates.same,
    skipped: fates.skip,
    triggers: db.prepare<[string], string>(
      "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY name"
    ).pluck().all(table)
  }
}
