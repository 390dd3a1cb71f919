import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cancelWhileProbing } from '../../support/engine/cancel-while-probing.ts'
import { commandLine, OWN_SOURCE } from '../../support/cli/command-line.ts'
import { shopDatabase } from '../../support/databases/shop.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

test('list shows the newest first with ages and sizes, and what they come to', async t => {
  const { holdfast, create, clock } = await commandLine(t)
  await create({ description: 'first' })
  clock.move(2 * 3_600_000)
  await create({ type: 'scheduled', schedule: 'daily' })
  const lines = (await holdfast('list')).out.split('\n')
  assert.match(lines[0] ?? '', /^ID {2}SOURCE {2}TYPE +SIZE +CREATED \(UTC\) +AGE {2}STATE {2}NAME +DESCRIPTION$/)
  assert.match(lines[1] ?? '', /^ 2 {2}shop +daily +100\.0 kB {2}2025-11-25 01:30 +just now {2}valid/)
  assert.match(lines[2] ?? '', /^ 1 {2}shop +manual +100\.0 kB {2}2025-11-24 23:30 +2 h ago {2}valid .* {2}first$/)
  assert.equal(lines[4], '2 backups, 200.0 kB')
})

test('list narrows by source, status, reason, method and time', async t => {
  const { json, create, clock } = await commandLine(t)
  await create()
  await create({ type: 'scheduled' })
  clock.move(86_400_000)
  await create({ type: 'pre-migration' })
  const ids = async (...words: string[]): Promise<number[]> =>
    (await json('list', ...words)).map(({ id }: { id: number }) => id)
  assert.deepEqual(await ids(), [3, 2, 1])
  assert.deepEqual(await ids('--type', 'scheduled'), [2])
  assert.deepEqual(await ids('--type', 'full'), [3, 2, 1])
  assert.deepEqual(await ids('--type', 'wal', '--limit', '2'), [3, 2])
  assert.deepEqual(await ids('--type', 'incremental'), [])
  assert.deepEqual(await ids('--since', '2025-11-25'), [3])
  assert.deepEqual(await ids('--status', 'failed'), [])
  assert.deepEqual(await ids('--trashed'), [])
})

test('a source or a store that there is not is no empty list, and the error has those that there are', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const { holdfast, create } = await commandLine(t, {
    offsite,
    sources: [new MemorySource('shop'), new MemorySource('bank')]
  })
  await create()
  for (
    const [words, message, hint] of [
      [['--source', 'nosuch'], 'there is no source "nosuch"', 'Choose one of "shop", "bank".'],
      [['--store', 'nosuch'], 'there is no store "nosuch"', 'Choose one of "local", "far".'],
      [['--s3'], 'there is no store "s3"', 'Choose one of "local", "far".']
    ] as const
  ) {
    const { code, out, err } = await holdfast('list', ...words)
    assert.deepEqual([code, out, err], [4, '', `holdfast: ${message}\nhint: ${hint}\n`])
  }
  assert.equal((await holdfast('list', '--source', 'bank', '--store', 'far')).out, 'no backups\n')
})

test('a source that is not configured any more is one as long as the catalog has a backup of it', async t => {
  const before = await commandLine(t, { sources: [new MemorySource('old')] })
  await before.create()
  const { holdfast, json } = await commandLine(t, { directory: before.directory })
  assert.equal((await holdfast('rebuild')).code, 0)
  assert.deepEqual(await json('list', '--source', 'old', '--status', 'failed'), [])
})

test('where there are more than are shown list says so, with --json beside the result; --all shows every one', async t => {
  const { holdfast, create } = await commandLine(t)
  for (let i = 0; i < 3; i++) await create()
  assert.match((await holdfast('list', '--limit', '2')).out, /\n2 backups, 200\.0 kB; 1 more with --all\n$/)
  const { out, err } = await holdfast('list', '--limit', '2', '--json')
  assert.deepEqual([JSON.parse(out).length, err], [2, 'holdfast: 2 backups, 200.0 kB; 1 more with --all\n'])
  assert.match((await holdfast('list', '--limit', '2', '--all')).out, /\n3 backups, 300\.0 kB\n$/)
})

test('list fits a terminal of 80 columns, and shows the dates there', async t => {
  const { holdfast, create } = await commandLine(t, { columns: 80, environment: { NO_COLOR: '1' } })
  await create({ description: 'what was there before the great migration of November' })
  const { out } = await holdfast('list')
  assert.ok(out.split('\n').every(line => line.length <= 80), out)
  assert.match(out, /2025-11-24 23:30/)
})

test('of several databases list names the source, however narrow the terminal is', async t => {
  const { holdfast, create } = await commandLine(t, { columns: 60, environment: { NO_COLOR: '1' } })
  await create({ description: 'what was there before the great migration of November' })
  const { out } = await holdfast('list')
  assert.ok(out.split('\n').every(line => line.length <= 60), out)
  assert.match(out, /SOURCE[^]* shop [^]*2025-11-24 23:30/)
})

