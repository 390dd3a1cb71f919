import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SnapshotFacts } from '../../../src/core/ports/source.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import { postgresInspector } from '../../../src/sources/postgres/inspect.ts'
import { contextOf, dumped, richDatabase } from '../../support/databases/postgres-backup.ts'
import { needPostgres, startPostgres, type PostgresServer } from '../../support/databases/postgres.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { imagesOf } from '../../support/sources/images.ts'
import { Dice } from '../../support/seeded-random.ts'
import { tempDir } from '../../support/temp-dir.ts'

const signal = new AbortController().signal
const servers = new Map<number, Promise<PostgresServer>>()

async function serverOf (major: number): Promise<PostgresServer> {
  const known = servers.get(major) ?? startPostgres({ major }).then(async server => {
    await richDatabase(server)
    return server
  })
  servers.set(major, known)
  return await known
}

async function inspected (
  server: PostgresServer,
  path: string,
  facts: SnapshotFacts | null
): Promise<Readonly<Record<string, Check>>> {
  const checks = await postgresInspector(contextOf(server, '/nonexistent')).inspect(imagesOf(path), facts, signal)
  return Object.fromEntries(checks.map(check => [check.name, check]))
}

for (const major of [15, 17]) {
  for (const args of [['-Z0'], major === 15 ? ['-Z6'] : ['--compress=zstd:3']]) {
    test(`a dump of PostgreSQL ${major} with ${args[0]} is read to its end, and its rows are counted`, async t => {
      if (!needPostgres(t, major)) return
      const server = await serverOf(major)
      const { path, facts } = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'), args)
      const checks = await inspected(server, path, facts)
      assert.equal(checks['archive']?.status, 'pass', checks['archive']?.reason ?? '')
      assert.deepEqual(checks['row_counts'], { name: 'row_counts', status: 'pass', reason: '11 tables, 6011 rows' })
      assert.equal(checks['restore']?.status, 'skipped')
      const alone = await inspected(server, path, null)
      assert.equal(alone['archive']?.status, 'pass')
      assert.equal(alone['row_counts']?.status, 'skipped')
    })
  }

  test(`a wrong number of rows and a missing table show in a dump of PostgreSQL ${major}`, async t => {
    if (!needPostgres(t, major)) return
    const server = await serverOf(major)
    const { path, facts } = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
    const tables = facts.tables.map(table => table.name === 'app.customers' ? { ...table, rows: 1001 } : table)
    assert.equal(
      (await inspected(server, path, { ...facts, tables }))['row_counts']?.reason,
      '"app.customers" has 1000 rows instead of 1001'
    )
    const more = [...facts.tables, { name: 'app.lost', rows: 3 }, { name: 'app.foreign', rows: null }]
    const lost = (await inspected(server, path, { ...facts, tables: more }))['row_counts']
    assert.deepEqual([lost?.status, lost?.reason], ['fail', '"app.lost" has no rows instead of 3'])
  })
}

test('a dump that was cut at any length fails, and so does one with other bytes in its data', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const directory = tempDir(t)
  const { path, facts } = await dumped(server, 'shop', join(directory, 'shop.dump'), ['-Z6'])
  const whole = readFileSync(path)
  const dice = new Dice(7)
  const damaged = join(directory, 'damaged.dump')
  for (let i = 0; i < 40; i++) {
    const length = i < 4 ? [0, 1, 5, whole.length - 1][i] ?? 0 : dice.between(0, whole.length - 1)
    writeFileSync(damaged, whole.subarray(0, length))
    const checks = await inspected(server, damaged, facts)
    assert.ok(Object.values(checks).some(({ status }) => status === 'fail'), `cut at ${length}`)
  }
  // The table of contents is not compressed: the digests of the backup show what pg_restore cannot see there.
  const data = whole.length - 2000
  let seen = 0
  for (let i = 0; i < 40; i++) {
    const flipped = Buffer.from(whole)
    const at = data - dice.between(0, 10_000)
    flipped[at] = (flipped[at] ?? 0) ^ 0x5a
    writeFileSync(damaged, flipped)
    const checks = await inspected(server, damaged, facts)
    if (Object.values(checks).some(({ status }) => status === 'fail')) seen++
  }
  assert.ok(seen > 36, `${seen} of 40`)
})

test('garbage is no archive, and no error', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const path = join(tempDir(t), 'garbage.dump')
  for (const content of [Buffer.alloc(5_000_000, 'PGDMP'), Buffer.alloc(0), Buffer.alloc(100_000, 0xff)]) {
    writeFileSync(path, content)
    const { archive, row_counts: counts } = await inspected(server, path, null)
    assert.equal(archive?.status, 'fail')
    assert.match(archive.reason ?? '', /pg_restore cannot read the archive/)
    assert.equal(counts?.reason, 'not reached, because archive failed')
  }
})

test('without pg_restore, or with one that is too old, nothing is known', async t => {
  if (!needPostgres(t) || !needPostgres(t, 17)) return
  const [old, server] = [await serverOf(15), await serverOf(17)]
  const { path, facts } = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
  for (const programs of [tempDir(t), old.programs]) {
    const { archive } = await inspected({ ...server, programs }, path, facts)
    assert.deepEqual([archive?.status, archive?.code], ['skipped', 'SOURCE_TOOL_MISSING'])
  }
})

test('a pg_restore that hangs, is killed or lacks a part of itself is no damage', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const directory = tempDir(t)
  const { path, facts } = await dumped(server, 'shop', join(directory, 'shop.dump'))
  const version = 'case "$1" in --version) echo "pg_dump (PostgreSQL) 15.18"; exit;; esac'
  const program = (name: string, script: string): void => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${version}\n${script}\n`)
    chmodSync(join(directory, name), 0o755)
  }
  program('pg_dump', '')
  const context = contextOf({ programs: directory }, directory, { limits: { timeout: 300, memory: 2 ** 30 } })
  const inspect = async (): Promise<readonly Check[]> =>
    await postgresInspector(context).inspect(imagesOf(path), facts, signal)
  program('pg_restore', 'exec sleep 600')
  await rejectsWith('PROCESS_TIMED_OUT', inspect())
  program('pg_restore', 'kill -9 $$')
  await rejectsWith('PROCESS_OUT_OF_MEMORY', inspect())
  program('pg_restore', 'echo "pg_restore: error: this build does not support compression with zstd" >&2; exit 1')
  await rejectsWith('SOURCE_TOOL_MISSING', inspect())
})

test('an image that breaks ends the inspection with its error', async t => {
  if (!needPostgres(t)) return
  const server = await serverOf(15)
  const { path, facts } = await dumped(server, 'shop', join(tempDir(t), 'shop.dump'))
  const images = {
    ...imagesOf(path),
    open: async (part: string, given: AbortSignal) => {
      const image = await imagesOf(path).open(part, given)
      image.once('data', () => image.destroy(new Error('the store is gone')))
      return image
    }
  }
  await assert.rejects(
    postgresInspector(contextOf(server, '/nonexistent')).inspect(images, facts, signal),
    /the store is gone/
  )
})
