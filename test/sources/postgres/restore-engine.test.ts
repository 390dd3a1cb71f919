import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import pg from 'pg'
import { NO_HOOKS } from '../../../src/core/hooks.ts'
import type { ProtectedSource } from '../../../src/core/protected-source.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { requireKind } from '../../../src/engine/require-kind.ts'
import { needPostgres, startPostgres } from '../../support/databases/postgres.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

// The inspector uses the programs of the service, which are those of PostgreSQL 15 here.
for (const [major, verify] of [[15, true], [17, false]] as const) {
  test(`PostgreSQL ${major}: a backup is restored in place and undone, and to a new database, through the engine`, async t => {
    if (!needPostgres(t, major)) return
    const server = await startPostgres({ major })
    await server.create('books')
    await server.query('books', 'CREATE TABLE t AS SELECT generate_series(1, 100) AS id; CREATE TABLE gone (v int)')
    const bench = await testEngine(t)
    const { engine, deps } = bench
    const source = requireKind(deps, 'postgres').source('books', {
      url: parseUrl(server.url('books')),
      globals: 'none',
      programs: [server.programs]
    })
    const sources = deps.sources as Map<string, ProtectedSource>
    sources.set('books', { source, policy: {}, assertions: [], hooks: NO_HOOKS, members: [] })
    const backup = await bench.create({ source: 'books', compression: 'zstd', verify })
    assert.equal(backup.verification.status === 'valid', verify)
    await server.query(
      'books',
      'INSERT INTO t SELECT generate_series(101, 107); DROP TABLE gone; CREATE TABLE new (v int)'
    )

    const client = new pg.Client({ connectionString: server.url('books'), application_name: 'shop' })
    client.on('error', () => {})
    await client.connect()
    const dry = await (await engine.restoreDryRun(backup.id, {})).result
    assert.deepEqual([dry.obstacle, dry.mode, dry.isSecured], [null, 'replace', false])
    assert.match(dry.holders.map(({ command }) => command).join(), /^shop, role "postgres"/)
    assert.deepEqual(dry.counts, [
      { table: 'public.gone', backup: 0, live: null },
      { table: 'public.new', backup: null, live: 0 },
      { table: 'public.t', backup: 100, live: 107 }
    ])

    const count = async (database: string): Promise<number> =>
      (await server.query(database, 'SELECT count(*)::int AS count FROM t'))[0].count
    const restored = await (await engine.restore(backup.id, { verify })).result
    assert.deepEqual([restored.status, restored.target, await count('books')], ['completed', server.url('books'), 100])
    assert.equal(await count(parseUrl(restored.aside ?? '').name), 107)
    assert.match(restored.warnings.join(), /"holdfast restores undo \d+" puts it back/)
    const undone = await (await engine.undoRestore(restored.id)).result
    assert.deepEqual([undone.aside, await count('books')], [null, 107])

    const copy = await (await engine.restore(backup.id, { target: 'copy', isConfined: true, verify })).result
    assert.deepEqual([copy.mode, copy.target, await count('copy')], ['file', server.url('copy'), 100])
    await (await engine.restore(backup.id, { target: server.url('part'), tables: ['gone'], verify })).result
    assert.equal(await count('part'), 0)
    await rejectsWith('RESTORE_TARGET_EXISTS', (await engine.restore(backup.id, { target: 'copy', verify })).result)
    await rejectsWith('VALIDATION_FAILED', engine.restore(backup.id, { tables: ['t'] }))
    await rejectsWith('VALIDATION_FAILED', engine.restore(backup.id, { target: '/srv/copy.dump' }))
    const elsewhere = 'postgresql://postgres@elsewhere/copy'
    await rejectsWith('RESTORE_TARGET_FORBIDDEN', engine.restore(backup.id, { target: elsewhere, isConfined: true }))
    const names = await server.query(
      'postgres',
      "SELECT datname FROM pg_database WHERE datname !~ '^(template|postgres)' ORDER BY 1"
    )
    assert.deepEqual(names.map(({ datname }) => datname), ['books', 'copy', 'part'])
    assert.deepEqual(readdirSync(deps.scratch.directory), [])

    const kept = await (await engine.restore(backup.id, { verify })).result
    await (await engine.discardPrevious(kept.id)).result
    assert.equal((await server.query('postgres', "SELECT FROM pg_database WHERE datname ~ 'before'")).length, 0)
  })
}
