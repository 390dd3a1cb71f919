import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine } from '../../support/command-line.ts'
import { tempDir } from '../../support/temp-dir.ts'

const HOLDS = { name: 'there are ledgers', sql: 'the ledger', min: 1 }

test('a drill shows each check and each assertion, and ends well where all is well', async t => {
  const { holdfast, create } = await commandLine(t, { assertions: { shop: [HOLDS] } })
  await create()
  const { code, out } = await holdfast('drill', '1')
  assert.equal(code, 0)
  assert.match(out, /^Backup 1 of "shop" restores, in 0\.0 s$/m)
  assert.match(out, /✓ checksum/)
  assert.match(out, /✓ there are ledgers: \d+, at least 1$/m)
})

test('without an id the backup is drilled whose turn it is, and the reason told', async t => {
  const { holdfast, create, deps } = await commandLine(t)
  await create()
  await create()
  assert.match((await holdfast('drill')).out, /backup 2: the newest proven backup that was never drilled/)
  assert.match((await holdfast('drill', '--source', 'shop')).out, /backup 1: /)
  const { entries } = await deps.catalog.audit.list({ limit: 10 })
  assert.deepEqual(entries.map(({ action, target, actor }) => [action, target, actor]), [['drill', 'source shop', 'ann'], ['drill', 'source shop', 'ann']])
})

test('a drill ends with 6 where something is wrong with the backup, and otherwise as what was in its way', async t => {
  const { holdfast, create, faults } = await commandLine(t, { assertions: { shop: [{ ...HOLDS, min: 1e9 }] } })
  const { filePath } = await create()
  const failing = await holdfast('drill', '1')
  assert.equal(failing.code, 6)
  assert.match(failing.out, /✗ there are ledgers: \d+, at least 1000000000/)
  faults.fail('scratch.withFile', { error: new BackupError('DISK_FULL', 'no room') })
  const hindered = await holdfast('drill', '1')
  assert.deepEqual([hindered.code, hindered.out], [7, 'The drill is inconclusive: no room\n'])
  writeFileSync(filePath, 'other bytes')
  assert.equal((await holdfast('drill', '1')).code, 6)
  assert.equal((await holdfast('drill', '9')).code, 4)
  assert.equal((await holdfast('drill', '1', '--source', 'shop')).code, 2)
})

test('drills are listed newest first, with the age of their backup', async t => {
  const { holdfast, create, clock, json } = await commandLine(t)
  assert.equal((await holdfast('drills')).out, 'no drills\n')
  await create()
  clock.move(3 * 86_400_000)
  await holdfast('drill', '1')
  await holdfast('drill', '1')
  const { out } = await holdfast('drills')
  assert.match(out, /ID +BEGUN \(UTC\) .*\n +2 .* 3 d +passed .* ann/)
  assert.deepEqual((await json('drills', '--limit', '1')).drills.map(({ id }: { id: number }) => id), [2])
})

test('the report tells how each source stands, and is written as a page', async t => {
  const cwd = tempDir(t)
  const { holdfast, create, json } = await commandLine(t, { deps: { cwd } })
  await create()
  await holdfast('drill', '1')
  const { code, out } = await holdfast('report', '--html', 'evidence.html')
  assert.equal(code, 0)
  assert.match(out, /^1 drill since 2025-08-26 \d\d:\d\d: 1 passed, 0 failed, 0 inconclusive$/m)
  assert.match(out, /^shop +1 of 1 /m)
  assert.ok(out.endsWith(`written to ${join(cwd, 'evidence.html')}\n`), out)
  assert.match(readFileSync(join(cwd, 'evidence.html'), 'utf8'), /^<!doctype html>[\s\S]*Drill 1: backup 1 of shop/)
  assert.deepEqual((await json('report', '--since', '2026-01-01')).report.total.drills, 0)
})

test('a report that cannot be written, or of a time that is none, says so', async t => {
  const { holdfast } = await commandLine(t, { deps: { cwd: tempDir(t) } })
  const { code, err } = await holdfast('report', '--html', 'nowhere/evidence.html')
  assert.equal(code, 2)
  assert.match(err, /nowhere\/evidence\.html" cannot be written \(ENOENT\)/)
  assert.equal((await holdfast('report', '--since', 'lately')).code, 2)
  assert.equal((await holdfast('report', '--source', 'nowhere')).code, 4)
})

test('stats and sources tell when a backup was last proven to restore', async t => {
  const { holdfast, create, json } = await commandLine(t)
  await create()
  assert.match((await holdfast('sources')).out, /proven +never restored yet/)
  await holdfast('drill', '1')
  assert.match((await holdfast('sources')).out, /proven +restored just now, in 0\.0 s/)
  assert.match((await holdfast('stats')).out, /PROVEN +RESTORE.*\n.*just now +0\.0 s/)
  const { statistics } = await json('stats')
  assert.deepEqual([statistics.sources[0].lastRestoreSeconds, statistics.sources[0].rpoSeconds, typeof statistics.sources[0].lastProven], [0, 0, 'string'])
})
