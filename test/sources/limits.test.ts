import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { readLines } from '../../src/sources/lines.ts'
import { sqliteAssessor } from '../../src/sources/sqlite/assess.ts'
import { sqliteRows } from '../../src/sources/sqlite/rows/rows.ts'
import { sqliteInspector } from '../../src/sources/sqlite/sqlite-source.ts'
import { DEFAULT_LIMITS } from '../../src/sources/subprocess.ts'
import { needChildren } from '../support/processes/children.ts'
import { kill } from '../support/processes/sqlite-process.ts'
import { imagesOf, restorableOf } from '../support/sources/images.ts'
import { never, until } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const PARENT = new URL('../support/processes/abandoning-parent.ts', import.meta.url).pathname
/** A query that never ends, and one that takes memory without end. */
const ENDLESS = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'
const HUGE =
  "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000) SELECT length(group_concat(hex(zeroblob(500000)), '')) FROM c"

function make (path: string, sql = ''): void {
  const db = new Database(path)
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, x); INSERT INTO t VALUES (1, 10); ${sql}`)
  db.close()
}

/** An index whose expression takes some milliseconds a row in an integrity check, and has the value that it had. */
function makeCostly (path: string): void {
  const db = new Database(path)
  db.exec(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, x); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000) INSERT INTO t SELECT x, x FROM c; CREATE INDEX costly ON t (abs(x))'
  )
  db.unsafeMode(true)
  db.pragma('writable_schema = on')
  db.prepare(
    "UPDATE sqlite_schema SET sql = 'CREATE INDEX costly ON t (abs(x) + 0 * length(hex(zeroblob(20000000 + x))))' WHERE name = 'costly'"
  ).run()
  db.close()
}

test('a child in the middle of SQLite ends when its parent is killed', async t => {
  if (!needChildren(t)) return
  const path = join(tempDir(t), 'a.db')
  make(path)
  const parent = spawn(process.execPath, [PARENT, path], { stdio: 'ignore' })
  t.after(() => kill(parent))
  let child = 0
  await until(() => {
    const pid = Number(readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim().split(' ')[0])
    // It has opened the database, and computes.
    if (pid > 0 && hasOpen(pid, path)) child = pid
    return child > 0
  })
  parent.kill('SIGKILL')
  await until(() => !existsSync(`/proc/${child}`) || readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z '))
})

function hasOpen (pid: number, path: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => readlinkSync(`/proc/${pid}/fd/${fd}`) === path)
  } catch {
    // A descriptor that was closed meanwhile.
    return false
  }
}

test('an integrity check that takes too long ends as PROCESS_TIMED_OUT, and nothing of it goes on', async t => {
  const path = join(tempDir(t), 'costly.db')
  makeCostly(path)
  await assert.rejects(
    sqliteInspector({ ...DEFAULT_LIMITS, timeout: 300 }).inspect(imagesOf(path), null, never),
    (error: Error & { code?: string, hint?: string }) => {
      assert.equal(error.code, 'PROCESS_TIMED_OUT')
      assert.match(error.message, /^the process that reads the database did not finish within /)
      assert.equal(
        error.hint,
        'Find an index, a CHECK constraint or a view of the database that takes long to compute, or raise CHILD_TIMEOUT_MS.'
      )
      return true
    }
  )
})

/** An index of values that are larger than any may be. */
const TOO_BIG = 'CREATE INDEX huge ON t (abs(x)); INSERT INTO t VALUES (2, 20)'

function makeTooBig (path: string): void {
  make(path, `CREATE TABLE a (x); INSERT INTO a VALUES (zeroblob(9000)); ${TOO_BIG}`)
  const db = new Database(path)
  db.unsafeMode(true)
  db.pragma('writable_schema = on')
  db.prepare(
    "UPDATE sqlite_schema SET sql = 'CREATE INDEX huge ON t (abs(x) + 0 * length(hex(zeroblob(900000000 + x))))' WHERE name = 'huge'"
  ).run()
  db.close()
}

test('an integrity check that asks for more memory than there may be is inconclusive, and no damage', async t => {
  const path = join(tempDir(t), 'huge.db')
  makeTooBig(path)
  await assert.rejects(sqliteInspector().inspect(imagesOf(path), null, never), { code: 'PROCESS_OUT_OF_MEMORY' })
})

test('damage that was found before the check needed too much memory stays damage', async t => {
  const path = join(tempDir(t), 'huge.db')
  makeTooBig(path)
  const db = new Database(path)
  const root = db.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'a'").pluck().get() ?? 0
  const size = Number(db.pragma('page_size', { simple: true }))
  db.close()
  const bytes = readFileSync(path)
  // The first overflow page of the large value points nowhere.
  bytes.fill(0xff, root * size, root * size + 4)
  writeFileSync(path, bytes)
  const checks = await sqliteInspector().inspect(imagesOf(path), null, never)
  assert.equal(checks.find(({ name }) => name === 'integrity_check')?.status, 'fail', JSON.stringify(checks))
})

test('a condition that never ends is ended, in a dry run as in an extraction', async t => {
  const directory = tempDir(t)
  const [path, live] = [join(directory, 'image.db'), join(directory, 'live.db')]
  make(path)
  make(live, 'DELETE FROM t')
  const backup = restorableOf(path)
  const rows = sqliteRows(directory, { ...DEFAULT_LIMITS, timeout: 1500 })
  const selection = { table: 't', where: `x < (${ENDLESS})` }
  await assert.rejects(
    rows.plan(
      backup,
      { location: live },
      { selections: [selection], children: false, conflict: 'skip', timeout: 1000 },
      never
    ),
    { code: 'PROCESS_TIMED_OUT' }
  )
  await assert.rejects(rows.extract(backup, selection, join(directory, 'rows.csv'), never), {
    code: 'PROCESS_TIMED_OUT'
  })
})

test('memory without end is PROCESS_OUT_OF_MEMORY, and inconclusive for an assertion', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'a.db')
  make(path)
  const memory = 256 * 1024 * 1024
  const [result] = await sqliteAssessor(undefined, { memory })(
    path,
    [{ name: 'huge', sql: HUGE, min: 1 }],
    new Date(0),
    never
  )
  assert.deepEqual([result?.status, result?.reason], [
    'inconclusive',
    `the query used more than ${memory} bytes of memory`
  ])
  const rows = sqliteRows(directory, { ...DEFAULT_LIMITS, memory })
  await assert.rejects(
    rows.extract(restorableOf(path), { table: 't', where: `x < (${HUGE})` }, join(directory, 'rows.csv'), never),
    {
      code: 'PROCESS_OUT_OF_MEMORY'
    }
  )
})

test('an answer that is larger than the limit is refused, and the next one works', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'names.db')
  const db = new Database(path)
  db.pragma('synchronous = off')
  db.exec('BEGIN')
  for (let i = 0; i < 17; i++) db.exec(`CREATE TABLE "${String(i).padStart(1_000_000, 'n')}" (x)`)
  db.exec('COMMIT')
  db.close()
  const rows = sqliteRows(directory)
  await assert.rejects(rows.diff(restorableOf(path), restorableOf(path), { rows: 0 }, never), {
    code: 'ANSWER_TOO_LARGE'
  })
})

test('lines are read up to the limit, whole wherever they are cut, and none after one that is too long', () => {
  const lines: string[] = []
  let over = 0
  const input = new PassThrough()
  readLines(input, 10, line => {
    lines.push(line)
  }, () => {
    over++
  })
  const text = Buffer.from('one\n\nzwölf\n1234567890\n12345678901\nlate\n')
  for (const byte of text) input.emit('data', Buffer.from([byte]))
  assert.deepEqual([lines, over], [['one', '', 'zwölf', '1234567890'], 1])
})
