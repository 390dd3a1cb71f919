import type { TableFacts } from '../../core/ports/source.ts'
import type { Check } from '../../core/ports/verification.ts'
import { counted } from '../../core/counted.ts'
import { shortened } from '../../core/shortened.ts'
import { tableKey } from './table-name.ts'

/** Rows by `tableKey`. */
export interface Counts {
  readonly rows: ReadonlyMap<string, number>
  /** Tables whose names could not be decoded. */
  readonly unreadable: number
}

/** Of tables with wrong counts, so many are named. */
const NAMED = 5
/** Characters of a name in a reason. */
const NAME_LENGTH = 200

/**
 * Compares the numbers of rows with those of the manifest. A table whose number is null in the manifest is left out,
 * and so are tables that the manifest does not have: those of extensions.
 */
export function compareCounts (expected: readonly TableFacts[], { rows, unreadable }: Counts): Omit<Check, 'name'> {
  const wrong = expected.filter(({ name, rows: count }) => {
    const found = rows.get(tableKey(name) ?? '')
    // A table whose rows were left out by choice has no data at all.
    return count !== null && (found ?? 0) !== count && !(found === undefined && unreadable > 0)
  })
  if (wrong.length > 0) {
    const named = wrong.slice(0, NAMED).map(({ name, rows: count }) =>
      `"${shortened(name, NAME_LENGTH)}" has ${rows.get(tableKey(name) ?? '') ?? 'no'} rows instead of ${count ?? 0}`
    )
    const others = wrong.length - named.length
    return {
      status: 'fail',
      reason: [...named, ...others === 0 ? [] : [`and ${counted(others, 'other table')}`]].join('; ')
    }
  }
  const total = expected.reduce((sum, table) => sum + (table.rows ?? 0), 0)
  return { status: 'pass', reason: `${counted(expected.length, 'table')}, ${counted(total, 'row')}` }
}
