import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BENCH_DIRECTORY, database } from './databases.ts'
import { backup, withService } from './service.ts'
import { median, printTable, ratios, seconds } from './table.ts'

const ROUNDS = 5

/** What a user would type otherwise, each line timed as one. */
const OTHERWISE = {
  none: 'sqlite3 "$DB" ".backup out.db" && sha256sum out.db',
  zstd: 'sqlite3 "$DB" ".backup out.db" && sha256sum out.db && zstd -3 -T2 -q -f out.db -o out.db.zst',
  gzip: 'sqlite3 "$DB" ".backup out.db" && sha256sum out.db && gzip -k -f out.db',
  'zstd, proven':
    'sqlite3 "$DB" ".backup out.db" && sha256sum out.db && zstd -3 -T2 -q -f out.db -o out.db.zst && sha256sum out.db.zst && zstd -d -q -f out.db.zst -o proof.db && sha256sum proof.db && sqlite3 proof.db "PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT count(*) FROM account; SELECT count(*) FROM entry"'
} as const

/**
 * Milliseconds that the line takes. Other work of this process goes on meanwhile: a connection that the service closes
 * is noticed, and not used again.
 */
async function otherwise (command: string, path: string): Promise<number> {
  const directory = mkdtempSync(join(BENCH_DIRECTORY, 'otherwise-'))
  const startedAt = performance.now()
  await promisify(execFile)('bash', ['-c', `set -e; ${command}`], { cwd: directory, env: { ...process.env, DB: path } })
  const took = performance.now() - startedAt
  rmSync(directory, { recursive: true })
  return took
}

/** Full backups of a quiet database against the same by hand, taken in turns. */
export async function benchFullBackup (megabytes: number): Promise<void> {
  const path = database(megabytes)
  const kinds = [
    { name: 'none', ours: { compression: 'none', verify: false } },
    { name: 'zstd', ours: { compression: 'zstd', verify: false } },
    { name: 'gzip', ours: { compression: 'gzip', verify: false } },
    { name: 'zstd, proven', ours: { compression: 'zstd', verify: true } }
  ] as const
  const took = new Map(kinds.map(({ name }) => [name, [] as Array<readonly [ours: number, theirs: number]>]))
  await withService(path, async service => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, ours } of kinds) {
        // Each goes first in every other round: what the first leaves in the page cache is for both.
        const mine = round % 2 === 0 ? await backup(service, ours) : undefined
        const theirs = await otherwise(OTHERWISE[name], path)
        took.get(name)?.push([mine ?? await backup(service, ours), theirs])
      }
    }
  })
  const gzipByHand = (took.get('gzip') ?? []).map(([, theirs]) => theirs)
  printTable(
    `Full backup of ${megabytes} MB, median of ${ROUNDS}`,
    ['kind', 'Holdfast', 'by hand', 'ratio', 'ratio to gzip by hand'],
    kinds.map(({ name }) => {
      const pairs = took.get(name) ?? []
      const toGzip = pairs.map(([ours], round) => [ours, gzipByHand[round] ?? Number.NaN] as const)
      return [
        name,
        seconds(median(pairs.map(([ours]) => ours))),
        seconds(median(pairs.map(([, theirs]) => theirs))),
        ratios(pairs),
        ratios(toGzip)
      ]
    })
  )
  console.log(
    'by hand: sqlite3 .backup, sha256sum, then zstd -3 -T2 or gzip; "proven" adds decompression, digests, integrity_check, foreign keys and row counts'
  )
}
