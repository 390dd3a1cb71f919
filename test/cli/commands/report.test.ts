import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../../support/cli/command-line.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('the report tells how each source stands, and is written as a page', async t => {
  const cwd = tempDir(t)
  const { holdfast, create, json } = await commandLine(t, { deps: { cwd } })
  await create()
  await holdfast('drill', '1')
  const { code, out } = await holdfast('report', '--html', 'evidence.html')
  assert.equal(code, 0)
  assert.match(out, /^1 drill since 2025-08-26 23:30:\d\d UTC \(90 d ago\): 1 passed, 0 failed, 0 inconclusive$/m)
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
