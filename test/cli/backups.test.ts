import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { cancelWhileProbing } from '../support/cancelled.ts'
import { commandLine } from '../support/command-line.ts'
import { MemorySource } from '../support/memory-source.ts'

test('backup create says what was made, how large it is and under which number', async t => {
  const { holdfast, engine } = await commandLine(t)
  const { code, out } = await holdfast('backup', 'create', '--type', 'full', '--description', 'Before v2.5', '--compression', 'zstd')
  assert.equal(code, 0)
  assert.match(out, /^✓ Created full backup: shop-backup-2025-11-24T23-30-00\.db\.zst\n {2}Size: \d+ B \(compressed from 100\.0 kB\)\n {2}Duration: 0\.0 s\n {2}Compression ratio: [\d.]+x\n {2}Backup ID: 1\n$/)
  const { description, type, verification } = await engine.backup(1)
  assert.deepEqual([description, type, verification.status], ['Before v2.5', 'manual', 'valid'])
})

test('"backup" alone makes one as well, of the source that is named either way', async t => {
  const { holdfast, engine } = await commandLine(t, { sources: [new MemorySource('shop'), new MemorySource('ledger')] })
  for (const words of [['backup'], ['backup', 'ledger'], ['backup', '--source', 'ledger'], ['backup', 'create', 'shop', '--source', 'shop']]) assert.equal((await holdfast(...words)).code, 0, words.join(' '))
  assert.deepEqual((await engine.backups({ limit: 9 })).backups.map(({ source }) => source), ['shop', 'ledger', 'ledger', 'shop'])
  assert.equal((await holdfast('backup', 'shop', '--source', 'ledger')).code, 2)
})

test('--no-verify leaves out the proof and says so, --pre-migration marks the backup, "wal" is a full one', async t => {
  const { holdfast, engine } = await commandLine(t)
  assert.match((await holdfast('backup', '--no-verify', '--pre-migration', '--type', 'wal')).out, /Created full backup[^]*Verified: no/)
  const { type, verification } = await engine.backup(1)
  assert.deepEqual([type, verification.status], ['pre-migration', 'unverified'])
})

test('there are no incremental backups, and nothing is opened to find that out', async t => {
  const { holdfast } = await commandLine(t, { deps: { withSession: () => assert.fail('opened') } })
  const { code, err } = await holdfast('backup', 'create', '--type', 'incremental')
  assert.equal(code, 2)
  assert.match(err, /no incremental backups\nhint: Leave --type out/)
})

test('what fails has the exit code of its error, and with --json it is the last line on standard error', async t => {
  const { holdfast, faults } = await commandLine(t)
  assert.equal((await holdfast('backup', 'nowhere')).code, 4)
  faults.fail('source.probe', { error: new BackupError('SOURCE_LOCKED', 'the database is locked') })
  assert.equal((await holdfast('backup')).code, 7)
  faults.fail('source.probe', { error: new BackupError('SOURCE_MALFORMED', 'the database is malformed', { hint: 'Look.' }) })
  const { code, out, err } = await holdfast('backup', '--json')
  assert.deepEqual([code, out, JSON.parse(err)], [6, '', { error: { code: 'SOURCE_MALFORMED', message: 'the database is malformed', hint: 'Look.' } }])
})

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
  const ids = async (...words: string[]): Promise<number[]> => (await json('list', ...words)).map(({ id }: { id: number }) => id)
  assert.deepEqual(await ids(), [3, 2, 1])
  assert.deepEqual(await ids('--type', 'scheduled'), [2])
  assert.deepEqual(await ids('--type', 'full'), [3, 2, 1])
  assert.deepEqual(await ids('--type', 'wal', '--limit', '2'), [3, 2])
  assert.deepEqual(await ids('--type', 'incremental'), [])
  assert.deepEqual(await ids('--since', '2025-11-25'), [3])
  assert.deepEqual(await ids('--source', 'ledger'), [])
  assert.deepEqual(await ids('--status', 'failed'), [])
  assert.deepEqual(await ids('--trashed'), [])
})

