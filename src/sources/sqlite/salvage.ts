import { openDamaged, type DamagedFile } from './damaged-file.ts'
import { DamagedTrees, type FoundRow } from './damaged-tree.ts'
import type { Value } from './record.ts'
import { SalvagedDatabase, type Definition } from './salvaged-database.ts'
import type { Salvage } from './salvage-protocol.ts'

const SCHEMA_ROOT = 1
const SEQUENCE = 'sqlite_sequence'

export interface Salvaged extends Pick<Salvage, 'lost' | 'lostTable' | 'damagedPages' | 'problems'> {
  /** Every table that the damaged file defines, where its definitions can be read. */
  readonly tableNames: ReadonlySet<string>
}

/**
 * Makes the new database `fresh` of every row that can be read in the damaged one, page by page, without SQLite: where
 * it stops at the first damage, this goes on behind it. Both files are this process's own. What SQLite says about the
 * content becomes a problem or a lost row; what it throws for another reason, such as a full disk, is thrown.
 */
export function salvageInto (fresh: string, path: string): Salvaged {
  const file = openDamaged(path)
  const trees = new DamagedTrees(file)
  const definitions = [...trees.rows(SCHEMA_ROOT, 'table')].flatMap(row => definitionOf(row, file) ?? [])
  const into = new SalvagedDatabase(fresh, file, new Set(definitions.map(({ name }) => name)))
  const tables = definitions.filter(({ type, name }) => type === 'table' && !name.startsWith('sqlite_'))
  const [real, virtual] = [tables.filter(({ root }) => root !== 0), tables.filter(({ root }) => root === 0)]
  try {
    let hasWithoutRowid = definitions.length === 0
    for (const definition of real) hasWithoutRowid = refill(into, trees, definition) || hasWithoutRowid
    // An index is made anew from its table: what is wrong with the old one does not matter.
    const { damagedPages } = trees
    for (const definition of definitions.filter(({ root }) => root !== 0)) {
      if (!real.includes(definition)) readInternal(into, trees, definition)
    }
    for (const row of trees.orphans(hasWithoutRowid)) into.addLost(0, row)
    // An index or a trigger before its time would only slow the filling down, or change what is filled in.
    for (const definition of definitions.filter(({ type, sql }) => type !== 'table' && sql !== '')) {
      into.define(definition)
    }
    for (const definition of virtual) into.name(definition)
    into.finish()
    return {
      tableNames: new Set(tables.map(({ name }) => name)),
      lost: into.lost,
      lostTable: into.lostTable,
      damagedPages,
      problems: into.problems
    }
  } finally {
    into.close()
    file.close()
  }
}

/** Whether the table is one WITHOUT ROWID, whose rows lie in pages of an index. */
function refill (into: SalvagedDatabase, trees: DamagedTrees, definition: Definition): boolean {
  const { name, root } = definition
  const table = into.define(definition) ? into.table(name) : undefined
  const kind = table === undefined ? trees.kindOf(root) : table.isWithoutRowid ? 'index' : 'table'
  for (const row of trees.rows(root, kind)) {
    if (table === undefined) into.addLost(root, row)
    else into.add(table, root, row)
  }
  return kind === 'index'
}

/**
 * Indexes, and tables of SQLite's own: they are made anew, but their pages must be known as theirs. Of
 * `sqlite_sequence` the rows count.
 */
function readInternal (into: SalvagedDatabase, trees: DamagedTrees, { name, root }: Definition): void {
  for (const row of trees.rows(root, trees.kindOf(root))) if (name === SEQUENCE) into.replaceSequence(row)
}

function definitionOf ({ values, isWhole }: FoundRow, { encoding }: DamagedFile): Definition | undefined {
  const decoder = new TextDecoder(encoding)
  const text = (value: Value): string =>
    typeof value === 'object' && value !== null && 'text' in value ? decoder.decode(value.text) : ''
  const [type, name, , root, sql] = values
  if (!isWhole || text(name) === '') return undefined
  return { type: text(type), name: text(name), root: Number(typeof root === 'bigint' ? root : 0), sql: text(sql) }
}
