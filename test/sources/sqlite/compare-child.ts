import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { sourceOf, take } from './support.ts'

/**
 * Prints, for each database in the arguments, what SQLite reads in it and what a snapshot of it holds, for a test that
 * runs it as another user.
 */
const compared: Array<{ readonly sqlite: string, readonly image: string }> = []
for (const path of process.argv.slice(2)) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-compare-'))
  try {
    // First: what a plain connection as root reads, it also puts in order.
    const image = await take(sourceOf(path, directory), directory).then(
      taken => contentOf(taken.path),
      (error: unknown) => codeOf(error)
    )
    compared.push({ sqlite: contentOf(path), image })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
process.stdout.write(JSON.stringify(compared))

function contentOf (file: string): string {
  let db: Database.Database | undefined
  try {
    db = new Database(file, { readonly: true })
    const { rows, sum } = db.prepare<[], { readonly rows: number, readonly sum: number }>(
      'SELECT count(*) AS rows, sum(n) AS sum FROM t'
    ).get()!
    return `${rows} rows, sum ${sum}, ${String(db.pragma('integrity_check', { simple: true }))}`
  } catch (error) {
    return codeOf(error)
  } finally {
    db?.close()
  }
}

function codeOf (error: unknown): string {
  return (error as { code?: string }).code ?? 'unknown'
}
