import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { rejectsWith } from '../../support/rejects.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { bench } from './row-bench.ts'

test('a condition is evaluated before the live database is asked for anything, so that it keeps no writer waiting', async t => {
  const { live, plan, rescue } = bench(
    t,
    'CREATE TABLE item (id INTEGER PRIMARY KEY, name); INSERT INTO item VALUES (1, 1)',
    { journalMode: 'delete' }
  )
  const holder = await sqliteProcess(t, live, 'BEGIN EXCLUSIVE')
  for (const attempt of [plan, rescue]) {
    // Fails at a row, and so only while it is evaluated.
    await rejectsWith('VALIDATION_FAILED', attempt('item', "json('no JSON' || id) = 1", { timeout: 50 }))
    await rejectsWith('SOURCE_LOCKED', attempt('item', 'id = 1', { timeout: 50 }))
  }
  await holder.stop()
})

test('a condition whose values need more memory than there may be is refused by name, wherever it is given', async t => {
  const { plan, rescue, rows, backup } = bench(
    t,
    'CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (1)'
  )
  for (const where of ['randomblob(999999999) IS NOT NULL', 'length(zeroblob(2000000000)) > 0']) {
    const extract = (): Promise<unknown> =>
      rows.extract(backup, { table: 'item', where }, join(tempDir(t), 'rows.csv'), never)
    for (const attempt of [() => plan('item', where), () => rescue('item', where), extract]) {
      const { message } = await rejectsWith('VALIDATION_FAILED', attempt())
      assert.equal(message, `the condition "${where}" is not valid: string or blob too big`)
    }
  }
})
