import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { BackupError } from '../../../src/core/errors.ts'
import { examineName } from '../../../src/sources/sqlite/examine.ts'
import { requireOneName } from '../../../src/sources/sqlite/one-name.ts'
import { fileLocks, lockersOf, openFiles } from '../../../src/sources/sqlite/processes.ts'
import { salvageDatabase } from '../../../src/sources/sqlite/salvage-database.ts'
import { sqliteRestorer } from '../../../src/sources/sqlite/restore.ts'
import { sqliteRows } from '../../../src/sources/sqlite/rows/rows.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { needRoot, needTool } from '../../support/skip-without.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { FULL, manifestOfFile, restorableOf } from '../../support/sources/images.ts'
import { never, until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { complaints, sourceOf, take } from './support.ts'

const IN_THE_LOG =
  "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; INSERT INTO entry (account, note) VALUES (1, 'in the log')"

interface Place {
  readonly home: string
  /** What the application opens, in a folder of its own. */
  readonly theirs: string
  /** What is configured, in another folder. */
  readonly ours: string
}

/**
 * Mounts one file or folder over another until the test ends; to be asked for before the folder that it lies in, which
 * goes later.
 */
function binder (t: TestContext): (from: string, to: string) => void {
  const mounted: string[] = []
  t.after(() => {
    for (const path of mounted) execFileSync('umount', ['-l', path])
  })
  return (from, to) => {
    execFileSync('mount', ['--bind', from, to])
    mounted.push(to)
  }
}

function place (t: TestContext, journalMode: 'wal' | 'delete' = 'wal'): Place {
  const home = tempDir(t)
  for (const name of ['app', 'service']) mkdirSync(join(home, name))
  const theirs = join(home, 'app', 'app.db')
  makeMoney(theirs, { journalMode, entries: 100 })
  return { home, theirs, ours: join(home, 'service', 'app.db') }
}

/** That everything that is done with a live database is refused, that nothing came of it, and that doctor says so. */
async function assertRefused (t: TestContext, path: string): Promise<BackupError> {
  const code = 'SOURCE_OTHER_NAME'
  const scratch = tempDir(t)
  const image = join(scratch, 'image.db')
  makeMoney(image, { entries: 10 })
  const backup = restorableOf(image)
  const before = readFileSync(path)
  const restorer = sqliteRestorer(scratch)
  const rows = sqliteRows(scratch)
  const source = sourceOf(path, scratch)
  const error = await rejectsWith(code, source.probe(FULL, never))
  assert.match(error.hint ?? '', /\.$/)
  await rejectsWith(code, take(source, scratch, 'taken.db'))
  for (const mode of ['live', 'replace'] as const) {
    const placement = { mode, path, overwrite: false, timeout: 1000, aside: `${path}.aside` }
    await rejectsWith(code, restorer.check(manifestOfFile(path), placement, never))
    await rejectsWith(code, restorer.place(backup, placement, () => {}, never))
  }
  await rejectsWith(code, rows.diff(backup, { location: path }, { rows: 1, tables: undefined }, never))
  await rejectsWith(
    code,
    rows.rescue(backup, { location: path }, {
      selections: [{ table: 'entry', where: undefined }],
      children: false,
      conflict: 'skip',
      timeout: 1000
    }, never)
  )
  await rejectsWith(
    code,
    salvageDatabase(path, join(scratch, 'rescued.db'), { signal: never, phase () {}, bytes () {} })
  )
  assert.ok(!existsSync(join(scratch, 'rescued.db')))
  assert.ok(readFileSync(path).equals(before), 'the file was changed')
  const found = await doctor(path)
  assert.equal(found.length, 1)
  assert.match(found[0] ?? '', /^fail name: /)
  return error
}

/** That a backup is refused, and how: the same function answers for everything else. */
async function assertNotTaken (t: TestContext, path: string): Promise<BackupError> {
  const error = await rejectsWith('SOURCE_OTHER_NAME', sourceOf(path, tempDir(t)).probe(FULL, never))
  assert.match((await doctor(path))[0] ?? '', /^fail name: /)
  return error
}

async function doctor (path: string): Promise<string[]> {
  return (await examineName(path)).filter(({ status }) => status !== 'ok').map(({ status, message }) =>
    `${status} name: ${message}`
  )
}

for (const journalMode of ['wal', 'delete'] as const) {
  test(`a database with hard links is refused by all that reads or writes it, whether in use or not (${journalMode})`, async t => {
    const { theirs, ours } = place(t, journalMode)
    linkSync(theirs, ours)
    assert.match((await assertRefused(t, ours)).message, /has 2 hard links/)
    if (journalMode === 'wal') await sqliteProcess(t, theirs, IN_THE_LOG)
    await assertRefused(t, ours)
    await assertNotTaken(t, theirs)
  })
}

test('a database that is mounted as a single file is refused, whatever characters are in its path', async t => {
  if (!needRoot(t)) return
  const bind = binder(t)
  const { home, theirs } = place(t)
  const ours = join(home, 'service', 'my "data"\\040\t ž.db')
  writeFileSync(ours, '')
  bind(theirs, ours)
  await sqliteProcess(t, theirs, IN_THE_LOG)
  assert.match((await assertRefused(t, ours)).message, /mounted as a single file/)
  const link = join(home, 'link.db')
  symlinkSync(ours, link)
  await assertNotTaken(t, link)
})

test('a folder that is mounted, with the database in it, is as good as any other', async t => {
  if (!needRoot(t)) return
  const bind = binder(t)
  const { theirs, ours } = place(t)
  bind(dirname(theirs), dirname(ours))
  await sqliteProcess(t, theirs, IN_THE_LOG)
  const source = sourceOf(ours, tempDir(t))
  const taken = await take(source, tempDir(t))
  assert.deepEqual(await complaints(taken), [])
  assert.equal(taken.facts.tables.find(({ name }) => name === 'entry')?.rows, 101)
  assert.deepEqual(await doctor(ours), [])
})

test('a process that has the database open under a hard link that is gone since keeps its log elsewhere', async t => {
  const { theirs, ours } = place(t)
  linkSync(theirs, ours)
  await sqliteProcess(t, theirs, IN_THE_LOG)
  rmSync(theirs)
  assert.match((await assertNotTaken(t, ours)).message, /"-wal" as ".*app\/app\.db-wal"/)
})

test('a process that keeps a log that was deleted is named', async t => {
  const { theirs } = place(t)
  const { pid } = await sqliteProcess(t, theirs, IN_THE_LOG)
  rmSync(`${theirs}-wal`)
  assert.match((await assertNotTaken(t, theirs)).message, new RegExp(`process ${pid} .*which was deleted`))
})

test('a database that was renamed while in use is not taken for the one that is in its place now', async t => {
  const { theirs, home } = place(t)
  await sqliteProcess(t, theirs, IN_THE_LOG)
  renameSync(theirs, join(home, 'old.db'))
  makeMoney(join(home, 'new.db'), { entries: 5 })
  renameSync(join(home, 'new.db'), theirs)
  assert.match((await assertNotTaken(t, theirs)).message, /uses the "-wal" file next to it for another database/)
})

test('a process in a mount namespace of its own, where the database is a single file, is found by what it has open', async t => {
  if (!needRoot(t) || !needTool(t, 'unshare')) return
  const { theirs, ours } = place(t)
  writeFileSync(ours, '')
  const script = 'mount --bind "$1" "$2" && exec "$3" -e "$4" "$5" "$2"'
  const program =
    "const db = new (require(process.argv[1]))(process.argv[2]); db.exec('PRAGMA wal_autocheckpoint = 0; UPDATE entry SET amount = 1'); process.stdout.write('done'); process.stdin.resume()"
  const child = execFile('unshare', [
    '-m',
    'bash',
    '-c',
    script,
    'bash',
    theirs,
    ours,
    process.execPath,
    program,
    require('better-sqlite3')
  ])
  t.after(() => {
    child.kill('SIGKILL')
  })
  await new Promise(resolve => {
    child.stdout?.once('data', resolve)
  })
  await assertNotTaken(t, theirs)
})

test('a process that cannot be seen, and has the database open under another name, is found by its lock', async t => {
  if (!needRoot(t) || !needTool(t, 'unshare')) return
  const { theirs, ours } = place(t)
  linkSync(theirs, ours)
  await sqliteProcess(t, ours, IN_THE_LOG)
  rmSync(ours)
  const once = new URL('./take-once.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)('unshare', [
    '--pid',
    '--fork',
    '--mount-proc',
    process.execPath,
    once,
    theirs,
    tempDir(t)
  ])
  assert.equal(stdout, 'SOURCE_OTHER_NAME\n')
})

