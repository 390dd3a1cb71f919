import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import pc from 'picocolors'
import { viewDryRun } from '../../../src/cli/views/dry-run.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { DryRun } from '../../../src/engine/restore/dry-run.ts'
import { holdfast } from '../../support/processes/holdfast.ts'
import { landingCopy } from '../../../src/engine/artifacts/objects.ts'
import { aDryRun } from '../../support/builders/restore.ts'
import { commandLine, type CommandLine, type CommandLineOptions } from '../../support/cli/command-line.ts'
import { makeMoney, readMoney, TOTAL } from '../../support/databases/money.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { tempDir } from '../../support/temp-dir.ts'

const OLD = Buffer.from('what the backup has')
const NEW = Buffer.from('what stands there now')

/** Backup 1 has `OLD`, backup 2 is not valid to rely on, and `NEW` stands there. */
async function changed (t: TestContext, options: CommandLineOptions = {}): Promise<CommandLine> {
  const line = await commandLine(t, options)
  line.source.bytes = OLD
  await line.create()
  await line.create({ verify: false })
  line.source.bytes = NEW
  return line
}

test('a restore says what it did and how to undo it, and is in the audit log', async t => {
  const line = await changed(t)
  const { code, out } = await line.holdfast('restore', '1', '--confirm')
  assert.equal(code, 0)
  assert.match(
    out,
    /^✓ Restored backup 1 to \/memory\/shop\n {2}Backup created {2}.*\n {2}Restored in .*\n {2}Size +19 B\n {2}Manifest +signed \(key [0-9a-f]{16}\)\n {2}To undo +holdfast restore 3\n$/
  )
  assert.deepEqual(line.source.bytes, OLD)
  const [entry] = (await line.deps.catalog.audit.list({ limit: 1 })).entries
  assert.deepEqual([entry?.action, entry?.target, entry?.outcome, entry?.actor], ['restore', 'backup 1', 'done', 'ann'])
  const { restores: [row] } = await line.json('restores')
  assert.deepEqual([row.actor, row.status, row.safetyBackupId], ['ann', 'completed', 3])
})

test('--dry-run shows what would change, asks nothing and leaves everything as it was', async t => {
  const line = await changed(t)
  const { code, out } = await line.holdfast('restore', '1', '--dry-run')
  assert.equal(code, 0)
  assert.match(out, /^Dry run: nothing was changed\n\n {2}Restore +backup 1 of "shop" to \/memory\/shop \(live\)\n/)
  assert.match(out, /Before that +the current content is backed up\n {2}Space +19 B for the decompressed backup in /)
  assert.match(out, /Open in +no process .*\n {2}Estimate +1\.0 s, based on the size only\n\nRows were not compared: /)
  assert.deepEqual(line.source.bytes, NEW)
  assert.equal((await line.json('restores')).restores.length, 0)
  const [entry] = (await line.deps.catalog.audit.list({ limit: 1 })).entries
  assert.deepEqual([entry?.action, entry?.target, entry?.outcome], ['restore dry-run', 'backup 1', 'done'])
})

test('--dry-run ends with what the restore would end with', async t => {
  const line = await changed(t)
  const target = join(tempDir(t), 'copy.txt')
  assert.equal((await line.holdfast('restore', '1', '--output', target)).code, 0)
  const real = await line.holdfast('restore', '1', '--output', target)
  const dry = await line.holdfast('restore', '1', '--output', target, '--dry-run')
  assert.deepEqual([dry.code, real.code], [5, 5])
  assert.match(dry.out, /✗ The restore would fail: ".*copy\.txt" exists\n/)
})

test('a mode that the kind of the backup does not have is refused before anything is asked or begun', async t => {
  const line = await changed(t, {
    deps: {
      ask: async () => {
        throw new Error('it was asked')
      }
    }
  })
  const { code, err } = await line.holdfast('restore', '1', '--mode', 'whole')
  assert.equal(code, 2)
  assert.match(err, /"mode" is "whole", which sources of the kind "memory" do not support/)
  assert.match(err, /use one of these: live \(in place\), replace \(in its place\)\./)
  assert.equal((await line.json('restores')).restores.length, 0)
})

