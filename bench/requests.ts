import autocannon from 'autocannon'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openCatalog } from '../src/catalog/index.ts'
import { systemClock } from '../src/core/clock.ts'
import { tokenFor } from '../test/support/http/token.ts'
import { database } from './databases.ts'
import { withService } from './service.ts'
import { median, printTable, ratios as toBare } from './table.ts'

const ROWS = 100_000
const ROUNDS = 3
const SECONDS = 4

/** Fills the catalog with rows as they would stand after many years, in one transaction. */
async function fill (home: string): Promise<void> {
  const path = join(home, 'data', 'holdfast.db')
  const catalog = await openCatalog(path, {
    busyTimeoutMs: 1000,
    clock: systemClock,
    migrationsDir: join(import.meta.dirname, '..', 'migrations'),
    presence: { id: 'bench', isAlive: id => id === 'bench' },
    judgeKey: key => ({ state: 'unsigned', key, keyId: null, isRefused: false })
  })
  await catalog.close()
  const db = new Database(path)
  const checks = JSON.stringify(
    ['file_exists', 'checksum', 'opens_read_only', 'integrity_check', 'schema', 'row_counts'].map(name => ({
      name,
      status: 'pass'
    }))
  )
  const insert = db.prepare(`
    INSERT INTO backup_log (backup_type, file_path, file_size_bytes, started_at, completed_at, status, checksum, source, method, compression, encryption, original_size_bytes, pinned, store_key, verified_at, verification_status, verification_checks)
    VALUES ('scheduled', ?, ?, ?, ?, 'completed', ?, 'shop', 'full', 'zstd', 'none', ?, 0, ?, ?, 'valid', ?)`)
  db.transaction(() => {
    for (let i = 0; i < ROWS; i++) {
      const time = new Date(1.6e12 + i * 3_600_000).toISOString()
      const key = `shop-backup-${time.slice(0, 19).replaceAll(':', '-')}.db.zst`
      insert.run(
        join(home, 'backups', key),
        1_000_000 + i,
        time,
        time,
        i.toString(16).padStart(64, '0'),
        4_000_000 + i,
        key,
        time,
        checks
      )
    }
  })()
  db.close()
  // The rows have no files; that the store is not empty is all that a start asks.
  mkdirSync(join(home, 'backups'))
  writeFileSync(join(home, 'backups', 'README'), '')
}

async function load (url: string): Promise<autocannon.Result> {
  const options = { url, connections: 20, headers: { authorization: `Bearer ${tokenFor('viewer')}` } }
  await autocannon({ ...options, duration: 1 })
  const result = await autocannon({ ...options, duration: SECONDS })
  if (result.non2xx > 0) throw new Error(`${url} did not answer well`)
  return result
}

async function withBare (work: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare.ts')], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  try {
    const [address] = await once(child.stdout, 'data') as [Buffer]
    await work(address.toString().trim())
  } finally {
    child.kill()
  }
}

/**
 * Requests a second with a full catalog, against a route that does nothing behind the same token check. In turns, each
 * round against its own bare route: what else the machine does meanwhile then slows both.
 */
export async function benchRequests (): Promise<void> {
  await withBare(bare =>
    withService(
      database(10),
      async ({ url }) => {
        const routes = ['/api/backups/stats', '/api/backups', '/api/backups?limit=10', '/health']
        const measured = ['a bare route', ...routes].map(name => ({
          name,
          rates: [] as number[],
          ratios: [] as number[],
          p99: [] as number[]
        }))
        for (let round = 0; round < ROUNDS; round++) {
          let ofBare = Number.NaN
          for (const { name, rates, ratios, p99 } of measured) {
            const { requests, latency } = await load(name.startsWith('/') ? url + name : bare)
            if (!name.startsWith('/')) ofBare = requests.average
            rates.push(requests.average)
            ratios.push(requests.average / ofBare)
            p99.push(latency.p99)
          }
        }
        printTable(
          `Requests a second with ${ROWS} rows in backup_log, median of ${ROUNDS} rounds`,
          ['address', 'requests/s', 'to the bare route', 'p99'],
          measured.map(({ name, rates, ratios, p99 }) => [
            name,
            String(Math.round(median(rates))),
            toBare(ratios.map(each => [each, 1])),
            `${median(p99)} ms`
          ])
        )
      },
      { MAX_BACKUPS: '100000' },
      fill
    )
  )
}
