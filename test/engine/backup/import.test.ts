import assert from 'node:assert/strict'
import Database from 'better-sqlite3'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { BackupError } from '../../../src/core/errors.ts'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { DUMP } from '../../support/databases/dump.ts'
import { CHANGED, importing } from '../../support/engine/importing.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { digestOf } from '../../support/streams.ts'

const NAME = 'audit_20251110_020000.db'
const TIME = new Date('2025-11-10T02:00:00.000Z')

test('an imported database is a verified backup of the time in its name, and the file is as it was', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME)
  const [bytes, before] = [readFileSync(path), statSync(path)]
  const { backup, outcome, notes, removed } = await bench.importFile(NAME)
  assert.deepEqual([outcome, notes, removed], ['imported', [], []])
  assert.deepEqual([backup.status, backup.verification.status, backup.type, backup.method, backup.key], [
    'completed',
    'valid',
    'manual',
    'full',
    'shop-backup-2025-11-10T02-00-00.db'
  ])
  assert.deepEqual([backup.startedAt, backup.description], [
    TIME,
    `imported from "${NAME}" (SQLite database), time from its name`
  ])
  assert.ok(readFileSync(backup.filePath).equals(bytes))
  const manifest = parseManifest(readFileSync(`${backup.filePath}.manifest.json`, 'utf8'))
  assert.deepEqual(manifest.imported, {
    at: bench.clock.now().toISOString(),
    file: NAME,
    form: 'sqlite',
    ...digestOf(bytes),
    timeFrom: 'name'
  })
  assert.deepEqual(manifest.source, { name: 'shop', kind: 'sqlite', location: bench.live })
  const after = statSync(path)
  assert.deepEqual([readFileSync(path).equals(bytes), after.mtimeMs, after.ino], [true, before.mtimeMs, before.ino])
  assert.deepEqual([readdirSync(bench.old), readdirSync(bench.deps.scratch.directory)], [[NAME], []])
})

test('an import is compressed and encrypted as backups of the source are', async t => {
  const { recipient, identity } = await ageKey()
  const bench = await importing(t, {
    settings: { compression: 'zstd' },
    keyring: await keyring({ identities: [identity], sealing: { encryption: 'age', ageRecipients: [recipient] } })
  })
  bench.oldDatabase(NAME)
  const { backup } = await bench.importFile(NAME)
  assert.deepEqual([backup.compression, backup.encryption, backup.verification.status], ['zstd', 'age', 'valid'])
})

test('a dump that is compressed becomes a database, and the backup states that it was made from SQL', async t => {
  const bench = await importing(t)
  const path = join(bench.old, 'shop_20251110_020000.sql.gz')
  writeFileSync(path, gzipSync(DUMP))
  utimesSync(path, CHANGED, CHANGED)
  const { backup, notes } = await bench.importFile('shop_20251110_020000.sql.gz')
  assert.match(notes.join(), /made from SQL/)
  assert.match(backup.description ?? '', /\(SQL dump\)/)
  const manifest = await bench.engine.manifest(backup.id)
  assert.deepEqual([manifest?.imported?.form, manifest?.imported?.sha256], ['sql', digestOf(DUMP).sha256])
  const db = new Database(backup.filePath, { readonly: true })
  assert.equal(db.prepare('SELECT count(*) FROM account').pluck().get(), 2)
  db.close()
})

test('the same content for the same time is recognized, also where it is compressed', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME)
  const first = await bench.importFile(NAME)
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
  const again = await bench.importFile(`${NAME}.gz`)
  assert.deepEqual([again.outcome, again.backup.id], ['known', first.backup.id])
  assert.equal((await bench.importFile(NAME)).outcome, 'known')
  assert.equal((await bench.engine.backups({ limit: 10 })).count, 1)
  // Another time is another state.
  assert.equal((await bench.importFile(NAME, { at: new Date('2025-11-11T00:00:00.000Z') })).outcome, 'imported')
  // Other content as well.
  bench.oldDatabase(NAME, 99)
  const other = await bench.importFile(NAME)
  assert.deepEqual([other.outcome, other.backup.key], ['imported', 'shop-backup-2025-11-10T02-00-00-2.db'])
})

test('a backup in the trash is recognized, and one that is gone is imported again', async t => {
  const bench = await importing(t)
  await bench.create()
  bench.oldDatabase(NAME)
  const { backup } = await bench.importFile(NAME)
  await (await bench.engine.remove(backup.id, { force: false })).result
  const trashed = await bench.importFile(NAME, { remove: true, pin: true })
  assert.deepEqual([trashed.outcome, trashed.notes, trashed.removed], ['known', [
    'the backup is in the trash',
    'the file was not removed, because the backup is not verified'
  ], []])
  await bench.deps.catalog.backups.remove(backup.id, bench.clock.now())
  assert.equal((await bench.importFile(NAME)).outcome, 'imported')
})

test('a file that is damaged is refused and leaves neither a row nor an object', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME, 5000)
  truncateSync(path, 100_000)
  utimesSync(path, CHANGED, CHANGED)
  await rejectsWith('IMPORT_REFUSED', bench.importFile(NAME))
  assert.deepEqual([(await bench.engine.backups({ limit: 10 })).count, bench.files()], [0, []])
  assert.deepEqual([existsSync(path), readdirSync(bench.deps.scratch.directory)], [true, []])
})