test('control characters of a description do not reach the terminal', async t => {
  const { holdfast, create } = await commandLine(t)
  await create({ description: 'a\u001b[2Jb' })
  for (const words of [['list'], ['list', '--verbose']]) {
    const { out } = await holdfast(...words)
    assert.ok(out.includes('a\ufffd[2Jb') && !out.includes('\u001b'), words.join(' '))
  }
})

test('list --verbose shows every fact of each', async t => {
  const { holdfast, create } = await commandLine(t)
  await create({ compression: 'gzip' })
  assert.match(
    (await holdfast('list', '--verbose')).out,
    /^Backup 1\n {2}file +\/.*\.db\.gz\n[^]* {2}sha256 +[0-9a-f]{64}\n/
  )
})

test('a cancelled backup is listed as cancelled, and is failed with the code CANCELLED for programs', async t => {
  const { holdfast, json, faults, engine } = await commandLine(t)
  await cancelWhileProbing({ engine, faults })
  const [row] = await json('list', '--all')
  assert.deepEqual([row.status, row.errorCode], ['failed', 'CANCELLED'])
  assert.match((await holdfast('list', '--all')).out, / cancelled /)
})

test("the id of the newest backup stands where the guide's scripts look for it", async t => {
  const { json, create } = await commandLine(t)
  await create()
  const { id } = await create()
  const [newest] = await json('backup', 'list')
  assert.deepEqual([newest.backup_id, newest.id], [id, id])
})

test('list begins with a completed backup of a database: the catalog and what failed are shown on demand', async t => {
  const { holdfast, json, create, engine, faults } = await commandLine(t, {
    sources: [shopDatabase(t).source, shopDatabase(t, OWN_SOURCE).source]
  })
  const ids = async (...words: string[]): Promise<number[]> =>
    (await json('list', ...words)).map(({ id }: { id: number }) => id)
  await cancelWhileProbing({ engine, faults })
  assert.equal((await holdfast('list')).out, 'no backups; 1 more with --all\n')
  await create()
  await create({ source: OWN_SOURCE })
  await cancelWhileProbing({ engine, faults })
  assert.deepEqual(await ids(), [2])
  assert.match((await holdfast('list')).out, /\n1 backup, 41\.0 kB; 3 more with --all\n$/)
  assert.equal((await holdfast('list', '--json')).err, '')
  assert.deepEqual(await ids('--all'), [4, 3, 2, 1])
  assert.deepEqual(await ids('--source', OWN_SOURCE), [3])
  assert.deepEqual(await ids('--source', 'shop'), [2])
  assert.deepEqual(await ids('--status', 'failed'), [4, 1])
  assert.deepEqual(await ids('--source', 'shop', '--all'), [4, 2, 1])
  assert.deepEqual(await ids('--status', 'failed', '--source', OWN_SOURCE), [])
  await json('remove', '3', '--force')
  assert.deepEqual(await ids('--trashed'), [3])
})

test('list shows what one store holds', async t => {
  const { offsite } = await testOffsite(t, { s3: {} })
  const { json, create } = await commandLine(t, { offsite })
  await create()
  await create()
  await json('upload', '2')
  assert.deepEqual((await json('list', '--s3')).map(({ id }: { id: number }) => id), [2])
  assert.deepEqual((await json('list', '--store', 's3')).map(({ id }: { id: number }) => id), [2])
})

test('list and stats count all parts of a backup', async t => {
  const { holdfast, json, create } = await commandLine(t, {
    sources: [new MemorySource('shop', { hasIndex: true })]
  })
  const { size, parts: [index] } = await create()
  const total = size! + index!.size!
  const { out } = await holdfast('list')
  assert.match(out, /^ *1 {2}shop +manual +100\.1 kB /m)
  assert.match(out, /\n1 backup, 100\.1 kB\n$/)
  const [{ totalSize, fileSize }] = await json('list')
  assert.deepEqual([totalSize, fileSize, (await json('stats')).statistics.totalSize], [total, size, total])
})

test('list has the times on the clock of the reader as well, where there is room', async t => {
  const { holdfast, create } = await commandLine(t, { environment: { TZ: 'Europe/Vienna' } })
  await create()
  const { out } = await holdfast('list')
  assert.match(out, /CREATED \(UTC\) +LOCAL +AGE[^]* 2025-11-24 23:30 +2025-11-25 00:30 +just now /)
})

test('list --since takes a span before now', async t => {
  const { json, create, clock } = await commandLine(t)
  await create()
  clock.move(8 * 86_400_000)
  await create()
  const ids = async (since: string): Promise<number[]> =>
    (await json('list', '--since', since)).map(({ id }: { id: number }) => id)
  assert.deepEqual([await ids('7d'), await ids('9 days ago'), await ids('yesterday')], [[2], [2, 1], [2]])
})
