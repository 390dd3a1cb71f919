import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ErrorCode } from '../../../src/core/errors.ts'
import type { ImportPlan } from '../../../src/engine/backup/import-plan.ts'
import { importing, CHANGED, type Importing } from '../../support/engine/importing.ts'
import { rejectsWith } from '../../support/rejects.ts'

async function planned (
  { engine, old }: Importing,
  name: string,
  given: { readonly at?: Date, readonly timeZone?: string, readonly path?: string } = {}
): Promise<ImportPlan> {
  return await engine.planImport({ source: 'shop', path: join(old, name), timeZone: 'UTC', ...given })
}

function write (old: string, name: string, content = 'anything', modified = CHANGED): void {
  writeFileSync(join(old, name), content)
  utimesSync(join(old, name), modified, modified)
}

test('a file is planned by its name alone, with its time and the origin of the time', async t => {
  const bench = await importing(t)
  for (
    const [name, form, codec, at, timeFrom] of [
      ['audit_20251110_020000.db', 'sqlite', undefined, '2025-11-10T02:00:00.000Z', 'name'],
      ['audit_20251110.SQLITE3.GZ', 'sqlite', 'gzip', '2025-11-10T00:00:00.000Z', 'name'],
      ['audit_20251110.db.zst', 'sqlite', 'zstd', '2025-11-10T00:00:00.000Z', 'name'],
      ['audit.db.backup', 'sqlite', undefined, CHANGED.toISOString(), 'modified'],
      ['audit_20251110_020000.sql.gz', 'sql', 'gzip', '2025-11-10T02:00:00.000Z', 'name']
    ] as const
  ) {
    write(bench.old, name)
    const plan = await planned(bench, name)
    assert.deepEqual([plan.form.name, plan.codec?.id, plan.at.toISOString(), plan.timeFrom, plan.size], [
      form,
      codec,
      at,
      timeFrom,
      8
    ], name)
  }
})

test('a time that was given comes before that of the name, and the name is read in the given zone', async t => {
  const bench = await importing(t)
  write(bench.old, 'audit_20251110_020000.db')
  const at = new Date('2025-11-09T01:00:00.000Z')
  const given = await planned(bench, 'audit_20251110_020000.db', { at })
  assert.deepEqual([given.at, given.timeFrom], [at, 'option'])
  const zoned = await planned(bench, 'audit_20251110_020000.db', { timeZone: 'Europe/Vienna' })
  assert.equal(zoned.at.toISOString(), '2025-11-10T01:00:00.000Z')
  const error = await rejectsWith('VALIDATION_FAILED', planned(bench, 'audit_20251110_020000.db', { timeZone: 'Mars' }))
  assert.match(error.message, /"Mars" is not the name of a time zone/)
})

test('a time in the future, and one after the last change of the file, are errors', async t => {
  const bench = await importing(t)
  write(bench.old, 'audit_20251110_020000.db')
  write(bench.old, 'audit_20991110.db')
  write(bench.old, 'new.db', 'x', new Date('2099-01-01T00:00:00.000Z'))
  const messages: string[] = []
  for (
    const [name, given] of [
      ['audit_20991110.db', {}],
      ['new.db', {}],
      ['audit_20251110_020000.db', { at: new Date('2099-01-01T00:00:00.000Z') }],
      ['audit_20251110_020000.db', { at: new Date('2025-11-20T12:05:01.000Z') }],
      // The script ran in a zone ahead of UTC.
      ['audit_20251120_130500.db', {}]
    ] as const
  ) {
    if (name === 'audit_20251120_130500.db') write(bench.old, name)
    messages.push(
      (await rejectsWith('VALIDATION_FAILED', planned(bench, name, given))).message.replace(/^"[^"]*": /, '')
    )
  }
  assert.deepEqual(messages, [
    'the time in its name, 2099-11-10T00:00:00.000Z, is in the future',
    'its last change, 2099-01-01T00:00:00.000Z, is in the future',
    'the time given with --at, 2099-01-01T00:00:00.000Z, is in the future',
    'the time given with --at, 2025-11-20T12:05:01.000Z, is after its last change, 2025-11-20T12:00:00.000Z',
    'the time in its name, 2025-11-20T13:05:00.000Z, is after its last change, 2025-11-20T12:00:00.000Z'
  ])
  const zoned = await planned(bench, 'audit_20251120_130500.db', { timeZone: 'Europe/Vienna' })
  assert.equal(zoned.at.toISOString(), '2025-11-20T12:05:00.000Z')
})

