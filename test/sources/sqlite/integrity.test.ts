import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { CONSTRAINT_VIOLATIONS, NOT_COUNTED, type SnapshotFacts } from '../../../src/core/ports/source.ts'
import { violationsOf, type Check } from '../../../src/core/ports/verification.ts'
import { checkIntegrity } from '../../../src/sources/sqlite/integrity.ts'
import { sqliteInspector } from '../../../src/sources/sqlite/sqlite-source.ts'
import { BROKEN, FOREIGN, makeOdd } from '../../support/databases/odd.ts'
import { imagesOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { sourceOf, take, type Taken } from './support.ts'

const NULLS = BROKEN['more broken rows than SQLite reports by itself']!

async function taken (path: string): Promise<Taken> {
  return await take(sourceOf(path, join(path, '..')), join(path, '..'))
}

function inspect (path: string, expected: SnapshotFacts | null): Promise<readonly Check[]> {
  return sqliteInspector().inspect(imagesOf(path), expected, never)
}

function integrityOf (checks: readonly Check[]): Check | undefined {
  return checks.find(({ name }) => name === 'integrity_check')
}

function withCount (facts: SnapshotFacts, count: number | string | undefined): SnapshotFacts {
  const { [CONSTRAINT_VIOLATIONS]: _, ...properties } = facts.properties
  return { ...facts, properties: count === undefined ? properties : { ...properties, [CONSTRAINT_VIOLATIONS]: count } }
}

for (const [what, { finding, ...odd }] of Object.entries(BROKEN)) {
  test(`${what} is a finding about the data of the source, and its image is sound`, async t => {
    const path = join(tempDir(t), 'live.db')
    makeOdd(path, odd)
    const image = await taken(path)
    assert.equal(image.facts.properties[CONSTRAINT_VIOLATIONS], NOT_COUNTED)
    const checks = await inspect(image.path, image.facts)
    const integrity = integrityOf(checks)
    assert.deepEqual([integrity?.status, checks.every(({ status }) => status === 'pass')], ['pass', true])
    assert.match(integrity?.reason ?? '', finding)
    assert.ok(violationsOf(checks) > 0)
  })
}

test('broken constraints are damage where the source had none, or where that is not known', async t => {
  const path = join(tempDir(t), 'live.db')
  makeOdd(path, NULLS)
  const { path: image, facts } = await taken(path)
  const statusOf = async (expected: SnapshotFacts | null): Promise<string | undefined> =>
    integrityOf(await inspect(image, expected))?.status
  assert.deepEqual(await Promise.all([0, undefined, 500, 3].map(count => statusOf(withCount(facts, count)))), [
    'fail',
    'fail',
    'pass',
    'pass'
  ])
  assert.equal(await statusOf(null), 'fail')
})

test('an index that lacks entries does not hide behind hundreds of broken constraints, in this or another table', async t => {
  for (const order of ['t', 'a']) {
    const path = join(tempDir(t), 'live.db')
    makeOdd(path, {
      ...NULLS,
      make: `${NULLS.make}; CREATE TABLE a (v); INSERT INTO a SELECT id FROM t; CREATE INDEX i ON ${order} (${
        order === 't' ? 'id' : 'v'
      })`
    })
    const db = new Database(path)
    db.unsafeMode()
    // The index is of something else now: none of its entries fits.
    db.exec(
      `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON ${order} (${
        order === 't' ? 'n' : 'v + 1'
      })' WHERE name = 'i'`
    )
    db.close()
    const image = await taken(path)
    const integrity = integrityOf(await inspect(image.path, image.facts))
    assert.equal(integrity?.status, 'fail')
    assert.match(integrity.reason ?? '', /missing from index i/)
  }
})

test('a damaged page is reported as such, whatever constraints are broken', async t => {
  const path = join(tempDir(t), 'live.db')
  makeOdd(path, NULLS, 'delete')
  const bytes = readFileSync(path)
  bytes.fill(0xff, bytes.length - 4096)
  writeFileSync(path, bytes)
  const db = new Database(path, { readonly: true })
  t.after(() => db.close())
  let found: unknown
  try {
    found = checkIntegrity(db, 'integrity_check').structural.length
  } catch (error) {
    found = (error as { code: string }).code
  }
  assert.ok(found === 'SQLITE_CORRUPT' || Number(found) > 0, String(found))
})

for (const [what, odd] of Object.entries(FOREIGN)) {
  test(`${what} that only the application has leaves the image sound, and what could not be checked is named`, async t => {
    const path = join(tempDir(t), 'live.db')
    makeOdd(path, odd)
    const image = await taken(path)
    const checks = await inspect(image.path, image.facts)
    assert.deepEqual(checks.filter(({ status }) => status === 'fail'), [])
    const integrity = integrityOf(checks)
    if (integrity?.status === 'skipped') {
      assert.match(integrity.reason ?? '', /not possible for (?:the indexes of )?"t"/)
    }
  })
}

test('a broken page of a table is found although an index of another one needs a function of the application', async t => {
  const path = join(tempDir(t), 'live.db')
  makeOdd(path, {
    ...FOREIGN['an index on a function']!,
    make: `${
      FOREIGN['an index on a function']!.make
    }; CREATE TABLE z (v); INSERT INTO z VALUES (zeroblob(100000)), (1); CREATE INDEX zi ON z (v)`
  }, 'delete')
  const db = new Database(path)
  db.unsafeMode()
  db.exec(
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX zi ON z (length(v))' WHERE name = 'zi'"
  )
  db.close()
  const integrity = integrityOf(await inspect((await taken(path)).path, null))
  assert.equal(integrity?.status, 'fail')
})

test('names of any length in a database make no reason longer than 2,100 characters', async t => {
  const path = join(tempDir(t), 'live.db')
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].map(letter => letter.repeat(100_000))
  makeOdd(path, {
    make: names.map(name =>
      `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO ${name} (n) VALUES (NULL)`
    ).join('; '),
    redefined: Object.fromEntries(
      names.map(name => [name, `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, n TEXT NOT NULL)`])
    )
  })
  const { path: image, facts } = await taken(path)
  const fewer: SnapshotFacts = { ...facts, tables: facts.tables.map(table => ({ ...table, rows: 7 })) }
  for (const expected of [facts, fewer, null]) {
    for (const { name, reason } of await inspect(image, expected)) {
      assert.ok((reason ?? '').length < 2100, `${name}: ${(reason ?? '').length}`)
    }
  }
})
