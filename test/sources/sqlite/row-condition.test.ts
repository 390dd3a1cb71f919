import { test } from 'node:test'
import { rejectsWith } from '../../support/rejects.ts'
import { sqliteProcess } from '../../support/sqlite-process.ts'
import { bench } from './row-bench.ts'

test('a condition is evaluated before the live database is asked for anything, so that it keeps no writer waiting', async t => {
  const { live, plan, rescue } = bench(t, 'CREATE TABLE item (id INTEGER PRIMARY KEY, name); INSERT INTO item VALUES (1, 1)', { journalMode: 'delete' })
  const holder = await sqliteProcess(t, live, 'BEGIN EXCLUSIVE')
  for (const attempt of [plan, rescue]) {
    // Fails at a row, and so only while it is evaluated.
    await rejectsWith('VALIDATION_FAILED', attempt('item', "json('no JSON' || id) = 1", { timeout: 50 }))
    await rejectsWith('SOURCE_LOCKED', attempt('item', 'id = 1', { timeout: 50 }))
  }
  await holder.stop()
})
