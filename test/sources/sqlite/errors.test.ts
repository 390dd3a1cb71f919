import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { sourceError } from '../../../src/sources/sqlite/errors.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { FULL } from '../../support/sources/images.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { mainPart, save, sourceOf, take } from './support.ts'

const signal = new AbortController().signal

/** Each way in which a database cannot be backed up, with the code that says so. */
const BROKEN: ReadonlyArray<{ readonly what: string, readonly code: string, readonly make: (path: string) => void }> = [
  { what: 'is missing', code: 'SOURCE_MISSING', make: () => {} },
  {
    what: 'lies below a file instead of a directory',
    code: 'SOURCE_MISSING',
    make: path => {
      writeFileSync(join(path, '..', 'file'), '')
    }
  },
  {
    what: 'is a directory',
    code: 'SOURCE_NOT_A_DATABASE',
    make: path => {
      mkdirSync(path)
    }
  },
  {
    what: 'has zero bytes',
    code: 'SOURCE_EMPTY',
    make: path => {
      writeFileSync(path, '')
    }
  },
  {
    what: 'is a text file',
    code: 'SOURCE_NOT_A_DATABASE',
    make: path => {
      writeFileSync(path, 'name,age\nada,36\n'.repeat(1000))
    }
  },
  {
    what: 'is a compressed file',
    code: 'SOURCE_NOT_A_DATABASE',
    make: path => {
      writeFileSync(path, gzipSync(randomBytes(8192)).subarray(0, 8192))
    }
  },
  {
    what: 'is encrypted',
    code: 'SOURCE_ENCRYPTED',
    make: path => {
      writeFileSync(path, randomBytes(16_384))
    }
  },
  {
    what: 'is encrypted but for the first bytes',
    code: 'SOURCE_ENCRYPTED',
    make: path => {
      makeMoney(path, { journalMode: 'delete', entries: 500 })
      encryptAfter(path, 32)
    }
  },
  {
    what: 'is cut to half',
    code: 'SOURCE_MALFORMED',
    make: path => {
      makeMoney(path, { journalMode: 'delete' })
      truncateSync(path, 1_000_000 - 1_000_000 % 4096)
    }
  },
  {
    what: 'has a damaged page in a table',
    code: 'SOURCE_MALFORMED',
    make: path => {
      makeMoney(path, { journalMode: 'delete' })
      damage(path, 1)
    }
  },
  {
    what: 'has damaged definitions',
    code: 'SOURCE_MALFORMED',
    make: path => {
      makeMoney(path, { journalMode: 'delete' })
      damage(path, 0)
    }
  }
]

/** Overwrites one page, but for the file's own header. */
function damage (path: string, page: number): void {
  const bytes = readFileSync(path)
  bytes.fill(0xff, page === 0 ? 100 : page * 4096, page === 0 ? 120 : (page + 1) * 4096)
  writeFileSync(path, bytes)
}

/** What SQLCipher makes of a database with a plaintext header of `plain` bytes. */
function encryptAfter (path: string, plain: number): void {
  const bytes = readFileSync(path)
  // The type of the first page is that of no page, so that chance cannot make it look plain.
  writeFileSync(path, Buffer.concat([bytes.subarray(0, plain), randomBytes(bytes.length - plain)]).fill(0x77, 100, 101))
}

for (const { what, code, make } of BROKEN) {
  test(`a database that ${what} is refused with ${code}, a hint, and nothing left behind`, async t => {
    const directory = tempDir(t)
    const path = code === 'SOURCE_MISSING' && what.startsWith('lies')
      ? join(directory, 'file', 'live.db')
      : join(directory, 'live.db')
    make(code === 'SOURCE_MISSING' ? join(directory, 'live.db') : path)
    const before = readdirSync(directory).toSorted()
    await assert.rejects(
      take(sourceOf(path, directory), directory),
      (error: Error & { code?: string, hint?: string }) => {
        assert.equal(error.code, code)
        assert.match(error.hint ?? '', /\.$/)
        return true
      }
    )
    rmSync(join(directory, 'image.db'), { force: true })
    assert.deepEqual(readdirSync(directory).toSorted(), before)
  })
}

test('a probe refuses what is missing', async t => {
  await assert.rejects(sourceOf(join(tempDir(t), 'none.db'), '/').probe(FULL, signal), { code: 'SOURCE_MISSING' })
})

test('a database that another process holds exclusively is SOURCE_LOCKED after the time to wait', async t => {
  for (const journalMode of ['wal', 'delete'] as const) {
    const directory = tempDir(t)
    const path = join(directory, 'live.db')
    makeMoney(path, { journalMode, entries: 10 })
    const db = new Database(path)
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE account SET balance = balance')
    await assert.rejects(take(sourceOf(path, directory, 50), directory), { code: 'SOURCE_LOCKED' })
    db.close()
    assert.equal((await take(sourceOf(path, directory, 50), directory)).facts.tables.length, 2)
  }
})

