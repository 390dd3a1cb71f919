import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { manifestKey } from '../../../src/core/backup/object-key.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { newMachine, trusting } from '../../support/cli/forged-backup.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('rebuild enters into the catalog what the store holds, and may be repeated', async t => {
  const before = await commandLine(t)
  await before.create({ description: 'kept' })
  const { holdfast, json } = await commandLine(t, { directory: before.directory })
  assert.deepEqual(await json('list'), [])
  const { code, out } = await holdfast('rebuild')
  assert.equal(code, 0)
  assert.match(
    out,
    /^STORE +SOURCE +BACKUPS +OLDEST \(UTC\) +NEWEST \(UTC\) +SIZE\nlocal +shop +1 .*\n\n✓ imported 1 backup from manifests\n$/
  )
  const again = await holdfast('rebuild')
  assert.deepEqual([again.code, again.out.trimEnd().split('\n').at(-1)], [0, '✓ the backup is already in the catalog'])
  assert.deepEqual((await json('list')).map(({ description }: { description: string }) => description), ['kept'])
})

test('rebuild counts the backups that the catalog had apart from new ones', async t => {
  const before = await commandLine(t)
  await before.create()
  const { holdfast } = await commandLine(t, { directory: before.directory })
  const lastLine = async (): Promise<string | undefined> => (await holdfast('rebuild')).out.trimEnd().split('\n').at(-1)
  assert.equal(await lastLine(), '✓ imported 1 backup from manifests')
  await before.create()
  await before.create()
  assert.equal(await lastLine(), '✓ imported 2 of 3 backups; the others were already in the catalog')
  assert.equal(await lastLine(), '✓ all 3 backups are already in the catalog')
})

test('what cannot be taken over is named, and the exit code is 3', async t => {
  const { holdfast, create, directory } = await commandLine(t)
  const [first, second] = [await create(), await create()]
  writeFileSync(join(directory, manifestKey(first.key)), '{}')
  rmSync(join(directory, second.key))
  const { code, out } = await holdfast('rebuild')
  assert.equal(code, 3)
  assert.match(
    out,
    /^⚠ imported 0 backups from manifests[^]*\n✗ shop.* in "local": .*\n✗ shop.* in "local": its object is missing\n$/
  )
})

test('a backup that goes away while the store is read is passed over', async t => {
  const { holdfast, create, faults } = await commandLine(t)
  await create()
  await create()
  faults.fail('store.get', { error: new BackupError('OBJECT_NOT_FOUND', 'it has gone') })
  const { code, out } = await holdfast('rebuild')
  assert.equal(code, 0)
  assert.match(out, /✓ the backup is already in the catalog\n$/)
})

test('a directory is a place to rebuild from, and --list only tells what is there', async t => {
  const before = await commandLine(t)
  await before.create()
  await before.create({ compression: 'zstd' })
  const { holdfast, json } = await commandLine(t, { sources: [new MemorySource('other')] })
  const listed = await holdfast('rebuild', '--list', '--from', before.directory)
  assert.deepEqual([listed.code, listed.out.trimEnd().split('\n').at(-1)], [0, '✓ 2 backups can be imported'])
  assert.deepEqual(await json('list'), [])
  const { adopted, stores: [store] } = await json('rebuild', '--from', before.directory)
  assert.deepEqual([
    adopted,
    store.name,
    store.place,
    store.added,
    store.sources.map(({ source, backups }: { source: string, backups: number }) => [source, backups])
  ], [2, 'directory', before.directory, 2, [['shop', 2]]])
  assert.equal((await json('list')).length, 2)
})

test('a place with nothing in it, and what is no place, end with their codes', async t => {
  const { holdfast } = await commandLine(t)
  assert.deepEqual([
    (await holdfast('rebuild', '--from', tempDir(t))).code,
    (await holdfast('rebuild', '--list', '--from', tempDir(t))).code,
    (await holdfast('rebuild', '--from', 'ftp://somewhere/')).code
  ], [4, 4, 2])
})

test('a source that is not configured is restored to a given path alone: what its manifest names is a suggestion', async t => {
  const before = await commandLine(t)
  await before.create()
  const { holdfast, restorer } = await commandLine(t, {
    sources: [new MemorySource('other')],
    deps: { cwd: '/elsewhere', ask: async () => true }
  })
  await holdfast('rebuild', '--from', before.directory)
  for (
    const words of [['--latest', '--source', 'shop'], ['--latest', '--source', 'shop', '--confirm'], ['1', '--yes'], [
      '1',
      '--json'
    ], ['1', '--overwrite', '--yes']]
  ) {
    const { code, err } = await holdfast('restore', ...words)
    assert.equal(code, 4, words.join(' '))
    assert.match(err, /the source \\?"shop\\?" is not configured, so[^]*--output[^]*\/memory\/shop/)
  }
  assert.deepEqual([...restorer.files.keys()], [])
  assert.equal((await holdfast('restore', '--latest', '--source', 'shop', '--output', 'shop.db')).code, 0)
  assert.deepEqual([...restorer.files.keys()], ['/elsewhere/shop.db'])
  assert.equal((await holdfast('restore', '--latest', '--source', 'nobody', '--yes')).code, 4)
})

test('a rebuild where a signature is required names the forged manifest, and its backup is not there', async t => {
  const { holdfast, json } = await newMachine(t, trusting(true))
  const { code, out } = await holdfast('rebuild')
  assert.equal(code, 3)
  assert.match(out, /✗ shop-backup-2025-11-24T23-30-20.db.manifest.json in "local": .* is not signed/)
  assert.deepEqual((await json('list')).map(({ id }: { id: number }) => id), [1])
})
