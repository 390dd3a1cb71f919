import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { Placement } from '../../../src/core/restore/restore.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { knownServers } from '../../../src/sources/postgres/known-servers.ts'
import { postgresRestorer } from '../../../src/sources/postgres/restore.ts'
import { postgresTargets } from '../../../src/sources/postgres/restore-targets.ts'
import { archiveDatabase } from '../../support/databases/postgres-archive.ts'
import { needPostgres, startPostgres } from '../../support/databases/postgres.ts'
import type { RestoreJob } from '../../support/databases/postgres-restore-child.ts'
import { until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const CHILD = join(import.meta.dirname, '../../support/databases/postgres-restore-child.ts')
/** Kills between the statements, from the first one on, and during pg_restore. */
const [EVENLY, RESTORING] = [16, 3]

/** A database that has changed since its backup, and a way to restore it in a process of its own. */
async function stage (t: TestContext) {
  const server = await startPostgres()
  const scratchDir = tempDir(t)
  await server.create('books')
  await server.query('books', 'CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 300000) i')
  const { path: archive, manifest } = await archiveDatabase(server, 'books', scratchDir)
  await server.query('books', 'DELETE FROM t WHERE i > 10')
  const servers = knownServers()
  servers.remember({ name: 'books', database: parseUrl(server.url('books')), programs: [server.programs] })
  const restorer = postgresRestorer({ servers, scratchDir, programs: [] })
  const targets = postgresTargets(servers)
  const path = server.url('books')
  const prepare = (): { readonly placement: Placement, readonly job: string } => {
    const placement = { mode: 'replace', path, overwrite: false, timeout: 10_000, aside: targets.aside(path) }
    const job = join(scratchDir, 'job.json')
    writeFileSync(
      job,
      JSON.stringify({ programs: server.programs, scratchDir, archive, manifest, placement } satisfies RestoreJob)
    )
    return { placement, job }
  }
  /** Settles, and decides which state the database has; the old one is back after it. */
  const decide = async ({ path, aside }: Placement): Promise<'old' | 'new'> => {
    const isKept = await restorer.settle(path, aside)
    const [{ count }] = await server.query('books', 'SELECT count(*)::int FROM t') as [{ count: number }]
    const names = (await server.query('postgres', "SELECT datname FROM pg_database WHERE datname ~ 'books' ORDER BY 1"))
      .map(({ datname }) => datname as string)
    const kept = parseUrl(aside).name
    assert.deepEqual([isKept, count, names], isKept ? [true, 300_000, ['books', kept]] : [false, 10, ['books']])
    if (!isKept) return 'old'
    await restorer.revert(path, aside, true)
    assert.equal((await server.query('books', 'SELECT count(*)::int FROM t'))[0].count, 10)
    return 'new'
  }
  return { server, prepare, decide }
}

test('killed at any statement, or while pg_restore is at work, the old database or the new one is there, whole', async t => {
  if (!needPostgres(t)) return
  const { server, prepare, decide } = await stage(t)
  const whole = prepare()
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, whole.job])
  const statements = JSON.parse(stdout) as readonly string[]
  assert.equal(await decide(whole.placement), 'new')

  const renames = statements.flatMap((sql, at) => /RENAME TO/.test(sql) ? [at * 2, at * 2 + 1, at * 2 + 2] : [])
  assert.equal(renames.length, 3, statements.join('\n'))
  const step = statements.length * 2 / EVENLY
  const borders = new Set([...Array.from({ length: EVENLY }, (_, at) => Math.floor(at * step)), ...renames])
  const outcomes: string[] = []
  for (const border of [...borders].toSorted((one, other) => one - other)) {
    const { placement, job } = prepare()
    const child = spawn(process.execPath, [CHILD, job, String(border)], { stdio: 'ignore' })
    const [, signal] = await once(child, 'exit')
    assert.equal(signal, 'SIGKILL', `border ${border}: ${statements[Math.floor(border / 2)]}`)
    outcomes.push(await decide(placement))
  }
  // A rename that was sent is made by the server, although nothing waits for it.
  assert.deepEqual(new Set(outcomes), new Set(['old', 'new']))

  for (let at = 1; at <= RESTORING; at++) {
    const { placement, job } = prepare()
    const child = spawn(process.execPath, [CHILD, job], { stdio: 'ignore' })
    const exit = once(child, 'exit')
    await until(async () => {
      const [row] = await server.query(
        'postgres',
        "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'holdfast' AND datname ~ '_new$'"
      )
      return row.count >= at || child.exitCode !== null
    })
    child.kill('SIGKILL')
    await exit
    await decide(placement)
  }
})
