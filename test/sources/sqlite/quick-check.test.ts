import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { BackupError } from '../../../src/core/errors.ts'
import { quickCheck } from '../../../src/sources/sqlite/quick-check.ts'
import { makeMoney, startWriter } from '../../support/databases/money.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a sound database beside a writer has no finding, and a page of noise is one', async t => {
  const path = join(tempDir(t), 'live.db')
  makeMoney(path, { entries: 30_000 })
  const writer = await startWriter(t, path)
  assert.equal(await quickCheck(path, never), undefined)
  assert.deepEqual((await writer.stop()).errors, [])
  const db = new Database(path)
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  const bytes = readFileSync(path)
  bytes.fill(0xa5, 40 * 4096, 41 * 4096)
  writeFileSync(path, bytes)
  assert.match(await quickCheck(path, never) ?? '', /\S/)
})

test('a file that is no database is a finding, one that is not there rejects, and so does an abort', async t => {
  const path = join(tempDir(t), 'text.db')
  writeFileSync(path, 'not a database'.repeat(1000))
  assert.match(await quickCheck(path, never) ?? '', /not a database/)
  await rejectsWith('SOURCE_UNREADABLE', quickCheck(`${path}.gone`, never))
  await rejectsWith('CANCELLED', quickCheck(path, AbortSignal.abort(new BackupError('CANCELLED', 'enough'))))
})
