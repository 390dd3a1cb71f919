import type Database from 'better-sqlite3'
import { BackupError } from '../../../core/errors.ts'
import type { Rescue, TableRescue } from '../../../core/restore/rows.ts'
import type { Choice } from './choose.ts'
import type { RowAction, Pick, Reason, Chosen } from './row-closure.ts'

/**
 * Writes what is chosen, in the transaction that is open. Throws `ROWS_IN_THE_WAY`, `ROWS_REFUSED`; then it is to be
 * rolled back.
 */
export function writeRows (choice: Choice): void {
  requirePassable(choice)
  for (const { session, rows } of choice.tables) {
    for (const { at, action } of rows.values()) {
      if (action === 'insert') session().insert(at)
      else if (action === 'overwrite') session().overwrite(at)
    }
  }
}

/** Throws `ROWS_IN_THE_WAY` where something keeps all rows from being written. */
export function requirePassable ({ refused, conflicts }: Choice): void {
  if (refused) {
    throw new BackupError('ROWS_IN_THE_WAY', `conflicts with rows of the live database: ${conflicts.join('; ')}`, {
      hint: 'Nothing was written. Choose other rows, or another conflict policy.'
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
  const actions: Record<RowAction, number> = { insert: 0, overwrite: 0, same: 0, skip: 0 }
  const counts: Record<Reason, number> = { chosen: 0, parents: 0, children: 0 }
  const count = ({ action, why }: Pick): void => {
    actions[action]++
    counts[why]++
  }
  for (const [id, pick] of earlier?.rows ?? []) count(later?.rows.get(id) ?? pick)
  for (const [id, pick] of later?.rows ?? []) if (earlier?.rows.has(id) !== true) count(pick)
  return {
    table,
    ...counts,
    inserted: actions.insert,
    overwritten: actions.overwrite,
    same: actions.same,
    skipped: actions.skip,
    triggers: db.prepare<[string], string>(
      "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY name"
    ).pluck().all(table)
  }
}
