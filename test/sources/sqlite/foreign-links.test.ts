import assert from 'node:assert/strict'
import {
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { ErrorCode } from '../../../src/core/errors.ts'
import { examineName } from '../../../src/sources/sqlite/examine.ts'
import { SQLITE_CHILD, openShared } from '../../../src/sources/sqlite/open.ts'
import { requireAt } from '../../../src/sources/sqlite/opened.ts'
import { salvageDatabase } from '../../../src/sources/sqlite/salvage-database.ts'
import { restoreLive } from '../../../src/sources/sqlite/restore-live.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { needRoot } from '../../support/skip-without.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { holdfast } from '../../support/processes/holdfast.ts'
import { openShop } from '../../support/engine/open-shop.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

// As in a child that opens databases: it is read when the first one is opened.
Object.assign(process.env, SQLITE_CHILD.environment)

const NOBODY = 65534

/**
 * The folder of an application whose user is `NOBODY`, its database with a backup, and the home of root with a database
 * in it.
 */
async function attacked (t: TestContext) {
  const home = tempDir(t)
  const at = (path: string): string => join(home, path)
  for (const folder of ['app', 'root']) mkdirSync(at(folder))
  makeMoney(at('app/shop.db'), { entries: 50 })
  makeMoney(at('root/payroll.db'), { entries: 10 })
  for (const path of ['app', 'app/shop.db']) chownSync(at(path), NOBODY, NOBODY)
  const environment = { DATABASE_PATH: at('app/shop.db') }
  const { engine, close } = await openShop(t, home, environment)
  await (await engine.create({ type: 'manual', compression: 'none' })).result
  renameSync(at('app/shop.db'), at('app/shop.db.old'))
  const leadTo = (target: string, name = 'shop.db'): void => {
    rmSync(at(`app/${name}`), { force: true })
    symlinkSync(target, at(`app/${name}`))
    lchownSync(at(`app/${name}`), NOBODY, NOBODY)
  }
  const result = async <T>(job: Promise<{ readonly result: Promise<T> }>): Promise<T> => await (await job).result
  return { at, home, environment, engine, close, leadTo, result, path: at('app/shop.db') }
}

for (
  const [what, target, made] of [['a database of another user', 'root/payroll.db', true], [
    'a file that is not there',
    'root/authorized_keys',
    false
  ]] as const
) {
  test(`the owner of the folder of a database cannot lead the service to ${what}`, async t => {
    if (!needRoot(t)) return
    const { at, home, engine, leadTo, result, path } = await attacked(t)
    leadTo(at(target))
    const before = made ? readFileSync(at(target)) : undefined
    const code: ErrorCode = 'SOURCE_LINK_REFUSED'
    await rejectsWith(code, result(engine.create({ type: 'manual' })))
    for (const mode of [undefined, 'live', 'replace'] as const) {
      await rejectsWith(code, result(engine.restore(1, { mode })))
    }
    await rejectsWith(code, result(engine.diff(1, { with: 'live' })))
    await rejectsWith(code, result(engine.rescue(1, { selections: [{ table: 'entry' }], dryRun: false })))
    await rejectsWith(
      code,
      salvageDatabase(path, join(home, 'rescued.db'), { signal: never, phase () {}, bytes () {} })
    )
    const findings = await examineName(path)
    assert.deepEqual(
      findings.map(({ status, message }) => [status, /symbolic link .* belongs to user 65534/.test(message)]),
      [['fail', true]]
    )
    assert.deepEqual(made ? readFileSync(at(target)) : existsSync(at(target)), made ? before : false)
    assert.deepEqual(readdirSync(at('root')).toSorted(), ['payroll.db'])
  })
}

test('a link in the place of the database that leads into what is ours is refused, whoever made it', async t => {
  if (!needRoot(t)) return
  const { at, engine, result, path, home } = await attacked(t)
  for (const target of [join(home, 'data', 'compiled', 'x'), join(home, 'backups', 'x')]) {
    rmSync(path, { force: true })
    symlinkSync(target, at('app/shop.db'))
    assert.match(
      (await rejectsWith('RESTORE_TARGET_INVALID', result(engine.restore(1, {})))).message,
      /is in the .*directory/
    )
    assert.equal(existsSync(target), false)
  }
})

test('a restore to another path, a download, a rescue of a file, rows in one and a new key go through no link of another user either', async t => {
  if (!needRoot(t)) return
  const { at, home, engine, environment, close, leadTo, result } = await attacked(t)
  leadTo(at('root'), 'folder')
  await rejectsWith('RESTORE_TARGET_INVALID', result(engine.restore(1, { target: at('app/folder/x.db') })))
  await rejectsWith('RESTORE_TARGET_INVALID', result(engine.extract(1, { table: 'entry' }, at('app/folder/x.csv'))))
  await rejectsWith(
    'RESTORE_TARGET_INVALID',
    salvageDatabase(at('app/shop.db.old'), at('app/folder/x.db'), { signal: never, phase () {}, bytes () {} })
  )
  await close(0)
  for (
    const command of [['download', '1', '--output', at('app/folder/x.db')], [
      'restore',
      '1',
      '--output',
      at('app/folder/payroll.db'),
      '--overwrite',
      '--confirm'
    ], ['key', 'new', '--output', at('app/folder/key')]]
  ) {
    const { code, err } = await holdfast(command, home, environment)
    assert.deepEqual([code, /symbolic link ".*folder", which belongs to user 65534/.test(err)], [2, true], err)
  }
  assert.deepEqual(readdirSync(at('root')), ['payroll.db'])
})

test('a folder that is exchanged for a link after it was looked at does not make SQLite, or a copy, open another file', async t => {
  const home = tempDir(t)
  mkdirSync(join(home, 'victim'))
  makeMoney(join(home, 'victim', 'app.db'), { entries: 10 })
  makeMoney(join(home, 'image.db'), { entries: 20, journalMode: 'delete' })
  symlinkSync('victim', join(home, 'app'))
  const path = join(home, 'app', 'app.db')
  const before = readFileSync(join(home, 'victim', 'app.db'))
  for (const readonly of [true, false]) {
    assert.throws(() => openShared(path, { readonly, busyTimeout: 0 }), { code: 'SOURCE_REPLACED' })
  }
  assert.throws(() => {
    requireAt(openSync(path, 'r'), path)
  }, { code: 'SOURCE_REPLACED' })
  const placement = { mode: 'live', path, overwrite: false, timeout: 1000, aside: `${path}.aside` } as const
  await rejectsWith('SOURCE_REPLACED', restoreLive(join(home, 'image.db'), placement, () => {}))
  assert.deepEqual(readFileSync(join(home, 'victim', 'app.db')), before)
  const db = new Database(join(home, 'victim', 'app.db'), { readonly: true })
  assert.equal(db.prepare('SELECT count(*) FROM entry').pluck().get(), 10)
  db.close()
  openShared(join(home, 'victim', 'app.db'), { readonly: false, busyTimeout: 0 }).close()
})

test('a rescued file is open to nobody else while it is made, and is that file, whatever takes its place', async t => {
  if (!needRoot(t)) return
  const home = tempDir(t)
  makeMoney(join(home, 'damaged.db'), { entries: 50 })
  mkdirSync(join(home, 'out'))
  chownSync(join(home, 'out'), NOBODY, NOBODY)
  writeFileSync(join(home, 'shadow'), 'secret', { mode: 0o600 })
  const phase = (name: string): void => {
    if (name !== 'restoring') return
    const folder = readdirSync(join(home, 'out')).find(entry => entry.endsWith('.recover')) ?? assert.fail('no folder')
    renameSync(join(home, 'out', folder), join(home, 'out', 'moved'))
    mkdirSync(join(home, 'out', folder))
    symlinkSync(join(home, 'shadow'), join(home, 'out', folder, 'recovered.db'))
    for (const path of [folder, join(folder, 'recovered.db')]) lchownSync(join(home, 'out', path), NOBODY, NOBODY)
  }
  await assert.rejects(
    salvageDatabase(join(home, 'damaged.db'), join(home, 'out', 'x.db'), { signal: never, phase, bytes () {} })
  )
  assert.deepEqual([readFileSync(join(home, 'shadow'), 'utf8'), existsSync(join(home, 'out', 'x.db'))], [
    'secret',
    false
  ])
})