test('the words of the guide do the same', async t => {
  const line = await changed(t)
  assert.equal((await line.holdfast('backup', 'restore', '1', '--confirm')).code, 0)
  assert.deepEqual(line.source.bytes, OLD)
  assert.match((await line.holdfast('backup', 'restores')).out, /completed/)
})

test('--latest takes the newest valid backup, and none that was made before a restore', async t => {
  const line = await changed(t)
  await line.create({ type: 'pre-migration' })
  const { restore, undo } = await line.json('restore', '--latest', '--source', 'shop', '--yes')
  assert.deepEqual([restore.backupId, restore.status, undo.command], [1, 'completed', 'holdfast restore 4'])
  assert.match((await line.holdfast('restore', '--latest', '--source', 'bank', '--yes')).err, /no source "bank"/)
})

test('--latest looks further back than what is read at once', async t => {
  const line = await changed(t)
  for (let n = 0; n < 100; n++) await line.create({ verify: false })
  assert.equal((await line.json('restore', '--latest', '--confirm')).restore.backupId, 1)
})

test('--latest goes by the times, also where numbers do not, as after taking backups over from a store', async t => {
  const line = await changed(t)
  const { catalog, store } = line.deps
  const manifest = await catalog.backups.manifest(1)
  assert.ok(manifest !== undefined)
  for (let n = 0; n < 120; n++) await line.create({ verify: false })
  // A good one of a year ago, known since today.
  const startedAt = new Date(new Date(manifest.startedAt).getTime() - 365 * 86_400_000).toISOString()
  const key = (await catalog.backups.get(1)).key
  const old = { ...manifest, id: 500, startedAt }
  await catalog.backups.adopt(old, {
    key: `old-${key}`,
    copy: landingCopy(store, `old-${key}`, old),
    hasLanded: true,
    trashedAt: null,
    neverDeleted: false,
    foreignInstance: null
  })
  assert.equal((await line.json('restore', '--latest', '--confirm')).restore.backupId, 1)
})

test('where there is no valid backup --latest says so', async t => {
  const line = await commandLine(t)
  await line.create({ verify: false })
  const { code, err } = await line.holdfast('restore', '--latest', '--confirm')
  assert.equal(code, 4)
  assert.match(err, /no valid backup of "shop"/)
})

test('--latest and --at pass over a backup from the future, and name it', async t => {
  const line = await changed(t)
  line.clock.move(20 * 3_600_000)
  const ahead = await line.create()
  line.clock.move(-20 * 3_600_000)
  for (const words of [['--latest'], ['--at', '2099-01-01']]) {
    const { code, err } = await line.holdfast('restore', ...words, '--output', `/${words[0]}.db`)
    assert.equal(code, 0)
    assert.match(
      err,
      new RegExp(
        `skipped backup ${ahead.id} \\(${ahead.startedAt.toISOString()}\\): dated in the future \\(the clock shows `
      )
    )
  }
  assert.deepEqual((await line.json('restores')).restores.map(({ backupId }: { backupId: number }) => backupId), [1, 1])
})

test('where every valid backup is from the future --latest takes none and asks for the clock', async t => {
  const line = await commandLine(t)
  const only = await line.create()
  line.clock.move(-4 * 60_000)
  assert.equal((await line.holdfast('restore', '--latest', '--output', '/skewed.db')).code, 0)
  line.clock.move(-2 * 60_000)
  const { code, err } = await line.holdfast('restore', '--latest', '--output', '/none.db')
  assert.equal(code, 4)
  assert.match(
    err,
    new RegExp(`no valid backup of "shop"; skipped backup ${only.id} \\(.*\\).*\\nhint: Check the clock`)
  )
})

test('on a terminal it shows what would be replaced and asks; only a yes restores', async t => {
  const answers = [false, true]
  const asked: string[] = []
  const line = await changed(t, {
    columns: 80,
    environment: { NO_COLOR: '1' },
    deps: {
      ask: async question => {
        asked.push(question)
        return answers.shift() ?? false
      }
    }
  })
  const refused = await line.holdfast('restore', '1')
  assert.match(
    refused.out,
    /WARNING: This replaces the current content of the source![^]*\/memory\/shop[^]*backup 1 of "shop", [^]*Newest backup +backup 2, 2025-11-24 23:30:02 UTC \(just now\)[^]*nothing was restored\n$/
  )
  assert.deepEqual([refused.code, line.source.bytes], [0, NEW])
  assert.match((await line.holdfast('restore', '1')).out, /✓ Restored backup 1/)
  assert.deepEqual([asked, line.source.bytes], [['Continue with restore?', 'Continue with restore?'], OLD])
})