test('with --remove the file goes after its verification, with its companions, and each is reported', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME)
  const live = new Database(bench.live)
  live.exec('UPDATE entry SET amount = amount + 1')
  for (const suffix of ['', '-wal']) {
    writeFileSync(path + suffix, readFileSync(bench.live + suffix))
    utimesSync(path + suffix, CHANGED, CHANGED)
  }
  live.close()
  const { removed, backup, notes } = await bench.importFile(NAME, { remove: true })
  assert.deepEqual(notes, ['with the changes in the "-wal" file next to it'])
  assert.deepEqual([removed, readdirSync(bench.old), backup.verification.status], [
    [path, `${path}-wal`],
    [],
    'valid'
  ])
})

test('a backup that could not be verified does not remove its file', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME)
  const kind = bench.deps.kinds.get('sqlite')!
  kind.inspector.inspect = async () => {
    throw new BackupError('PROCESS_TIMED_OUT', 'too slow')
  }
  const { backup, removed, notes } = await bench.importFile(NAME, { remove: true })
  assert.deepEqual([backup.verification.status, removed, existsSync(path)], ['unverified', [], true])
  assert.deepEqual(notes, ['the file was not removed, because the backup is not verified'])
})

test('a file that changed after it was read stays', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME)
  const put = bench.deps.store.put.bind(bench.deps.store)
  bench.deps.store.put = async (...args) => {
    appendFileSync(path, 'more')
    return await put(...args)
  }
  const { removed, notes } = await bench.importFile(NAME, { remove: true })
  assert.deepEqual([removed, notes, existsSync(path)], [
    [],
    [`"${path}" was not removed, because it changed after it was read`],
    true
  ])
})

test('a repeated import removes the file that the first one left', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME)
  await bench.importFile(NAME)
  const { outcome, removed } = await bench.importFile(NAME, { remove: true, pin: true })
  assert.deepEqual([outcome, removed], ['known', [path]])
  assert.equal((await bench.engine.backup(1)).pinned, true)
})

test('a pinned import stays when rotation removes others of its age', async t => {
  const bench = await importing(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  bench.oldDatabase(NAME)
  bench.oldDatabase('audit_20251111_020000.db', 101)
  const pinned = await bench.importFile(NAME, { pin: true })
  await bench.importFile('audit_20251111_020000.db')
  assert.deepEqual([pinned.backup.pinned, (await bench.engine.manifest(pinned.backup.id))?.pinned], [true, true])
  const next = await bench.create()
  assert.deepEqual((await bench.engine.backups({ limit: 10 })).backups.map(({ id }) => id), [next.id, pinned.backup.id])
})

test('an import waits for no other job of the source, and neither runs its hooks nor is rotated', async t => {
  const bench = await importing(t, {
    hooks: { shop: { before: [['/bin/false']], after: [['/bin/false']], timeout: 10_000 } },
    settings: { maxBackups: 1 }
  })
  bench.oldDatabase(NAME)
  bench.oldDatabase('audit_20251111_020000.db', 101)
  await bench.importFile(NAME)
  await bench.importFile('audit_20251111_020000.db')
  assert.equal((await bench.engine.backups({ limit: 10 })).count, 2)
  assert.deepEqual(bench.events.filter(({ type }) => type === 'operation.failed'), [])

  const lock = await bench.deps.runner.locks.lock(['source:shop'])
  await rejectsWith('BACKUP_IN_PROGRESS', bench.importFile(NAME))
  await lock.release()
})

test('a backup that fails on its way leaves a failed row, the file and nothing in scratch space', async t => {
  const bench = await importing(t)
  const path = bench.oldDatabase(NAME)
  bench.faults.fail('store.put', { error: new BackupError('STORE_FAILED', 'the disk died') })
  await rejectsWith('STORE_FAILED', bench.importFile(NAME, { remove: true }))
  assert.deepEqual([(await bench.engine.backup(1)).errorCode, existsSync(path), bench.files()], [
    'STORE_FAILED',
    true,
    []
  ])
  assert.deepEqual(readdirSync(bench.deps.scratch.directory), [])
  assert.equal((await bench.importFile(NAME)).outcome, 'imported')
})

test('the type is the one that was asked for, and rules of retention see the time of the data', async t => {
  const bench = await importing(t, {
    settings: { autoBackupEnabled: false },
    policies: { shop: { retention: { daily: 7, minBackups: 1 }, maxBackups: null } as never }
  })
  for (const day of ['10', '11', '12']) bench.oldDatabase(`audit_202511${day}_020000.db`, 100 + Number(day))
  for (const day of ['12', '10', '11']) await bench.importFile(`audit_202511${day}_020000.db`, { type: 'scheduled' })
  const { decisions } = await (await bench.engine.prune({ dryRun: true })).result
  assert.deepEqual(decisions.map(({ backup, keep }) => [backup.startedAt.toISOString().slice(0, 10), keep]), [
    ['2025-11-12', true],
    ['2025-11-11', true],
    ['2025-11-10', true]
  ])
  assert.match(decisions.at(-1)?.reasons.join() ?? '', /daily/)
})
