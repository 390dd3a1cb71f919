import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { toBackupError } from '../../../src/core/errors.ts'
import type { ProtectedSource } from '../../../src/core/protected-source.ts'
import { directorySource } from '../../../src/sources/directory/source.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { noise, rejection } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** An engine whose source is a directory with some files. */
async function bench (t: TestContext): Promise<TestEngine & { readonly home: string, readonly tree: string }> {
  const home = tempDir(t)
  const tree = join(home, 'tree')
  mkdirSync(join(tree, 'payloads/2025'), { recursive: true })
  writeFileSync(join(tree, 'payloads/2025/one.json'), noise(5_000_000))
  writeFileSync(join(tree, 'payloads/2025/two.json'), 'two')
  writeFileSync(join(tree, 'pipeline.yaml'), 'steps: []')
  const source = directorySource({
    name: 'tree',
    path: tree,
    exclude: '',
    oneFileSystem: false,
    xattrs: false,
    onUnreadable: 'fail',
    onChange: 'report',
    scratchDir: tempDir(t)
  })
  return { ...await testEngine(t, { sources: [source] }), home, tree }
}

test('a directory is backed up, verified, listed, drilled, and restored in its place; the old one undoes that', async t => {
  const { engine, create, deps, home, tree } = await bench(t)
  const backup = await create({ source: 'tree', compression: 'zstd' })
  assert.deepEqual([backup.verification.status, backup.parts.map(({ name }) => name)], ['valid', ['files']])
  const page = await engine.files(backup.id, { patterns: ['**/*.json'], limit: 10 })
  assert.deepEqual(page.entries.map(({ path }) => path), ['payloads/2025/one.json', 'payloads/2025/two.json'])
  const drill = await (await engine.drill({ id: backup.id, actor: 'ann' })).result
  assert.deepEqual([drill.status, drill.errorMessage], ['passed', null])

  writeFileSync(join(tree, 'pipeline.yaml'), 'lost: []')
  const restored = await (await engine.restore(backup.id, {})).result
  assert.equal(readFileSync(join(tree, 'pipeline.yaml'), 'utf8'), 'steps: []')
  assert.deepEqual([restored.mode, restored.safetyBackupId], ['replace', null])
  assert.equal(readFileSync(join(restored.aside ?? '', 'pipeline.yaml'), 'utf8'), 'lost: []')
  assert.match(restored.warnings.join(), /"holdfast restores undo \d+" puts it back/)
  assert.deepEqual(readdirSync(home).length, 2)
  assert.deepEqual(readdirSync(deps.scratch.directory), [])
})

test('a directory that contains another source, by whatever name, is not replaced, and nothing is changed', async t => {
  const { create, deps, engine, home, tree } = await bench(t)
  const { id } = await create({ source: 'tree' })
  symlinkSync(tree, join(home, 'alias'))
  const names = readdirSync(home)
  const sources = deps.sources as Map<string, ProtectedSource>
  const { source, ...policy } = sources.get('tree') ?? assert.fail()
  for (const location of [join(tree, 'payloads'), join(home, 'alias/app.db')]) {
    sources.set('inner', { ...policy, source: { ...source, name: 'inner', location } })
    const { message, hint } = await rejectsWith('RESTORE_TARGET_INVALID', engine.restore(id, {}))
    assert.match(`${message} ${hint}`, /contains the source "inner".*--output/)
  }
  assert.deepEqual(readdirSync(home), names)
  sources.set('inner', { ...policy, source: { ...source, name: 'inner', location: join(home, 'tree-2') } })
  assert.equal((await (await engine.restore(id, {})).result).status, 'completed')
})

test('increments restore to each of their states, and selected paths come out of a chain', async t => {
  const { engine, create, home, tree } = await bench(t)
  const full = await create({ source: 'tree' })
  writeFileSync(join(tree, 'payloads/2025/two.json'), 'changed')
  rmSync(join(tree, 'pipeline.yaml'))
  const increment = await create({ source: 'tree', method: 'incremental' })
  assert.deepEqual([increment.method, increment.verification.status], ['incremental', 'valid'])
  const copies = [join(home, 'full'), join(home, 'increment'), join(home, 'some')] as const
  await (await engine.restore(full.id, { target: copies[0] })).result
  await (await engine.restore(increment.id, { target: copies[1] })).result
  await (await engine.restore(increment.id, { target: copies[2], paths: ['payloads/2025/one.json'] })).result
  assert.deepEqual(copies.map(copy => readdirSync(copy).toSorted()), [
    ['payloads', 'pipeline.yaml'],
    ['payloads'],
    ['payloads']
  ])
  assert.deepEqual(
    copies.slice(0, 2).map(copy => readFileSync(join(copy, 'payloads/2025/two.json'), 'utf8')),
    ['two', 'changed']
  )
  assert.deepEqual(readdirSync(join(home, 'some/payloads/2025')), ['one.json'])
  assert.ok(readFileSync(join(home, 'some/payloads/2025/one.json')).equals(noise(5_000_000)))
})

test('of a compressed backup a single file is read without the rest, which may be damaged', async t => {
  const { engine, create, home } = await bench(t)
  const { id, filePath } = await create({ source: 'tree', compression: 'zstd' })
  const stored = readFileSync(filePath)
  // The frame of the first 2 MiB has a large file alone.
  stored.fill(0, 100_000, 200_000)
  rmSync(filePath)
  writeFileSync(filePath, stored)
  const found = join(home, 'found')
  await (await engine.restore(id, { target: found, paths: ['pipeline.yaml'] })).result
  assert.equal(readFileSync(join(found, 'pipeline.yaml'), 'utf8'), 'steps: []')
  const whole = await engine.restore(id, { target: join(home, 'whole') })
  // Whichever finds it first: the decoder, or the digest of the stored bytes.
  assert.match(toBackupError(await rejection(whole.result)).code, /^(?:DECODE_FAILED|CHECKSUM_MISMATCH)$/)
  assert.deepEqual(readdirSync(home).toSorted(), ['found', 'tree'])
})