test('the prompt and the answer show where links lead', async t => {
  const home = tempDir(t)
  mkdirSync(join(home, 'v1'))
  symlinkSync('v1', join(home, 'current'))
  const line = await changed(t, { columns: 200, environment: { NO_COLOR: '1' }, deps: { ask: async () => true } })
  const { out } = await line.holdfast('restore', '1', '--output', join(home, 'current', 'x.db'), '--overwrite')
  assert.match(
    out,
    /Current file +\S+\/current\/x\.db → \S+\/v1\/x\.db \(does not exist\)[^]*Restored backup 1 to \S+\/v1\/x\.db\n/
  )
})

test('where nobody can be asked it is refused unless it is confirmed', async t => {
  const line = await changed(t)
  for (
    const words of [['restore', '1'], ['restore', '1', '--json'], ['restore', '1', '--output', 'x.db', '--overwrite']]
  ) {
    const { code, err } = await line.holdfast(...words)
    assert.equal(code, 2, words.join(' '))
    assert.match(err, /--confirm/)
  }
  assert.deepEqual(line.source.bytes, NEW)
})

test('with --json nobody is asked on a terminal either', async t => {
  const line = await changed(t, { columns: 80, deps: { ask: () => assert.fail('asked') } })
  const { code, out } = await line.holdfast('restore', '1', '--json')
  assert.deepEqual([code, out, line.source.bytes], [2, '', NEW])
})

test('to a new path nobody is asked, and the database stays as it is', async t => {
  const line = await changed(t, { deps: { cwd: '/elsewhere', ask: () => assert.fail('asked') } })
  const { code, out } = await line.holdfast('restore', '1', '--output', 'copy.db')
  assert.equal(code, 0)
  assert.match(out, /^✓ Restored backup 1 to \/elsewhere\/copy\.db\n/)
  assert.doesNotMatch(out, /undo/)
  assert.deepEqual([line.restorer.files.get('/elsewhere/copy.db'), line.source.bytes], [OLD, NEW])
  const again = await line.holdfast('restore', '1', '--output', 'copy.db')
  assert.deepEqual([again.code, /exists/.test(again.err)], [5, true])
})

test('--overwrite lets a file give way', async t => {
  const line = await changed(t)
  line.restorer.files.set('/elsewhere/copy.db', NEW)
  assert.equal((await line.holdfast('restore', '1', '--output', '/elsewhere/copy.db', '--overwrite', '--yes')).code, 0)
  assert.deepEqual(line.restorer.files.get('/elsewhere/copy.db'), OLD)
})

test('--no-verify leaves out the proof, which is otherwise in the history of the backup', async t => {
  const line = await changed(t)
  const proofs = async (): Promise<number> => (await line.json('show', '1')).verifications.length
  const before = await proofs()
  await line.holdfast('restore', '1', '--output', '/first.db', '--no-verify')
  assert.equal(await proofs(), before)
  await line.holdfast('restore', '1', '--output', '/second.db')
  assert.equal(await proofs(), before + 1)
})

for (
  const [words, said] of [
    [[], /no backup to restore/],
    [['1', '--latest'], /backup 1 and "--latest" exclude each other/],
    [['1', '--source', 'shop'], /--source/],
    [['x'], /id of a backup/],
    [['1', '--timeout', '15'], /number and a unit/],
    [['1', '--timeout', '61m'], /at most 60m/],
    [['1', '--mode', 'file'], /which sources of the kind "memory" do not support/],
    [['1', '--mode', 'live', '--output', 'x.db'], /"mode"/]
  ] as const
) {
  test(`restore ${words.join(' ')} is wrong usage, and nothing is touched`, async t => {
    const line = await changed(t)
    const { code, err } = await line.holdfast('restore', ...words, '--confirm')
    assert.equal(code, 2)
    assert.match(err, said)
    assert.deepEqual(line.source.bytes, NEW)
  })
}

