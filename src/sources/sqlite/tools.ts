import type { KindContext, KindTools } from '../../core/ports/source-kind.ts'
import { sqliteAssessor } from './assess.ts'
import { sqliteRestorer } from './restore.ts'
import { sqliteRows } from './rows/rows.ts'
import { sqliteInspector, sqliteSource } from './sqlite-source.ts'

/** The values of a SQLite source's own fields. */
export interface SqliteValues {
  /** Absolute. */
  readonly path: string
  /** Milliseconds to wait for a lock. */
  readonly busyTimeoutMs: number
}

/** What reads, proves and restores SQLite databases, all of it in child processes. */
export function sqliteTools ({ scratchDir, limits }: KindContext): KindTools {
  return {
    source (name, values) {
      const { path, busyTimeoutMs } = values as unknown as SqliteValues
      return sqliteSource({ name, path, busyTimeout: busyTimeoutMs, scratchDir, limits })
    },
    inspector: sqliteInspector(limits),
    restorer: sqliteRestorer(scratchDir, limits),
    assessor: sqliteAssessor(undefined, limits),
    rows: sqliteRows(scratchDir, limits)
  }
}
