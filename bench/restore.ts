import Database from 'better-sqlite3'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, createReadStream, rmSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { Restorable } from '../src/core/restore/restorable.ts'
import { fileImages } from '../src/engine/artifacts/images.ts'
import { sqliteRestorer } from '../src/sources/sqlite/restore.ts'
import { manifestOf } from '../test/support/catalog/catalog.ts'
import { readMoney, startWriter, TOTAL, type WriterReport } from '../test/support/databases/money.ts'
import { BENCH_DIRECTORY, database } from './databases.ts'
import { median, printTable, ratios, seconds } from './table.ts'

const ROUNDS = 5
/** Commits of the application beside it. */
const PER_SECOND = 500

interface Round extends Pick<WriterReport, 'errors' | 'longest'> {
  /** Until the content was in its place and durable, and until it was looked through as well; milliseconds. */
  readonly placed: number
  readonly took: number
}

/** A restore into a live database beside a writing process against `.restore` of sqlite3, taken in turns. */
export async function benchRestore (megabytes: number): Promise<void> {
  const image = database(megabytes)
  const backup = await backupOf(image)
  // As the service does.
  enableCompileCache(join(BENCH_DIRECTORY, 'compiled'))
  const rows: string[][] = []
  for (const journalMode of ['wal', 'delete']) {
    const live = `${image}.live`
    copyFileSync(image, live)
    const db = new Database(live)
    db.pragma(`journal_mode = ${journalMode}`)
    db.close()
    const ours: Round[] = []
    const theirs: Round[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const isFirst = round % 2 === 0
      if (isFirst) ours.push(await besideWriter(live, () => restore(backup, live)))
      theirs.push(await besideWriter(live, () => byHand(image, live)))
      if (!isFirst) ours.push(await besideWriter(live, () => restore(backup, live)))
    }
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(live + suffix, { force: true })
    for (const [name, rounds] of [['Holdfast', ours], ['.restore', theirs]] as const) {
      const placed = median(rounds.map(round => round.placed))
      const isOurs = name === 'Holdfast'
      rows.push([
        `${megabytes} MB, ${journalMode}, ${name}`,
        seconds(placed),
        isOurs ? ratios(ours.map((round, index) => [round.placed, theirs[index]?.placed ?? Number.NaN])) : '',
        isOurs ? seconds(median(rounds.map(({ took }) => took))) : '',
        `${median(rounds.map(({ longest }) => longest))} ms`,
        String(rounds.flatMap(({ errors }) => errors).length)
      ])
    }
  }
  printTable(
    `Restore into a live database, beside a process that commits ${PER_SECOND} times a second, median of ${ROUNDS}`,
    [
      'database',
      'in place after',
      'ratio',
      'looked through after',
      'longest commit of the writer',
      'errors of the writer'
    ],
    rows
  )
  console.log('by hand: sqlite3 live.db ".timeout 15000" ".restore backup.db"')
}

async function backupOf (path: string): Promise<Restorable> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const image = { size: statSync(path).size, sha256: hash.digest('hex') }
  return { links: [{ manifest: manifestOf({ id: 1 }, { image }), images: fileImages(path) }] }
}

async function restore (backup: Restorable, live: string): Promise<number> {
  const { took } = await sqliteRestorer(BENCH_DIRECTORY).place(
    backup,
    { mode: 'live', path: live, overwrite: false, timeout: 15_000, aside: `${live}.aside` },
    () => {},
    AbortSignal.timeout(600_000)
  )
  return took
}

async function byHand (image: string, live: string): Promise<number> {
  const startedAt = performance.now()
  await promisify(execFile)('sqlite3', [live, '.timeout 15000', `.restore "${image}"`])
  return performance.now() - startedAt
}

async function besideWriter (live: string, work: () => Promise<number>): Promise<Round> {
  const ends: Array<() => void> = []
  const writer = await startWriter(
    {
      after: end => {
        ends.push(end as () => void)
      }
    },
    live,
    PER_SECOND
  )
  try {
    const startedAt = performance.now()
    const placed = await work()
    const took = performance.now() - startedAt
    const { errors, longest } = await writer.stop()
    const { sum, integrity } = readMoney(live)
    if (sum !== TOTAL || integrity !== 'ok') {
      throw new Error(`after a restore the sum is ${sum}, and SQLite says ${String(integrity)}`)
    }
    return { placed, took, errors, longest }
  } finally {
    for (const end of ends) end()
  }
}
