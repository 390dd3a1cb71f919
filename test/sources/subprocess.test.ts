import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'
import { spawnError } from '../../src/sources/spawn-error.ts'
import { sqliteAssessor } from '../../src/sources/sqlite/assess.ts'
import { DEFAULT_LIMITS, startSubprocess, type SubprocessOptions } from '../../src/sources/subprocess.ts'
import { rejectsWith } from '../support/rejects.ts'
import { childAtWork, needChildren } from '../support/processes/children.ts'
import { FULL } from '../support/sources/images.ts'
import { tempDir } from '../support/temp-dir.ts'
import { complaints, mainPart, sourceOf, take } from './sqlite/support.ts'

const signal = new AbortController().signal
const CHILD = new URL('../support/processes/limited-child.ts', import.meta.url).pathname
/** A query that never ends. The word in it must not be seen by other users. */
const ENDLESS = {
  name: 'endless',
  sql: "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*), 'secret-word' FROM c"
}
/** What a child is given; Node itself adds where coverage is written. */
const GIVEN = ['SQLITE_USE_URI', 'MALLOC_ARENA_MAX', 'NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE']
/** A user of the test alone, so that no other process counts against its limit. */
const USER = 64_000 + process.pid % 1000

test('a database of 4,000 tables with long names is backed up and proven', async t => {
  const directory = tempDir(t, { inMemory: true })
  const path = join(directory, 'many.db')
  const db = new Database(path)
  db.pragma('synchronous = off')
  db.exec('BEGIN')
  for (let i = 0; i < 4000; i++) {
    db.exec(`CREATE TABLE "a table with a long name, as tools make them, number ${i}" (id INTEGER PRIMARY KEY)`)
  }
  db.exec('COMMIT')
  db.close()
  const source = sourceOf(path, directory)
  const taken = await take(source, directory)
  assert.ok(JSON.stringify(taken.facts).length > 256 * 1024, 'the facts are larger than any argument can be')
  assert.deepEqual(await complaints(taken), [])
})

test('a task of several megabytes reaches its process, and characters survive where the chunks of the pipe end', async t => {
  const path = join(tempDir(t), 'small.db')
  new Database(path).exec('CREATE TABLE t (x)').close()
  for (const padding of ['', 'x', 'xx', 'xxx']) {
    const text = padding + '€😀'.repeat(500_000)
    const sql = `SELECT length('${text}')`
    const [result] = await sqliteAssessor()(
      path,
      [{ name: 'long', sql, equals: padding.length + 1_000_000 }],
      new Date(),
      signal
    )
    assert.equal(result?.status, 'pass', result?.reason ?? '')
  }
})

test('no other user can read the task among the arguments of the process', {
  skip: process.platform !== 'linux' && 'needs /proc'
}, async t => {
  const path = join(tempDir(t), 'secret-name.db')
  new Database(path).exec('CREATE TABLE t (x)').close()
  const abort = new AbortController()
  const running = sqliteAssessor()(path, [ENDLESS], new Date(), abort.signal)
  running.catch(() => {})
  const lines = commandLines()
  abort.abort(new Error('enough'))
  await assert.rejects(running)
  assert.ok(lines.some(line => line.includes('assess-child')), 'the process was there')
  assert.deepEqual(lines.filter(line => /secret/.test(line)), [])
})

test('a child inherits no variable of the environment, and so no secret', async t => {
  if (!needChildren(t)) return
  process.env.AWS_SECRET_ACCESS_KEY = 'a secret of the environment'
  t.after(() => {
    delete process.env.AWS_SECRET_ACCESS_KEY
  })
  const directory = tempDir(t)
  const path = join(directory, 'app.db')
  new Database(path).exec('CREATE TABLE t (x)').close()
  const abort = new AbortController()
  const snapshot = await sourceOf(path, directory).snapshot(FULL, signal)
  t.after(() => snapshot.close())
  const assessed = sqliteAssessor()(path, [ENDLESS], new Date(), abort.signal)
  assessed.catch(() => {})
  for (const name of ['snapshot-child', 'assess-child']) {
    const variables = readFileSync(`/proc/${await childAtWork(name)}/environ`, 'utf8').split('\0').filter(Boolean)
    assert.deepEqual(variables.map(line => line.split('=')[0] ?? '').filter(one => !GIVEN.includes(one)), [], name)
  }
  abort.abort(new Error('enough'))
  await assert.rejects(assessed)
})

