import Database from 'better-sqlite3'
import { copyFileSync, rmSync } from 'node:fs'
import { readMoney, startWriter, TOTAL } from '../test/support/databases/money.ts'
import { database } from './databases.ts'
import { withService } from './service.ts'
import { printTable, seconds } from './table.ts'

/** Backups beside a process that commits as fast as it can: they end, they are consistent, and it is never stopped. */
export async function benchBusy (sizes: readonly number[]): Promise<void> {
  const rows: string[][] = []
  for (const size of sizes) {
    for (const journalMode of ['wal', 'delete']) {
      const path = `${database(size)}.busy`
      copyFileSync(database(size), path)
      const db = new Database(path)
      db.pragma(`journal_mode = ${journalMode}`)
      db.close()
      const ends: Array<() => void> = []
      const writer = await startWriter({
        after: end => {
          ends.push(end as () => void)
        }
      }, path)
      try {
        rows.push(
          await withService(path, async service => {
            const startedAt = performance.now()
            const { status, body } = await service.call('POST', '/api/backups', { compression: 'none' })
            const took = performance.now() - startedAt
            const report = await writer.stop()
            if (status !== 201 || body.backup.verification.status !== 'valid') throw new Error(JSON.stringify(body))
            const { sum, integrity } = readMoney(body.backup.filePath as string)
            return [
              `${size} MB, ${journalMode}`,
              seconds(took),
              sum === TOTAL && integrity === 'ok' ? 'right' : 'WRONG',
              String(report.commits),
              String(report.errors.length),
              `${report.longest} ms`
            ]
          })
        )
      } finally {
        for (const end of ends) end()
        for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
      }
    }
  }
  printTable('A backup with its proof, beside a process that commits without pause', [
    'database',
    'took',
    'sum over all accounts',
    'commits',
    'errors of the writer',
    'its longest commit'
  ], rows)
}