test('a file that was replaced while the application goes on writing to the old one is no longer backed up, until it opens the new one', async t => {
  const { theirs, home } = place(t)
  const { pid, stop } = await sqliteProcess(t, theirs, IN_THE_LOG)
  makeMoney(join(home, 'new.db'), { entries: 5 })
  for (const suffix of ['-wal', '-shm']) rmSync(theirs + suffix)
  renameSync(join(home, 'new.db'), theirs)
  const source = sourceOf(theirs, home)
  assert.match(
    (await rejectsWith('SOURCE_REPLACED', take(source, home))).message,
    new RegExp(`process ${pid} .*old, deleted file`)
  )
  assert.match((await doctor(theirs))[0] ?? '', /still writes to the old/)
  const { stop: end } = await sqliteProcess(t, theirs, 'SELECT 1 FROM entry')
  assert.deepEqual(await complaints(await take(source, home)), [])
  await end()
  await stop()
  assert.deepEqual(await doctor(theirs), [])
})

test('a symbolic link in another folder leads to the database with what is beside it', async t => {
  const { home, theirs, ours } = place(t)
  symlinkSync(theirs, ours)
  writeFileSync(`${ours}-wal`, 'not its log')
  await sqliteProcess(t, theirs, IN_THE_LOG)
  const source = sourceOf(ours, home)
  assert.equal((await source.probe(FULL, never)).scratch, 0)
  const taken = await take(source, home)
  assert.deepEqual(await complaints(taken), [])
  const { tables } = await salvageDatabase(ours, join(home, 'rescued.db'), { signal: never, phase () {}, bytes () {} })
  for (const { name, rows } of [...taken.facts.tables, ...tables].filter(table => table.name === 'entry')) {
    assert.equal(rows, 101, name)
  }
})

