import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Reference } from '../../../src/core/backup/members.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { conclude, verificationWarning, violationsOf, type Check } from '../../../src/core/ports/verification.ts'
import { directoryTree } from '../../../src/sources/directory/tree.ts'
import type { Entry } from '../../../src/sources/directory/entry.ts'
import { checkReferences, type ReferenceMember } from '../../../src/sources/set/references.ts'
import { sqliteQuery } from '../../../src/sources/sqlite/query.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { backedUp, listText, storedDirectory } from '../../support/sources/directory-backup.ts'
import { imagesOf } from '../../support/sources/images.ts'
import { deepTempDir } from '../../support/sources/odd-tree.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const ALL: Reference = { source: 'audit', sql: 'SELECT path, sha256 FROM payloads', directory: 'payloads' }
const PLACE = '/srv/app/payloads'

type Row = readonly [path: string | Buffer | null, sha256?: string | null]

/** A database whose rows name these files. */
function audit (t: TestContext, rows: Iterable<Row>): ReferenceMember {
  const path = join(tempDir(t), 'audit.db')
  const db = new Database(path)
  db.exec('CREATE TABLE payloads (id INTEGER PRIMARY KEY, path, sha256)')
  const insert = db.prepare('INSERT INTO payloads (path, sha256) VALUES (?, ?)')
  db.transaction(() => {
    for (const [path, sha256 = null] of rows) insert.run(path, sha256)
  })()
  db.close()
  return { kind: { query: sqliteQuery(), tree: null }, images: imagesOf(path), location: path }
}

/** The backup of a directory that was at `PLACE`. */
function payloads (t: TestContext, make: (directory: string) => void): ReferenceMember {
  const directory = join(deepTempDir(t), 'payloads')
  mkdirSync(directory)
  make(directory)
  return { kind: { query: null, tree: directoryTree }, images: backedUp(t, directory).images, location: PLACE }
}

async function check (
  members: Readonly<Record<string, ReferenceMember>>,
  references: readonly Reference[] = [ALL],
  signal = never
): Promise<Check> {
  return await checkReferences(references, name => members[name] ?? assert.fail(name), signal)
}

function makePayloads (directory: string): void {
  mkdirSync(join(directory, 'a/deep'), { recursive: true })
  writeFileSync(join(directory, 'a/one.json'), 'one')
  writeFileSync(join(directory, 'a/deep/two.json'), 'two')
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from('caf\xe9', 'latin1')]), 'three')
  linkSync(join(directory, 'a/one.json'), join(directory, 'linked.json'))
  symlinkSync('nowhere', join(directory, 'soft.json'))
}

const CAFE = Buffer.from('caf\xe9', 'latin1')

test('rows whose files are in the backup pass, however their paths are written', async t => {
  const found = await check({
    payloads: payloads(t, makePayloads),
    audit: audit(t, [
      ['a/one.json', hash('sha256', 'one')],
      ['./a//deep/two.json', hash('sha256', 'two').toUpperCase()],
      [`${PLACE}/a/one.json`],
      [Buffer.concat([Buffer.from(`${PLACE}//`), CAFE]), hash('sha256', 'three')],
      ['linked.json', hash('sha256', 'one')],
      ['soft.json'],
      ['a/deep/'],
      [null]
    ])
  })
  assert.deepEqual(found, {
    name: 'references',
    status: 'pass',
    reason: '7 rows of "audit" with files that are in "payloads"'
  })
})

test('rows whose files are missing make the backup inconsistent and damage nothing', async t => {
  const found = await check({
    payloads: payloads(t, makePayloads),
    audit: audit(t, [
      ['a/one.json'],
      ['gone.json'],
      ['gone.json'],
      ['a/one.json', hash('sha256', 'other')],
      ['linked.json', hash('sha256', 'other')],
      ['../payloads/a/one.json'],
      ['/etc/passwd'],
      [Buffer.from('caf\xea', 'latin1')],
      [null]
    ])
  })
  assert.deepEqual(found, {
    name: 'references',
    status: 'pass',
    reason:
      '7 of 8 rows of "audit" name files that are not in "payloads": "gone.json", "a/one.json" (has other content), "linked.json" (has other content), "../payloads/a/one.json" (contains ".."), "/etc/passwd" (is outside the directory), …',
    violations: 7,
    consistency: 'inconsistent'
  })
  assert.equal(violationsOf([found]), 0)
  const stored: Check[] = [{ name: 'checksum', status: 'pass' }, { name: 'members', status: 'pass' }]
  const { valid } = conclude([...stored, found], [{ name: 'members', opensContent: true, remedy: '' }])
  assert.equal(valid, true)
  assert.equal(verificationWarning([...stored, found]), found.reason)
})

test('a path that cannot be in the directory is missing, also where it is the only one', async t => {
  const found = await check({ payloads: payloads(t, makePayloads), audit: audit(t, [['a/one.json'], ['../one.json']]) })
  assert.deepEqual([found.violations, found.consistency], [1, 'inconsistent'])
})

