import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH_DIRECTORY, database } from './databases.ts'
import { backup, withService } from './service.ts'
import { median, printTable, ratio, seconds } from './table.ts'

const ROUNDS = 5

/** What a user would type otherwise, each line timed as one. */
const OTHERWISE = {
  none: 'sqlite3 "$DB" ".backup out.db" && sha256sum out.db',
  zstd: 'sqlite3 "$DB" ".backup out.db" && sha256sum out.db && zstd -3 -T2 -q -f out.db -o out.db.zst',
  gzip: 'sqlite3 "$DB" ".backup out.db" && sha256sum out.db && gzip -k -f out.db',
  'zstd, proven': 'sqlite3 "$DB" ".backup out.db" && sha256sum out.db && zstd -3 -T2 -q -f out.db -o out.db.zst && sha256sum out.db.zst && zstd -d -q -f out.db.zst -o proof.db && sha256sum proof.db && sqlite3 proof.db "PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT count(*) FROM account; SELECT count(*) FROM entry"'
} as const

function otherwise (command: string, path: string): number {
  const directory = mkdtempSync(join(BENCH_DIRECTORY, 'otherwise-'))
  const startedAt = performance.now()
  execFileSync('bash', ['-c', `set -e; ${command}`], { cwd: directory, env: { ...process.env, DB: path }, stdio: 'ignore' })
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
  const took = new Map(kinds.map(({ name }) => [name, { ours: [] as number[], theirs: [] as number[] }]))
  await withService(path, async service => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, ours } of kinds) {
        // gzip by hand takes long enough to be steady after one round.
        if (name !== 'gzip' || round === 0) took.get(name)?.theirs.push(otherwise(OTHERWISE[name], path))
        took.get(name)?.ours.push(await backup(service, ours))
      }
    }
  })
  const gzipByHand = median(took.get('gzip')?.theirs ?? [])
  printTable(`Full backup of ${megabytes} MB, median of ${ROUNDS}`, ['kind', 'Holdfast', 'by hand', 'ratio', 'ratio to gzip by hand'], kinds.map(({ name }) => {
    const { ours, theirs } = took.get(name) ?? { ours: [], theirs: [] }
    return [name, seconds(median(ours)), seconds(median(theirs)), ratio(median(ours), median(theirs)), ratio(median(ours), gzipByHand)]
  }))
  console.log('by hand: sqlite3 .backup, sha256sum, then zstd -3 -T2 or gzip; "proven" adds decompression, digests, integrity_check, foreign keys and row counts')
}