test('processes that open, write and close beside many looks never make one name seem two', async t => {
  for (const journalMode of ['wal', 'delete', 'persist'] as const) {
    const home = tempDir(t)
    const path = join(home, 'busy.db')
    makeMoney(path, { journalMode, entries: 100 })
    const program =
      "const D = require(process.argv[1]); for (;;) { const db = new D(process.argv[2], { timeout: 5000 }); for (let i = 0; i < 3; i++) db.exec('UPDATE account SET balance = balance + 0 WHERE id = 1'); db.close() }"
    const child = execFile(process.execPath, ['-e', program, require('better-sqlite3'), path])
    for (let i = 0; i < 100; i++) assert.equal(requireOneName(path), path)
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await complaints(await take(sourceOf(path, home), home)), [])
    }
    child.kill('SIGKILL')
  }
})

test('a process that is stopped while it closes the database keeps nothing elsewhere', async t => {
  if (!needTool(t, 'strace')) return
  const { theirs } = place(t)
  // The "-shm" loses its name long before the process goes on.
  const strace = ['-f', '-qq', '-o', '/dev/null', '-e', 'inject=unlink:delay_exit=60000000', '-P', `${theirs}-shm`]
  const program =
    "const db = new (require(process.argv[1]))(process.argv[2]); db.exec('UPDATE account SET balance = balance + 0 WHERE id = 1'); process.stdout.write('closes'); db.close()"
  const child = spawn('strace', [...strace, process.execPath, '-e', program, require('better-sqlite3'), theirs], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true
  })
  const ended = once(child, 'exit')
  const stop = (): void => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
  }
  t.after(stop)
  await once(child.stdout, 'data')
  await until(() => !existsSync(`${theirs}-shm`))
  for (let i = 0; i < 5; i++) assert.equal(requireOneName(theirs), theirs)
  // The log goes after the "-shm".
  assert.ok(existsSync(`${theirs}-wal`), 'it was not stopped')
  stop()
  await ended
})

function require (name: string): string {
  return new URL(import.meta.resolve(name)).pathname
}

test('a lock on a file of the same number on another file system is not taken for one on the database', async t => {
  if (!needRoot(t)) return
  const mounted: string[] = []
  t.after(() => {
    for (const directory of mounted) execFileSync('umount', ['-l', directory])
  })
  const home = tempDir(t)
  const paths = ['a', 'b'].map(name => {
    const directory = join(home, name)
    mkdirSync(directory)
    execFileSync('mount', ['-t', 'tmpfs', 'holdfast-test', directory])
    mounted.push(directory)
    makeMoney(join(directory, 'app.db'), { journalMode: 'wal', entries: 1 })
    return join(directory, 'app.db')
  }) as [string, string]
  const { pid } = await sqliteProcess(t, paths[0], IN_THE_LOG)
  assert.equal(statSync(paths[0]).ino, statSync(paths[1]).ino)
  const lockers = paths.map(path => [...lockersOf(fileLocks() ?? [], path)])
  assert.deepEqual(lockers, [[pid], []])
})

test('of the descriptors of a process no more are looked at than there is a budget for', t => {
  const path = join(tempDir(t), 'file')
  const fds = Array.from({ length: 20 }, () => openSync(path, 'w'))
  t.after(() => {
    for (const fd of fds) closeSync(fd)
  })
  const [enough, little] = [{ left: 100_000 }, { left: Math.min(...fds) + 5 }]
  assert.equal(openFiles('self', enough, path).length, 20)
  const found = openFiles('self', little, path).length
  assert.ok(found > 0 && found < 20, String(found))
  assert.deepEqual([little.left, openFiles('self', little, path)], [0, []])
})
