import { BackupError } from '../../core/errors.ts'
import type { SnapshotFacts } from '../../core/ports/source.ts'
import type { ChosenObjects } from '../../core/restore/restore.ts'
import { nameParts } from './database-name.ts'

/** A table, without quotes. */
export interface TableName {
  readonly schema: string
  readonly name: string
}

/** Tables that are named in an error. */
const MOST_NAMED = 10

/**
 * The tables that were chosen, of those in the backup: by their names, with their schema if several schemas have one of
 * that name; and all of the chosen schemas. Throws `TABLE_NOT_FOUND`.
 */
export function chosenTables (
  { tables }: Pick<SnapshotFacts, 'tables'>,
  { tables: names, schemas }: ChosenObjects
): readonly TableName[] {
  const known = tables.map(({ name }): TableName => {
    const [schema = '', table = ''] = nameParts(name)
    return { schema, name: table }
  })
  const chosen = new Set<TableName>()
  for (const name of names) for (const table of matching(known, name)) chosen.add(table)
  for (const schema of schemas) {
    const [plain = ''] = nameParts(schema)
    const inside = known.filter(table => table.schema === plain || table.schema === schema)
    if (inside.length === 0) throw notFound(`the backup has no table in a schema "${schema}"`, known)
    for (const table of inside) chosen.add(table)
  }
  return known.filter(table => chosen.has(table))
}

function matching (known: readonly TableName[], name: string): readonly TableName[] {
  const parts = nameParts(name)
  const [first = '', second] = parts
  const found = parts.length > 2
    ? []
    : known.filter(table =>
      second === undefined ? table.name === first : table.schema === first && table.name === second
    )
  if (found.length === 1) return found
  if (found.length === 0) throw notFound(`the backup has no table "${name}"`, known)
  const list = found.map(({ schema }) => `"${schema}"`).join(', ')
  throw new BackupError('TABLE_NOT_FOUND', `the schemas ${list} each have a table "${name}"`, {
    hint: `Name it with its schema, such as ${found[0]?.schema}.${name}.`
  })
}

function notFound (message: string, known: readonly TableName[]): BackupError {
  const list = known.slice(0, MOST_NAMED).map(({ schema, name }) => `${schema}.${name}`).join(', ')
  const more = known.length > MOST_NAMED ? ` and ${known.length - MOST_NAMED} more` : ''
  return new BackupError('TABLE_NOT_FOUND', message, {
    hint: known.length === 0
      ? 'The backup has no tables.'
      : `It has ${list}${more}. Partitions have the rows of their table.`
  })
}
