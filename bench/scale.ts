import autocannon from 'autocannon'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../src/core/clock.ts'
import { openCatalog } from '../src/catalog/index.ts'
import { startService, type Service } from '../test/support/processes/service.ts'
import { tokenFor } from '../test/support/http/token.ts'
import { emptyHome, removeHome } from './service.ts'
import { memoryOf } from './memory.ts'
import { megabytes, printTable } from './table.ts'
import { cpuOf, usageOfCommand } from './usage.ts'

const ADDRESSES = ['/health/live', '/api/backups/stats', '/api/backups?limit=50', '/metrics']
/** Each address is asked so long, one request after the other. Seconds. */
const ASKED = 5
/** The service stands idle so long while its CPU time is taken. Milliseconds. */
const IDLE = 20_000
/** What the curves are drawn over: configured sources, and rows in `backup_log`. */
const SIZES = [
  { sources: 1, rows: 0 },
  { sources: 50, rows: 0 },
  { sources: 200, rows: 0 },
  { sources: 1000, rows: 0 },
  { sources: 100, rows: 1_000_000 },
  { sources: 1000, rows: 1_000_000 }
]

/** What one service does with many sources and many rows: answers, start, idle CPU, memory, and a command beside it. */
export async function benchScale (): Promise<void> {
  const rows: string[][] = []
  for (const size of SIZES) rows.push(await measure(size))
  const heading = [
    'sources',
    'rows',
    'start',
    ...ADDRESSES.map(address => `${address} p50/p99`),
    'size of /metrics',
    'idle CPU',
    'RSS',
    'holdfast list'
  ]
  printTable(
    `Many sources on an hourly schedule, each address asked ${ASKED} s one request after the other`,
    heading,
    rows
  )
}

export async function measure ({ sources, rows }: typeof SIZES[number]): Promise<string[]> {
  const home = emptyHome()
  try {
    configure(home, sources)
    if (rows > 0) await fill(home, sources, rows)
    const startedAt = performance.now()
    const service = await startService({ after: () => {} }, home, { LOG_LEVEL: 'info' }, tokenFor('admin'))
    const start = performance.now() - startedAt
    try {
      // The first look at every rule and every alert is over.
      await new Promise(resolve => {
        setTimeout(resolve, 15_000)
      })
      const answers: string[] = []
      for (const address of ADDRESSES) answers.push(await ask(service.url + address))
      const exposition = await (await fetch(`${service.url}/metrics`)).text()
      const idle = await idleCpu(service)
      const { rss } = memoryOf(service.child.pid ?? 0)
      const list = await usageOfCommand(
        `${process.execPath} ${join(import.meta.dirname, '../src/cli/main.ts')} list --json > /dev/null`,
        {},
        home
      )
      return [
        String(sources),
        String(rows),
        `${(start / 1000).toFixed(1)} s`,
        ...answers,
        `${Math.round(exposition.length / 1024)} KiB`,
        `${(idle * 100).toFixed(1)} %`,
        megabytes(rss),
        `${(list.took / 1000).toFixed(2)} s, CPU ${(list.cpu / 1000).toFixed(2)} s`
      ]
    } finally {
      await service.kill('SIGTERM')
    }
  } finally {
    removeHome(home)
  }
}

/** The share of one core that the service takes while nothing is asked of it. */
async function idleCpu ({ child }: Service): Promise<number> {
  const [before, from] = [cpuOf(child.pid ?? 0), performance.now()]
  await new Promise(resolve => {
    setTimeout(resolve, IDLE)
  })
  return (cpuOf(child.pid ?? 0) - before) / (performance.now() - from)
}

async function ask (url: string): Promise<string> {
  const headers = { authorization: `Bearer ${tokenFor('viewer')}` }
  const { latency, non2xx, errors, timeouts } = await autocannon({
    url,
    connections: 1,
    duration: ASKED,
    headers,
    timeout: 60
  })
  if (non2xx + errors + timeouts > 0) {
    throw new Error(`${url} did not answer well: ${non2xx} refused, ${errors} failed, ${timeouts} late`)
  }
  return `${latency.p50}/${latency.p99} ms`
}

