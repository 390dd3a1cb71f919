import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { sqliteInspector } from '../../../src/sources/sqlite/sqlite-source.ts'
import { Dice } from '../../support/seeded-random.ts'
import { needRoot, needTool } from '../../support/skip-without.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { imagesOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { sourceOf, take } from './support.ts'

const NOBODY = 65_534
const COMPARE = new URL('./compare-child.ts', import.meta.url).pathname

/**
 * What SQLite reads, and what the image of a snapshot holds, both found by the same user: rows and the integrity, or
 * the code of a refusal.
 */
interface Compared {
  readonly sqlite: string
  readonly image: string
}

/** What this user finds in each of the databases, in their order. */
async function compare (paths: readonly string[], uid: number): Promise<readonly Compared[]> {
  const { stdout } = await promisify(execFile)('setpriv', [
    '--reuid',
    String(uid),
    '--regid',
    String(uid),
    '--clear-groups',
    process.execPath,
    COMPARE,
    ...paths
  ])
  const compared = JSON.parse(stdout) as readonly Compared[]
  assert.equal(compared.length, paths.length)
  return compared
}

/** The image is what SQLite reads, or there is none. */
function assertSame ({ sqlite, image }: Compared, what: string): void {
  if (!image.startsWith('SOURCE_')) assert.equal(image, sqlite, what)
}

interface Files {
  readonly main: Buffer
  readonly wal: Buffer
  readonly shm: Buffer
}

/**
 * A database with rows in the main file and in the log, at two times: `before` has the first 100 rows of the log,
 * `after` all of them.
 */
function generations (t: TestContext, pageSize: number): { readonly before: Files, readonly after: Files } {
  const path = join(tempDir(t), 'live.db')
  const db = new Database(path)
  db.exec(
    `PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER); CREATE INDEX i ON t (a)`
  )
  const insert = db.prepare('INSERT INTO t (a, n) VALUES (?, ?)')
  const add = (rows: number): void => {
    for (let i = 0; i < rows; i++) insert.run(`row ${i} ${'x'.repeat(100)}`, i)
  }
  const files = (): Files => ({
    main: readFileSync(path),
    wal: readFileSync(`${path}-wal`),
    shm: readFileSync(`${path}-shm`)
  })
  add(100)
  db.pragma('wal_checkpoint(TRUNCATE)')
  add(100)
  const before = files()
  // As many rows as before, and other values: a count alone does not tell the two apart.
  db.exec('UPDATE t SET n = n + 1000')
  const after = files()
  db.close()
  return { before, after }
}

/** A database of another user, of which this one may read everything and write nothing. */
function place (t: TestContext, { main, wal, shm }: Files): string {
  const directory = tempDir(t)
  chmodSync(directory, 0o755)
  const path = join(directory, 'live.db')
  for (const [suffix, content] of [['', main], ['-wal', wal], ['-shm', shm]] as const) {
    writeFileSync(path + suffix, content, { mode: 0o644 })
  }
  return path
}

test('an index that is older than the log, and not used by anybody, is not believed: the image is what SQLite reads', async t => {
  if (!needRoot(t) || !needTool(t, 'setpriv')) return
  const paths = [512, 4096, 65_536].map(pageSize => {
    const { before, after } = generations(t, pageSize)
    return place(t, { ...after, shm: before.shm })
  })
  for (const { sqlite, image } of await compare(paths, NOBODY)) {
    assert.match(sqlite, /^200 rows, sum 209900, ok$/)
    assert.equal(image, sqlite)
  }
})