test('a restore that fails says which backup has what stood there', async t => {
  const line = await changed(t)
  line.faults.fail('restorer.place', { error: new BackupError('SOURCE_LOCKED', 'held by 4711', { hint: 'End it.' }) })
  const { code, err } = await line.holdfast('restore', '1', '--confirm')
  assert.equal(code, 7)
  assert.match(err, /held by 4711\nhint: End it\. The previous state is in backup 3\.\n$/)
})

test('a process of its own restores a real database', async t => {
  const home = tempDir(t)
  const live = join(home, 'shop.db')
  makeMoney(live, { entries: 1000 })
  const environment = { DATABASE_PATH: './shop.db', JWT_SECRET: 'a secret for the tests alone, long enough' }
  assert.equal((await holdfast(['backup'], home, environment)).code, 0)
  const { code, out, err } = await holdfast(
    ['restore', '--latest', '--confirm', '--timeout', '500ms'],
    home,
    environment
  )
  assert.equal(code, 0, err)
  assert.match(err, /backup 1: restoring/)
  assert.match(out, /To undo +holdfast restore 2/)
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
  assert.equal((await holdfast(['restore', '9', '--confirm'], home, environment)).code, 4)
})

test('whoever holds the database for longer than the timeout is named, with the backup of what stands there', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 10 })
  const environment = { DATABASE_PATH: './shop.db', JWT_SECRET: 'a secret for the tests alone, long enough' }
  assert.equal((await holdfast(['backup'], home, environment)).code, 0)
  const { pid } = await sqliteProcess(t, join(home, 'shop.db'), 'BEGIN IMMEDIATE')
  const { code, err } = await holdfast(['restore', '1', '--confirm', '--timeout', '20ms'], home, environment)
  assert.equal(code, 7)
  assert.match(err, new RegExp(`locked by .*\\b${pid}\\b.* for 20 ms\\nhint: .*backup 2\\.`))
})

test('--at takes the newest valid backup from that time or before, and says so where there is none', async t => {
  const { json, holdfast, create, source, clock } = await commandLine(t)
  await create()
  clock.move(86_400_000)
  source.bytes = Buffer.from('a day later')
  await create()
  assert.equal((await json('restore', '--at', '2025-11-25', '--source', 'shop', '--yes')).restore.backupId, 1)
  const { code, err } = await holdfast('restore', '--at', '2025-11-01', '--yes')
  assert.match(
    (await holdfast('restore', '--at', '30 days ago', '--yes')).err,
    / from 2025-10-26T23:30:\d\d\.000Z or earlier/
  )
  assert.deepEqual(
    [code, err.includes('there is no valid backup of "shop" from 2025-11-01T00:00:00.000Z or earlier')],
    [
      4,
      true
    ]
  )
  assert.deepEqual([
    (await holdfast('restore', '1', '--at', '2025-11-25')).code,
    (await holdfast('restore', '1', '--thaw', '0')).code
  ], [2, 2])
})

test('--thaw asks for a backup and restores nothing', async t => {
  const { json, holdfast, create, engine } = await commandLine(t)
  await create()
  assert.deepEqual([(await holdfast('restore', '1', '--thaw')).out, await json('restore', '--latest', '--thaw', '7')], [
    '✓ backup 1 is readable already\n',
    { backupId: 1, store: null, hours: 0 }
  ])
  assert.equal((await engine.restores({ limit: 10 })).restores.length, 0)
})

test('a dry run of a database whose rows are only counted shows the tables with other counts', () => {
  const text = (counts: DryRun['counts']): string =>
    viewDryRun(aDryRun({ tables: null, ...counts && { counts } })).text({
      width: 120,
      colours: pc.createColors(false),
      now: new Date(),
      timeZone: 'UTC',
      command: 'holdfast'
    })
  const some = text([{ table: 'public.t', backup: 3, live: 5 }, { table: 'public.new', backup: null, live: 0 }])
  assert.match(some, /TABLE +ROWS NOW +IN THE BACKUP\npublic\.t +5 +3\npublic\.new +0 +none\n/)
  assert.match(text([]), /each table has as many rows/)
})