/** Command lines of the children of this process. */
function commandLines (): string[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid)
        ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
        : []
    } catch {
      return []
    }
  })
}

for (
  const { what, option, name } of [
    { what: 'files', option: 'ulimit -n 128', name: 'limit of open files' },
    // The letter depends on the shell.
    { what: 'processes', option: '{ ulimit -u 60 2>/dev/null || ulimit -p 60; }', name: 'limit of processes' }
  ]
) {
  const isPossible = what === 'files' || process.getuid?.() === 0
  test(`without room for more ${what} the error is PROCESS_LIMIT and names the limit`, {
    skip: !isPossible && 'only root can start a process of a user of its own'
  }, t => {
    const directory = tempDir(t)
    chmodSync(directory, 0o755)
    const path = join(directory, 'small.db')
    new Database(path).exec('CREATE TABLE t (x)').close()
    chmodSync(path, 0o644)
    const { stdout, stderr } = spawnSync('sh', [
      '-c',
      `${option} && exec "$0" "$@"`,
      process.execPath,
      CHILD,
      what,
      path
    ], {
      encoding: 'utf8',
      ...what === 'processes' ? { uid: USER, gid: USER, cwd: '/' } : {}
    })
    assert.notEqual(stdout, '', stderr)
    const { code, message, hint } = JSON.parse(stdout) as { code: string, message: string, hint: string }
    assert.equal(code, 'PROCESS_LIMIT')
    assert.match(message, new RegExp(name))
    assert.match(hint, /ulimit/)
  })
}

test('each limit of the system has its name, and any other reason is SOURCE_FAILED', () => {
  const from = (code: string) => spawnError(Object.assign(new Error(`spawn node ${code}`), { code }))
  for (const code of ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']) assert.equal(from(code).code, 'PROCESS_LIMIT')
  assert.match(from('ENOMEM').message, /limit of memory/)
  assert.equal(from('ENOENT').code, 'SOURCE_FAILED')
})

test('the error of a process that takes too long has the noun and the advice of its kind', async t => {
  const file = join(tempDir(t), 'idle.mjs')
  writeFileSync(file, 'setInterval(() => {}, 1000)')
  const timedOut = async (words: Pick<SubprocessOptions, 'noun' | 'slow'>): Promise<unknown[]> => {
    const { ended } = startSubprocess({
      entry: pathToFileURL(file),
      task: {},
      environment: {},
      onMessage () {},
      timeout: 10,
      memory: DEFAULT_LIMITS.memory,
      ...words
    }, signal)
    const { message, hint } = await rejectsWith('PROCESS_TIMED_OUT', ended)
    return [message, hint]
  }
  assert.deepEqual(await timedOut({}), [
    'the process that reads the source did not finish within 0 seconds',
    'Raise CHILD_TIMEOUT_MS.'
  ])
  assert.deepEqual(await timedOut({ noun: 'album', slow: 'Check the disk' }), [
    'the process that reads the album did not finish within 0 seconds',
    'Check the disk, or raise CHILD_TIMEOUT_MS.'
  ])
})

test('signals to the whole group end no child: its parent decides', async t => {
  if (!needChildren(t)) return
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  const db = new Database(path)
  db.exec(
    'CREATE TABLE t (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT hex(randomblob(100)) FROM n'
  )
  db.close()
  const snapshot = await sourceOf(path, directory).snapshot(FULL, signal)
  t.after(() => snapshot.close())
  const child = await childAtWork('snapshot-child')
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(child, name)
  const { image, size } = await mainPart(snapshot)
  let bytes = 0
  for await (const chunk of image) bytes += (chunk as Buffer).length
  assert.equal(bytes, size)
  assert.equal((await snapshot.outcome()).facts.tables[0]?.rows, 20_000)
})
