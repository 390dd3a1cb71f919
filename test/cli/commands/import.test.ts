import assert from 'node:assert/strict'
import { readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { importSchema } from '../../../src/cli/views/imported.ts'
import { commandLine, type CommandLine, type CommandLineOptions } from '../../support/cli/command-line.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { CHANGED, sqliteShop } from '../../support/engine/importing.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench extends CommandLine {
  readonly old: string
}

/** Two databases, one that is cut off, and two files that a SQLite source cannot import. */
async function withFiles (t: TestContext, options: CommandLineOptions = {}): Promise<Bench> {
  const home = tempDir(t)
  const live = join(home, 'shop.db')
  makeMoney(live, { entries: 10 })
  const old = tempDir(t)
  for (const name of ['shop_20251111_020000.db', 'shop_20251110_020000.db', 'shop_20251112_020000.db']) {
    makeMoney(join(old, name), { journalMode: 'delete', entries: Number(name.slice(9, 13)) })
  }
  truncateSync(join(old, 'shop_20251112_020000.db'), 50_000)
  for (const name of ['elspeth_20240115.dump', 'pipeline_20251110.yaml']) writeFileSync(join(old, name), 'x')
  for (const name of readdirSync(old)) utimesSync(join(old, name), CHANGED, CHANGED)
  const command = await commandLine(t, {
    sources: [sqliteShop(t, live)],
    settings: { autoBackupEnabled: false },
    ...options,
    deps: { cwd: old }
  })
  return { ...command, old }
}

test('of a directory, the files that fit are imported, the oldest first, and the others named', async t => {
  const { holdfast, json, old } = await withFiles(t)
  const before = readdirSync(old)
  const { code, out } = await holdfast('import', '.', '--source', 'shop')
  assert.equal(code, 3)
  assert.match(out, /shop_20251110_020000.db +2025-11-10 02:00 .* name +SQLite database .* backup 1,/)
  assert.match(out, /shop_20251111_020000.db .* backup 2,/)
  assert.match(out, /shop_20251112_020000.db: ".*" is damaged: .* Import another file/)
  assert.match(out, /elspeth_20240115.dump: .* no kind of source for PostgreSQL/)
  assert.match(out, /✗ 2 files imported, 2 skipped, 1 failed\n/)
  assert.deepEqual(readdirSync(old), before)
  const printed = await json('import', '.', '--source', 'shop')
  assert.deepEqual(importSchema.parse(printed), printed)
  assert.deepEqual(
    printed.files.map(({ outcome, at, backup, error }: (typeof importSchema)['_output']['files'][number]) => [
      outcome,
      at,
      backup?.id ?? null,
      error?.code ?? null
    ]),
    [
      ['known', '2025-11-10T02:00:00.000Z', 1, null],
      ['known', '2025-11-11T02:00:00.000Z', 2, null],
      ['failed', null, null, 'IMPORT_REFUSED'],
      ['skipped', null, null, 'IMPORT_UNSUPPORTED'],
      ['skipped', null, null, 'IMPORT_UNSUPPORTED']
    ]
  )
})

test('a dry run shows file, time, origin, format and size, and changes nothing', async t => {
  const { json, holdfast } = await withFiles(t)
  const printed = await json('import', '*.db', '--source', 'shop', '--dry-run', '--time-zone', 'Europe/Vienna')
  assert.deepEqual(importSchema.parse(printed), printed)
  const [first] = printed.files
  assert.deepEqual([printed.dryRun, printed.files.length, first.outcome, first.at, first.timeFrom, first.form], [
    true,
    3,
    'planned',
    '2025-11-10T01:00:00.000Z',
    'name',
    'sqlite'
  ])
  assert.match((await holdfast('import', '*.db', '--source', 'shop', '--dry-run')).out, /✓ 3 files can be imported\n$/)
  assert.deepEqual(await json('list', '--all'), [])
  assert.deepEqual((await json('audit')).entries, [])
})

test('one file that fails is the failure of the command', async t => {
  const { holdfast } = await withFiles(t)
  const damaged = await holdfast('import', 'shop_20251112_020000.db', '--source', 'shop')
  assert.deepEqual([damaged.code, damaged.out], [6, ''])
  assert.equal((await holdfast('import', 'elspeth_20240115.dump', '--source', 'shop')).code, 2)
  assert.equal((await holdfast('import', 'missing.db', '--source', 'shop')).code, 4)
  assert.equal((await holdfast('import', 'shop_20251110_020000.db', '--source', 'none')).code, 4)
  assert.equal((await holdfast('import', 'shop_20251110_020000.db')).code, 2)
})

test('--at is the time of one file', async t => {
  const { holdfast, json } = await withFiles(t)
  const both = ['shop_20251110_020000.db', 'shop_20251111_020000.db']
  const { code, err } = await holdfast('import', ...both, '--source', 'shop', '--at', '2025-11-01')
  assert.deepEqual([code, /"--at" is the time of one file/.test(err)], [2, true])
  const { files: [file] } = await json('import', both[0]!, '--source', 'shop', '--at', '2025-11-01T10:00:00Z')
  assert.deepEqual([file.at, file.timeFrom, file.backup.startedAt], [
    '2025-11-01T10:00:00.000Z',
    'option',
    '2025-11-01T10:00:00.000Z'
  ])
})

test('with --remove each removal is reported', async t => {
  const { holdfast, old } = await withFiles(t)
  const { out } = await holdfast('import', 'shop_20251110_020000.db', '--source', 'shop', '--remove')
  assert.match(out, new RegExp(`\nremoved "${join(old, 'shop_20251110_020000.db')}"\n`))
  assert.ok(!readdirSync(old).includes('shop_20251110_020000.db'))
})

test('what the rules would remove next is shown, and a pinned import is not among it', async t => {
  const { holdfast, json, create } = await withFiles(t, { settings: { maxBackups: 1, autoBackupEnabled: false } })
  const own = await create({ type: 'scheduled' })
  const { out } = await holdfast('import', 'shop_20251110_020000.db', '--source', 'shop')
  assert.match(
    out,
    /By the rules of "shop", the next backup or prune removes:\n {2}backup 2 from 2025-11-10T02:00:00.000Z: /
  )
  assert.match(out, /pin them \("holdfast pin ID", or "import --pin"\)/)
  const { removals } = await json('import', 'shop_20251111_020000.db', '--source', 'shop', '--pin')
  assert.deepEqual(removals.map(({ backupId }: { backupId: number }) => backupId), [2])
  assert.deepEqual((await json('list')).map(({ id }: { id: number }) => id), [3, 2, own.id])
})

test('a backup that is not like those before it is shown as suspect', async t => {
  const { holdfast, old } = await withFiles(t)
  for (const [day, entries] of [['13', 5000], ['14', 5000], ['15', 5000], ['16', 10]] as const) {
    const path = join(old, `shop_202511${day}_020000.db`)
    makeMoney(path, { journalMode: 'delete', entries })
    utimesSync(path, CHANGED, CHANGED)
  }
  const { out } = await holdfast('import', 'shop_2025111[3-6]*', '--source', 'shop')
  assert.match(out, /shop_20251116_020000.db: backup 4 is suspect: the number of rows in "entry" fell by/)
})

test('--latest takes the newest state, and not the backup that was imported last', async t => {
  const { holdfast, json, create } = await withFiles(t)
  const own = await create()
  await holdfast('import', 'shop_20251110_020000.db', '--source', 'shop')
  const target = join(tempDir(t), 'restored.db')
  const { restore } = await json('restore', '--latest', '--source', 'shop', '--output', target)
  assert.equal(restore.backupId, own.id)
})

test('an import is recorded in the audit log', async t => {
  const { holdfast, json } = await withFiles(t)
  await holdfast('import', 'shop_20251110_020000.db', '--source', 'shop')
  const { entries: [entry] } = await json('audit')
  assert.deepEqual([entry.action, entry.target, entry.outcome], ['import', 'source shop', 'done'])
})