test('a path of the only row is shown on one line, and shortened', async t => {
  const name = `line\nbreak${'x'.repeat(300)}`
  const { reason } = await check({ payloads: payloads(t, makePayloads), audit: audit(t, [[name]]) })
  assert.match(
    reason ?? '',
    /^1 of 1 row of "audit" names a file that is not in "payloads": "line break[x]{110}… \(190 more characters\)"$/
  )
  const bytes = await check({ payloads: payloads(t, makePayloads), audit: audit(t, [[Buffer.from([0x61, 0xe9])]]) })
  assert.match(bytes.reason ?? '', /: "a\\xe9"$/)
})

test('a file whose content could not be read is missing', async t => {
  const { entries } = backedUp(t, deepTempDir(t))
  const lost: Entry = { ...entries[0]!, path: Buffer.from('lost'), type: 'file', flags: ['unreadable'] }
  const { images } = storedDirectory(t, { tar: Buffer.alloc(1024), entries: [...entries, lost] })
  const members = {
    payloads: { kind: { query: null, tree: directoryTree }, images, location: PLACE },
    audit: audit(t, [['lost']])
  }
  assert.match((await check(members)).reason ?? '', /"lost" \(could not be read\)$/)
})

test('the references of a set are checked together, and the worst decides', async t => {
  const members = { payloads: payloads(t, makePayloads), audit: audit(t, [['a/one.json'], ['gone.json']]) }
  const good = { ...ALL, sql: "SELECT path FROM payloads WHERE path <> 'gone.json'" }
  const wrong = { ...ALL, sql: 'SELECT path FROM files' }
  assert.deepEqual(await check(members, [good, wrong]), {
    name: 'references',
    status: 'skipped',
    reason: 'the query on "audit" could not be evaluated: the query failed: no such table: files',
    code: 'QUERY_FAILED',
    consistency: 'unknown'
  })
  const both = await check(members, [wrong, good, ALL])
  assert.deepEqual([both.status, both.violations, both.consistency], ['pass', 1, 'inconsistent'])
  assert.match(both.reason ?? '', /no such table: files; 1 of 2 rows of "audit" name files/)
  assert.deepEqual((await check(members, [good, good])).reason?.split('; ').length, 2)
})

test('members of the wrong kinds cannot be checked', async t => {
  const members = { payloads: payloads(t, makePayloads), audit: audit(t, []) }
  for (
    const [reference, reason] of [
      [{ ...ALL, source: 'payloads' }, /the member "payloads" cannot be queried$/],
      [{ ...ALL, directory: 'audit' }, /the member "audit" does not consist of files$/]
    ] as const
  ) {
    const found = await check(members, [reference])
    assert.deepEqual([found.status, found.consistency], ['skipped', 'unknown'])
    assert.match(found.reason ?? '', reason)
  }
})

test('a set without references is skipped, and one without rows passes', async t => {
  assert.equal((await check({}, [])).status, 'skipped')
  const empty = await check({ payloads: payloads(t, makePayloads), audit: audit(t, []) })
  assert.deepEqual([empty.status, empty.consistency], ['pass', undefined])
})

test('a damaged list is a check that failed, and an abort is no result', async t => {
  const { entries } = backedUp(t, deepTempDir(t))
  const list = Buffer.concat([listText(entries), Buffer.from('no json\n')])
  const { images } = storedDirectory(t, { tar: Buffer.alloc(1024), entries }, { list })
  const kind = { query: null, tree: directoryTree }
  const members = { payloads: { kind, images, location: PLACE }, audit: audit(t, [['a']]) }
  assert.equal((await check(members)).status, 'fail')
  await rejectsWith('CANCELLED', check(members, [ALL], AbortSignal.abort(new BackupError('CANCELLED', 'enough'))))
})

test('200,000 references take a bounded amount of memory', async t => {
  const [count, present] = [200_000, 10_000]
  const name = (number: number): string => `2025/11/${String(number).padStart(12, '0')}-${'x'.repeat(100)}.json`
  const { entries: [root] } = backedUp(t, deepTempDir(t))
  const files = Array.from({ length: present }, (_, number): Entry => ({
    ...root!,
    path: Buffer.from(name(number)),
    type: 'file',
    sha256: '1'.repeat(64),
    offset: 512 * number,
    stored: 0
  }))
  const { images } = storedDirectory(t, { tar: Buffer.alloc(1024), entries: [root!, ...files] })
  const rows = function* (): Generator<Row> {
    for (let number = 0; number < count; number++) yield [name(number)]
  }
  const members = {
    payloads: { kind: { query: null, tree: directoryTree }, images, location: PLACE },
    audit: audit(t, rows())
  }
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }, 10)
  const found = await check(members).finally(() => {
    clearInterval(timer)
  })
  assert.match(found.reason ?? '', /^190000 of 200000 rows of "audit" name files .*: "2025\/11\/000000010000-x/)
  assert.ok(most > 0 && most < 32 * 1024 ** 2, `${most} bytes`)
})
