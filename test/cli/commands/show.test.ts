import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

test('show prints every fact of a backup, its last verification and all of them', async t => {
  const { holdfast, create, engine } = await commandLine(t)
  await create({ compression: 'gzip' })
  const { code, out } = await holdfast('show', '1')
  assert.equal(code, 0)
  assert.match(out, /^Backup 1\n {2}file +\/.*\.db\.gz\n[^]* {2}sha256 +[0-9a-f]{64}\n/)
  assert.match(
    out,
    /Last verification\n {2}✓ file_exists\n[^]*All verifications\n {2}2025-11-24 23:30:01 UTC \(just now\) {2}valid\n/
  )
  assert.equal((await engine.backup(1)).compression, 'gzip')
  assert.equal((await holdfast('show', '2')).code, 4)
  assert.equal((await holdfast('show', 'one')).code, 2)
})

test('show --json prints the backup with each of its verifications', async t => {
  const { holdfast, json, create } = await commandLine(t)
  await create()
  await holdfast('verify', '1')
  const printed = await json('show', '1')
  assert.deepEqual(OUTPUTS.show.parse(printed), printed)
  assert.deepEqual([printed.backup.id, printed.verifications.length], [1, 2])
})

test('control characters of a description do not reach the terminal', async t => {
  const { holdfast, create } = await commandLine(t)
  await create({ description: 'a\u001b[2Jb' })
  const { out } = await holdfast('show', '1')
  assert.ok(out.includes('a\ufffd[2Jb') && !out.includes('\u001b'))
})

test('show prints the state of each copy', async t => {
  const { offsite, faults } = await testOffsite(t, { far: {} })
  const { holdfast, create } = await commandLine(t, { offsite })
  await create()
  faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await holdfast('upload', '1')
  assert.match(
    (await holdfast('show', '1')).out,
    /in "far" +failed: it is down, next attempt 2025-11-24 23:31:01 UTC \(in 1 min\)/
  )
})

test('show lists the parts of a backup that has several, with their sizes', async t => {
  const sources = [new MemorySource('shop', { hasIndex: true })]
  const { holdfast, create } = await commandLine(t, { sources })
  const { key, size, parts: [index] } = await create()
  const { out } = await holdfast('show', '1')
  const [own, total] = [index!.size!, size! + index!.size!]
  assert.deepEqual(out.split('\n').filter(line => /^ {2}(?:size|part) /.test(line)), [
    `  size          100.1 kB (${total} bytes) in 2 parts`,
    `  part "main"   ${key}, 100.0 kB (100000 bytes)`,
    `  part "index"  ${index!.fileName}, ${own} B (${own} bytes)`
  ])
})

test('show names no parts of a backup that has one', async t => {
  const { holdfast, create } = await commandLine(t)
  await create()
  assert.doesNotMatch((await holdfast('show', '1')).out, /part/)
})

test('show has the times on the clock of the reader as well', async t => {
  const { holdfast, create } = await commandLine(t, { environment: { TZ: 'Europe/Vienna' } })
  await create()
  const { out } = await holdfast('show', '1')
  assert.match(out, /\n {2}started +2025-11-24 23:30:01 UTC \(2025-11-25 00:30 local, just now\)\n/)
  assert.doesNotMatch((await holdfast('show', '1', '--json')).out, /local,|00:30/)
})
