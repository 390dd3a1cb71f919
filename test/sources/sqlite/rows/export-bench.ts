import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { ExportedTable, ExportRequest } from '../../../../src/core/ports/export.ts'
import { sqliteExport } from '../../../../src/sources/sqlite/rows/export.ts'
import { sqliteSource } from '../../../../src/sources/sqlite/sqlite-source.ts'
import type { ChildLimits } from '../../../../src/sources/subprocess.ts'
import { restorableOf } from '../../../support/sources/images.ts'
import { never } from '../../../support/streams.ts'
import { tempDir } from '../../../support/temp-dir.ts'

export interface Exported extends ExportedTable {
  readonly bytes: Buffer
}

export interface ExportBench {
  readonly home: string
  readonly path: string
  /** The database itself, for what it contains. */
  readonly db: Database.Database
  fromBackup(table: string, request?: Partial<ExportRequest>): Promise<Exported>
  fromSource(table: string, request?: Partial<ExportRequest>): Promise<Exported>
}

/** A database with the schema, as a backup and as a source. */
export function exportBench (t: TestContext, schema: string, limits?: ChildLimits): ExportBench {
  const home = tempDir(t)
  const path = join(home, 'books.db')
  const db = new Database(path)
  t.after(() => db.close())
  db.exec(schema)
  const tool = sqliteExport(home, limits)
  const collected =
    async (work: (write: (bytes: Buffer) => Promise<void>) => Promise<ExportedTable>): Promise<Exported> => {
      const chunks: Buffer[] = []
      const exported = await work(async bytes => {
        chunks.push(bytes)
      })
      return { ...exported, bytes: Buffer.concat(chunks) }
    }
  return {
    home,
    path,
    db,
    fromBackup: (table, request) =>
      collected(write => tool.fromBackup(restorableOf(path), { table, format: 'csv', ...request }, write, never)),
    fromSource: (table, request) =>
      collected(write =>
        tool.fromSource(
          sqliteSource({ name: 'books', path, busyTimeout: 1000, scratchDir: home }),
          { table, format: 'csv', ...request },
          write,
          never
        )
      )
  }
}