/** Sources on an hourly schedule, none of which falls due while the figures are taken. */
function configure (home: string, sources: number): void {
  mkdirSync(join(home, 'databases'))
  const minute = (new Date().getUTCMinutes() + 40) % 60
  const names = Array.from({ length: sources }, (_, index) => nameOf(index))
  for (const name of names) {
    const database = new Database(join(home, 'databases', `${name}.db`))
    database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)')
    database.close()
  }
  writeFileSync(
    join(home, 'holdfast.yaml'),
    [
      'autoBackupEnabled: true',
      `schedule: { cron: ["${minute} * * * *"] }`,
      'sources:',
      ...names.map(name => `  - { name: ${name}, path: ./databases/${name}.db }`)
    ].join('\n')
  )
}

function nameOf (index: number): string {
  return `app-${String(index).padStart(4, '0')}`
}

/** Rows as they would be after years, spread evenly over the sources, each with the facts of twelve tables. */
async function fill (home: string, sources: number, rows: number): Promise<void> {
  const path = join(home, 'data', 'holdfast.db')
  const migrationsDir = join(import.meta.dirname, '..', 'migrations')
  const presence = { id: 'bench', isAlive: (id: string) => id === 'bench' }
  await (await openCatalog(path, {
    busyTimeoutMs: 1000,
    clock: systemClock,
    migrationsDir,
    presence,
    judgeKey: key => ({ state: 'unsigned', key, keyId: null, isRefused: false })
  })).close()
  const db = new Database(path)
  db.pragma('synchronous = OFF')
  const checks = JSON.stringify(
    ['file_exists', 'checksum', 'opens_read_only', 'integrity_check', 'schema', 'row_counts'].map(name => ({
      name,
      status: 'pass'
    }))
  )
  const insert = db.prepare(`
    INSERT INTO backup_log (backup_type, file_path, file_size_bytes, started_at, completed_at, status, checksum, source, method, compression,
      encryption, original_size_bytes, pinned, store_key, verified_at, verification_status, verification_checks, manifest)
    VALUES ('scheduled', ?, ?, ?, ?, 'completed', ?, ?, 'full', 'zstd', 'none', ?, 0, ?, ?, 'valid', ?, ?)`)
  const now = Date.now()
  db.transaction(() => {
    for (let i = 0; i < rows; i++) {
      const source = nameOf(i % sources)
      const time = new Date(now - Math.ceil((rows - i) / sources) * 3_600_000).toISOString()
      const key = `${source}-backup-${time.slice(0, 19).replaceAll(':', '-')}.db.zst`
      const sha256 = i.toString(16).padStart(64, '0')
      insert.run(
        join(home, 'backups', key),
        1_000_000 + i,
        time,
        time,
        sha256,
        source,
        4_000_000 + i,
        key,
        time,
        checks,
        manifestOf(i, source, time, key, sha256)
      )
    }
  })()
  db.close()
  // The rows have no files; a start asks only that the store is not empty.
  mkdirSync(join(home, 'backups'), { recursive: true })
  writeFileSync(join(home, 'backups', 'README'), '')
}

function manifestOf (id: number, name: string, time: string, object: string, sha256: string): string {
  const tables = Array.from({ length: 12 }, (_, index) => ({ name: `table_${index}`, rows: id + index }))
  return JSON.stringify({
    format: 'holdfast-manifest',
    version: 1,
    id: id + 1,
    source: { name, kind: 'sqlite', location: `/srv/${name}.db` },
    type: 'scheduled',
    method: 'full',
    schedule: null,
    description: null,
    pinned: false,
    startedAt: time,
    completedAt: time,
    object: { name: object, size: 1_000_000 + id, sha256 },
    image: { size: 4_000_000 + id, sha256 },
    compression: 'zstd',
    encryption: 'none',
    facts: {
      engine: 'SQLite 3.53.0',
      schemaDigest: sha256,
      tables,
      foreignKeyViolations: 0,
      properties: { pageSize: 4096, journalMode: 'wal' }
    },
    verifiedAt: time
  })
}
