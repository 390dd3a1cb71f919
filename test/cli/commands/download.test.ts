import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('download writes the artifact to a new file of its owner, byte for byte, under its own name in a directory', async t => {
  const cwd = tempDir(t)
  const { holdfast, json, create, directory } = await commandLine(t, { deps: { cwd } })
  const { key } = await create({ compression: 'gzip' })
  assert.equal((await holdfast('download', '1')).code, 0)
  assert.deepEqual(readFileSync(join(cwd, key)), readFileSync(join(directory, key)))
  assert.equal(statSync(join(cwd, key)).mode & 0o777, 0o600)
  assert.deepEqual(await json('download', '1', '--output', 'x.db', '--decoded'), {
    backupId: 1,
    path: join(cwd, 'x.db'),
    store: 'local',
    size: 100_000,
    decoded: true,
    part: 'main'
  })
  assert.equal(readFileSync(join(cwd, 'x.db')).length, 100_000)
})

test('download never overwrites, and leaves nothing of what broke', async t => {
  const cwd = tempDir(t)
  const { holdfast, create, faults } = await commandLine(t, { deps: { cwd } })
  await create()
  writeFileSync(join(cwd, 'mine'), 'mine')
  assert.equal((await holdfast('download', '1', '--output', 'mine')).code, 5)
  assert.equal(readFileSync(join(cwd, 'mine'), 'utf8'), 'mine')
  const before = readdirSync(cwd)
  faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'the disk gave up'), when: 50_000 })
  assert.equal((await holdfast('download', '1', '--output', 'new')).code, 7)
  assert.equal((await holdfast('download', '1', '--output', 'no/such/folder')).code, 2)
  assert.deepEqual(readdirSync(cwd), before)
})

test('download of a backup that is not there, or of no number, ends with its code and writes nothing', async t => {
  const cwd = tempDir(t)
  const { holdfast } = await commandLine(t, { deps: { cwd } })
  const { code, err } = await holdfast('download', '9')
  assert.equal(code, 4)
  assert.match(err, /there is no backup 9/)
  assert.equal((await holdfast('download', 'x')).code, 2)
  assert.deepEqual(readdirSync(cwd), [])
})

test('download writes one part, or a tar of all of them, and names the parts where there is no such one', async t => {
  const cwd = tempDir(t)
  const sources = [new MemorySource('shop', { hasIndex: true })]
  const { holdfast, json, create, directory } = await commandLine(t, { sources, deps: { cwd } })
  const { key, parts: [index] } = await create()
  const name = index!.fileName
  assert.equal((await json('download', '1', '--part', 'index')).part, 'index')
  assert.deepEqual(readFileSync(join(cwd, name)), readFileSync(join(directory, name)))
  assert.equal((await json('download', '1', '--part', 'all')).path, join(cwd, `${key}.tar`))
  execFileSync('tar', ['-xf', `${key}.tar`], { cwd })
  assert.deepEqual(readdirSync(cwd).sort(), [key, name, `${key}.manifest.json`, `${key}.tar`].sort())
  const { code, err } = await holdfast('download', '1', '--part', 'globals')
  assert.equal(code, 4)
  assert.match(err, /"main", "index"/)
  assert.equal((await holdfast('download', '1', '--part', 'all', '--decoded')).code, 2)
})