test('a database that is replaced by rename during the backup is SOURCE_REPLACED', async t => {
  for (const journalMode of ['wal', 'delete'] as const) {
    const directory = tempDir(t)
    const path = join(directory, 'live.db')
    makeMoney(path, { journalMode, entries: 50_000 })
    copyFileSync(path, join(directory, 'other.db'))
    const snapshot = await sourceOf(path, directory).snapshot(FULL, signal)
    renameSync(join(directory, 'other.db'), path)
    await assert.rejects(save(snapshot, directory), { code: 'SOURCE_REPLACED' })
  }
})

test('a database that vanishes during the backup is SOURCE_REPLACED, although all of its bytes were read', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { entries: 50_000 })
  const snapshot = await sourceOf(path, directory).snapshot(FULL, signal)
  rmSync(path)
  await assert.rejects(buffer((await mainPart(snapshot)).image), { code: 'SOURCE_REPLACED' })
  await snapshot.close()
})

test('an image never ends cleanly when the process that reads it is killed', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { entries: 50_000 })
  const snapshot = await sourceOf(path, directory).snapshot(FULL, signal)
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const pid = children.find(child => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('snapshot-child'))
  process.kill(Number(pid), 'SIGKILL')
  await assert.rejects(save(snapshot, directory), { code: 'SOURCE_FAILED' })
})

test('an aborted snapshot ends its process and rejects with the reason of the abort', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { entries: 50_000 })
  const abort = new AbortController()
  const snapshot = await sourceOf(path, directory).snapshot(FULL, abort.signal)
  abort.abort(new Error('enough'))
  await assert.rejects(save(snapshot, directory), /enough/)
  await assert.rejects(snapshot.outcome(), /enough/)
})

test('a snapshot that is closed unread leaves the database unlocked and no process behind', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { journalMode: 'delete', entries: 50_000 })
  const snapshot = await sourceOf(path, directory).snapshot(FULL, signal)
  const { image } = await mainPart(snapshot)
  image.on('error', () => {})
  await snapshot.close()
  await snapshot.close()
  const db = new Database(path, { timeout: 0 })
  db.exec('UPDATE account SET balance = balance')
  db.close()
  assert.deepEqual(readdirSync(directory), ['live.db'])
})

test('a database without permission to read is SOURCE_UNREADABLE', t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { journalMode: 'delete', entries: 10 })
  chmodSync(path, 0o000)
  // Root reads everything; without that one capability it is a user like any other, and can still read these modules.
  const isRoot = process.getuid?.() === 0
  const program = new URL('./take-once.ts', import.meta.url).pathname
  const words = [process.execPath, program, path, directory]
  const run = isRoot
    ? spawnSync('setpriv', ['--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all', ...words], {
      encoding: 'utf8'
    })
    : spawnSync(process.execPath, words.slice(1), { encoding: 'utf8' })
  assert.equal(run.stdout.trim(), 'SOURCE_UNREADABLE', run.stderr)
})

const SAID: ReadonlyArray<readonly [code: string, message: string, expected: string, words: RegExp]> = [
  ['SQLITE_ERROR', 'no such function: ST_IsEmpty', 'SOURCE_FAILED', /SQLite reports "no such function: ST_IsEmpty"/],
  ['SQLITE_ERROR_MISSING_COLLSEQ', 'no such collation sequence: LOCALIZED', 'SOURCE_FAILED', /LOCALIZED/],
  [
    'EFBIG',
    'EFBIG: file too large, write',
    'FILE_SIZE_LIMIT',
    /scratch directory, because it exceeds the maximum file size/
  ],
  ['SQLITE_FULL', 'database or disk is full', 'DISK_FULL', /too little space/],
  ['SQLITE_PROTOCOL', 'locking protocol', 'SOURCE_LOCKED', /locked/],
  ['SQLITE_IOERR_FSYNC', 'disk I/O error', 'SOURCE_FAILED', /could not be written \(SQLITE_IOERR_FSYNC\)/],
  ['SQLITE_IOERR_READ', 'disk I/O error', 'SOURCE_FAILED', /could not be read \(SQLITE_IOERR_READ\)/]
]

for (const [code, message, expected, words] of SAID) {
  test(`${code} is ${expected}, in words of its own cause`, () => {
    const error = sourceError(Object.assign(new Error(message), { code }), '/srv/shop.db')
    assert.equal(error.code, expected)
    assert.match(error.message, words)
    assert.match(error.hint ?? '', /\.$/)
  })
}
