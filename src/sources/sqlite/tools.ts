import type { ExportTool } from '../../core/ports/export.ts'
import type { KindContext, KindTools } from '../../core/ports/source-kind.ts'
import type { Importer } from '../../core/ports/source.ts'
import type { SQLITE_FIELDS } from './fields.ts'
import type { SqliteImporterOptions } from './importer.ts'
import { sqliteRehearser } from './rehearse.ts'
import { sqliteRestorer } from './restore.ts'
import type { sqliteExport } from './rows/export.ts'
import { sqliteRows } from './rows/rows.ts'
import { sqliteInspector, sqliteSource } from './sqlite-source.ts'

/** Loaded when a file is imported: every command that opens the engine loads the tools. */
function lazyImporter (options: SqliteImporterOptions): Importer {
  const load = async (): Promise<Importer> => (await import('./importer.ts')).sqliteImporter(options)
  return {
    forms: async () => await (await load()).forms(),
    prepare: async (...args) => await (await load()).prepare(...args)
  }
}

/** Loaded when rows are exported, for the same reason. */
function lazyExport (...options: Parameters<typeof sqliteExport>): ExportTool {
  const load = async (): Promise<ExportTool> => (await import('./rows/export.ts')).sqliteExport(...options)
  return {
    fromBackup: async (...args) => await (await load()).fromBackup(...args),
    fromSource: async (...args) => await (await load()).fromSource(...args)
  }
}

/** What reads, proves and restores SQLite databases, all of it in child processes. */
export function sqliteTools ({ scratchDir, limits }: Pick<KindContext, 'scratchDir' | 'limits'>): KindTools<
  typeof SQLITE_FIELDS
> {
  return {
    source: (name, { path = '', busyTimeoutMs = 0 }) => ({
      ...sqliteSource({ name, path, busyTimeout: busyTimeoutMs, scratchDir, limits }),
      importer: lazyImporter({ name, location: path, scratchDir, limits })
    }),
    inspector: sqliteInspector(limits),
    restorer: sqliteRestorer(scratchDir, limits),
    rehearser: sqliteRehearser(limits),
    rows: sqliteRows(scratchDir, limits),
    tree: null,
    query: {
      // Only references of sets need it.
      async *namedFiles (...args) {
        yield* (await import('./query.ts')).sqliteQuery(limits).namedFiles(...args)
      }
    },
    export: lazyExport(scratchDir, limits)
  }
}