test('whatever is done to the index and the log, the image is what SQLite reads with the same rights, or there is none', async t => {
  if (!needRoot(t) || !needTool(t, 'setpriv')) return
  const dice = new Dice(11)
  const { before, after } = generations(t, 1024)
  const frame = 24 + 1024
  const flip = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ (dice.between(1, 255))
    return copy
  }
  const fixed: ReadonlyArray<readonly [string, () => Files]> = [
    ['nothing', () => after],
    ['an older index', () => ({ ...after, shm: before.shm })],
    ['an index of zeros', () => ({ ...after, shm: Buffer.alloc(after.shm.length) })],
    ['an empty index', () => ({ ...after, shm: Buffer.alloc(0) })],
    ['a newer index', () => ({ ...before, shm: after.shm })],
    [
      'a tail of an older generation',
      () => ({
        ...before,
        wal: Buffer.concat([before.wal, Buffer.from(after.wal.subarray(before.wal.length)).fill(7, 8, 16)])
      })
    ],
    [
      'a tail that commits nothing',
      () => ({ ...after, wal: withoutCommit(after.wal, before.wal.length, frame), shm: before.shm })
    ],
    ['a log that is empty', () => ({ ...after, wal: Buffer.alloc(0) })]
  ]
  const random: ReadonlyArray<readonly [string, () => Files]> = [
    [
      'a random index',
      () => ({ ...after, shm: Buffer.from(Array.from({ length: after.shm.length }, () => dice.between(0, 255))) })
    ],
    [
      'an older index and a log cut within its last frame',
      () => ({ ...after, wal: after.wal.subarray(0, -dice.between(1, frame)), shm: before.shm })
    ],
    ['a log cut anywhere', () => ({ ...after, wal: after.wal.subarray(0, dice.between(0, after.wal.length - 1)) })],
    ['a header of the log with a wrong checksum', () => ({ ...after, wal: flip(after.wal, dice.between(0, 32 - 1)) })],
    [
      'a frame of the log with a wrong byte',
      () => ({ ...after, wal: flip(after.wal, 32 + dice.between(0, after.wal.length - 32 - 1)) })
    ],
    [
      'a frame with a wrong byte, and an older index',
      () => ({ ...after, wal: flip(after.wal, 32 + dice.between(0, after.wal.length - 32 - 1)), shm: before.shm })
    ]
  ]
  const seen = new Map<string, string>()
  for (const uid of [0, NOBODY]) {
    const placed = [...fixed, ...random, ...random].map(([what, damage]) => ({ what, path: place(t, damage()) }))
    for (const [index, compared] of (await compare(placed.map(({ path }) => path), uid)).entries()) {
      const what = placed[index]!.what
      assertSame(compared, `${what}, as user ${uid}`)
      seen.set(`${what} ${uid}`, compared.image)
    }
  }
  assert.equal(seen.get(`nothing ${NOBODY}`), '200 rows, sum 209900, ok')
  assert.equal(seen.get(`a tail that commits nothing ${NOBODY}`), '200 rows, sum 9900, ok')
})

/** Its last transaction is there, whole but for its end. */
function withoutCommit (wal: Buffer, from: number, frame: number): Buffer {
  const commits = [...Array((wal.length - from) / frame).keys()].map(i => from + i * frame).filter(at =>
    wal.readUInt32BE(at + 4) !== 0
  )
  return wal.subarray(0, commits[0])
}

test('a log of more frames than one table of the index holds is read whole, beside a process that keeps it open', async t => {
  if (!needRoot(t) || !needTool(t, 'setpriv')) return
  const directory = tempDir(t)
  chmodSync(directory, 0o755)
  const path = join(directory, 'live.db')
  await sqliteProcess(
    t,
    path,
    `PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER);
    WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 30000) INSERT INTO t (a, n) SELECT printf('%060d', i), i FROM c; UPDATE t SET n = n + 1 WHERE id % 7 = 0; CREATE INDEX i ON t (a)`
  )
  for (const suffix of ['', '-wal', '-shm']) chmodSync(path + suffix, 0o644)
  for (const uid of [0, NOBODY]) {
    assert.deepEqual(await compare([path], uid), [{
      sqlite: '30000 rows, sum 450019285, ok',
      image: '30000 rows, sum 450019285, ok'
    }])
  }
})

test('an image that lies beside a log, a journal and an index is what it was: none of them is taken for a part of it', async t => {
  const { before, after } = generations(t, 4096)
  const directory = tempDir(t)
  const path = join(directory, 'image.db')
  writeFileSync(path, before.main)
  const planted = { '-wal': after.wal, '-shm': after.shm, '-journal': before.main }
  for (const [suffix, content] of Object.entries(planted)) writeFileSync(path + suffix, content)
  const checks = await sqliteInspector().inspect(imagesOf(path), null, never)
  assert.ok(checks.some(({ reason }) => reason?.includes('100 rows') === true), JSON.stringify(checks))
  for (const [suffix, content] of Object.entries(planted)) {
    assert.ok(readFileSync(path + suffix).equals(content), suffix)
  }
  assert.ok(readFileSync(path).equals(before.main))
})

for (const at of [18, 19]) {
  test(`a version of the file format that is not known, such as that of WAL2, is refused (byte ${at})`, async t => {
    const { before: { main } } = generations(t, 4096)
    const path = join(tempDir(t), 'live.db')
    main[at] = 3
    writeFileSync(path, main)
    assert.match(
      (await rejectsWith('SOURCE_UNREADABLE', take(sourceOf(path, tempDir(t)), tempDir(t)))).message,
      /version 3 of the file format/
    )
  })
}