test('where there are more than are shown list says so, with --json beside the result; --all shows every one', async t => {
  const { holdfast, create } = await commandLine(t)
  for (let i = 0; i < 3; i++) await create()
  assert.match((await holdfast('list', '--limit', '2')).out, /\n2 backups, 200\.0 kB; 1 more are shown with --all\n$/)
  const { out, err } = await holdfast('list', '--limit', '2', '--json')
  assert.deepEqual([JSON.parse(out).length, err], [2, 'holdfast: 2 backups, 200.0 kB; 1 more are shown with --all\n'])
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

test('what somebody wrote into a description does not reach the terminal as it is', async t => {
  const { holdfast, create } = await commandLine(t)
  await create({ description: 'a\u001b[2Jb' })
  for (const words of [['list'], ['list', '--verbose'], ['show', '1']]) {
    const { out } = await holdfast(...words)
    assert.ok(out.includes('a\ufffd[2Jb') && !out.includes('\u001b'), words.join(' '))
  }
})

test('list --verbose and show tell everything', async t => {
  const { holdfast, create, engine } = await commandLine(t)
  await create({ compression: 'gzip' })
  const [listed, shown] = [await holdfast('list', '--verbose'), await holdfast('show', '1')]
  for (const { out } of [listed, shown]) assert.match(out, /^Backup 1\n {2}file +\/.*\.db\.gz\n[^]* {2}sha256 +[0-9a-f]{64}\n/)
  assert.match(shown.out, /Last verification\n {2}✓ file_exists\n[^]*All verifications\n {2}2025-11-24T/)
  assert.equal((await engine.backup(1)).compression, 'gzip')
  assert.equal((await holdfast('show', '2')).code, 4)
  assert.equal((await holdfast('show', 'one')).code, 2)
})

test('remove puts a backup into the trash and restore-from-trash brings it back', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  assert.equal((await holdfast('remove', '1')).code, 5)
  assert.match((await holdfast('remove', '1', '--force')).out, /Moved backup 1 to the trash; for 1 d "holdfast restore-from-trash 1" brings it back/)
  assert.deepEqual([(await json('list')).length, (await json('list', '--trashed')).length], [0, 1])
  assert.match((await holdfast('restore-from-trash', '1')).out, /Brought backup 1 back/)
  assert.equal((await holdfast('restore-from-trash', '1')).code, 5)
})

test('of several, those that can be brought back are, and the exit code tells that not all were', async t => {
  const { holdfast, create, engine } = await commandLine(t)
  await create()
  await create()
  await holdfast('remove', '1')
  const { code, out } = await holdfast('restore-from-trash', '2', '1')
  assert.equal(code, 3)
  assert.match(out, /✓ Brought backup 1 back[^]*! backup 2: backup 2 is not in the trash/)
  assert.equal((await engine.backup(1)).trashedAt, null)
})

test('pin, unpin and describe change what is said of a backup', async t => {
  const { holdfast, create, engine } = await commandLine(t)
  await create()
  for (const words of [['pin', '1'], ['describe', '1', 'the good one']]) assert.equal((await holdfast(...words)).code, 0)
  let backup = await engine.backup(1)
  assert.deepEqual([backup.pinned, backup.description], [true, 'the good one'])
  for (const words of [['unpin', '1'], ['describe', '1', '']]) assert.equal((await holdfast(...words)).code, 0)
  backup = await engine.backup(1)
  assert.deepEqual([backup.pinned, backup.description], [false, null])
  assert.equal((await holdfast('describe', '1', 'x'.repeat(1001))).code, 2)
})

test('stats and sources tell how each source stands', async t => {
  const { holdfast, create, clock } = await commandLine(t)
  await create()
  clock.move(3 * 3_600_000)
  assert.match((await holdfast('stats')).out, /^shop +ok +1 +100\.0 kB +3 h ago/m)
  assert.match((await holdfast('stats')).out, /\n1 backup, 100\.0 kB, the newest 3 h ago; 0 failures\n$/)
  assert.match((await holdfast('sources')).out, /^shop, the default: ok\n[^]* {2}made +every 1 h\n {2}kept +at most 10\n/)
})

test('a cancelled backup is listed as cancelled, and is failed with the code CANCELLED for programs', async t => {
  const { holdfast, json, faults, engine } = await commandLine(t)
  await cancelWhileProbing({ engine, faults })
  const [row] = await json('list')
  assert.deepEqual([row.status, row.errorCode], ['failed', 'CANCELLED'])
  assert.match((await holdfast('list')).out, / cancelled /)
  assert.match((await holdfast('stats')).out, /; 0 failures/)
})