for (
  const [name, message] of [
    ['elspeth_20240115.dump', /dump of "pg_dump": this version has no kind of source for PostgreSQL/],
    ['shop.db.gz.gpg', /is encrypted: decrypt it first/],
    ['shop.db.age', /is encrypted: decrypt it first/],
    ['payloads.tar.gz', /is not a file that the SQLite database "shop" can import/],
    ['pipeline.yaml', /is not a file that the SQLite database "shop" can import/],
    ['.db', /is not a file that/]
  ] as const
) {
  test(`"${name}" cannot be imported, and the error names the formats that can`, async t => {
    const bench = await importing(t)
    write(bench.old, name)
    const error = await rejectsWith('IMPORT_UNSUPPORTED', planned(bench, name))
    assert.match(error.message, message)
    assert.match(error.hint ?? '', /SQLite database \(\.db, .*\) or SQL dump \(\.sql\), also with \.gz or \.zst/)
  })
}

test('a source whose kind imports nothing names that', async t => {
  const { MemorySource } = await import('../../support/sources/memory-source.ts')
  const bench = await importing(t, { sources: [new MemorySource('shop')] })
  write(bench.old, 'shop.db')
  assert.match((await rejectsWith('IMPORT_UNSUPPORTED', planned(bench, 'shop.db'))).message, /cannot import files/)
})

test('the live database, the catalog, files of the stores and backups of Holdfast are refused', async t => {
  const bench = await importing(t)
  const backup = await bench.create()
  const moved = join(bench.old, 'shop-backup-2025-11-10T02-00-00.db')
  writeFileSync(moved, 'x')
  writeFileSync(`${moved}.manifest.json`, '{}')
  for (
    const [path, message] of [
      [bench.live, /is the database of the source "shop"/],
      [`${bench.live}-wal`, /is the |not a file that/],
      [bench.catalogPath, /is the catalog/],
      [backup.filePath, /is a backup of Holdfast/],
      [moved, /is a backup of Holdfast/]
    ] as const
  ) {
    if (path.endsWith('-wal')) writeFileSync(path, 'x')
    assert.match((await rejectsWith('VALIDATION_FAILED', planned(bench, '', { path }))).message, message)
  }
})

test('what is no file, or cannot be read, is an error of its own', async t => {
  const bench = await importing(t)
  mkdirSync(join(bench.old, 'folder.db'))
  const errors: Array<readonly [string, ErrorCode]> = [['missing.db', 'OBJECT_NOT_FOUND'], [
    'folder.db',
    'OBJECT_NOT_FOUND'
  ]]
  for (const [name, code] of errors) await rejectsWith(code, planned(bench, name))
  await rejectsWith('SOURCE_NOT_FOUND', bench.engine.planImport({ source: 'none', path: '/x.db', timeZone: 'UTC' }))
  if (process.getuid?.() === 0) return
  mkdirSync(join(bench.old, 'closed'))
  chmodSync(join(bench.old, 'closed'), 0)
  await rejectsWith('SOURCE_UNREADABLE', planned(bench, 'closed/shop.db'))
})

test('a log next to an uncompressed database belongs to the file, and an empty one does not', async t => {
  const bench = await importing(t)
  write(bench.old, 'a.db')
  write(bench.old, 'a.db-wal', 'log')
  write(bench.old, 'a.db-journal', '')
  write(bench.old, 'a.db.gz')
  write(bench.old, 'a.db.gz-wal', 'log')
  const plan = await planned(bench, 'a.db')
  assert.deepEqual([plan.companions, plan.size], [[join(bench.old, 'a.db-wal')], 11])
  assert.deepEqual((await planned(bench, 'a.db.gz')).companions, [])
})
