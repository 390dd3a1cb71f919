import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { examineDatabases } from '../../../src/sources/directory/examine-databases.ts'
import { treeOf } from './taken.ts'

test('databases inside are found by their content, unless they are excluded', async t => {
  const root = treeOf(t, { 'notes.db': 'SQLite format 4', 'pg/PG_VERSION': '17\n', 'sub/': '' })
  const db = new Database(join(root, 'sub/data'))
  db.exec('CREATE TABLE t (x)')
  db.close()
  const found = await examineDatabases({ path: root })
  assert.equal(found.status, 'warn')
  assert.match(found.message, /2 databases, .*: "pg\/PG_VERSION", "sub\/data"$/)
  assert.match(found.remedy ?? '', /exclude/)
  const excluded = await examineDatabases({ path: root, exclude: 'pg/\n/sub/data' })
  assert.deepEqual([excluded.status, excluded.remedy], ['ok', undefined])
  assert.equal((await examineDatabases({ path: join(root, 'none') })).status, 'skipped')
})
