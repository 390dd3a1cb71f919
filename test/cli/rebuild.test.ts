import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { manifestKey } from '../../src/core/object-key.ts'
import { commandLine } from '../support/command-line.ts'

test('rebuild enters into the catalog what the store holds, and may be repeated', async t => {
  const before = await commandLine(t)
  await before.create({ description: 'kept' })
  const { holdfast, json } = await commandLine(t, { directory: before.directory })
  assert.deepEqual(await json('list'), [])
  const { code, out } = await holdfast('rebuild')
  assert.deepEqual([code, out], [0, '✓ the catalog knows 1 backup by the manifests in the store\n'])
  assert.equal((await holdfast('rebuild')).code, 0)
  assert.deepEqual((await json('list')).map(({ description }: { description: string }) => description), ['kept'])
})

test('what cannot be taken over is named, and the exit code is 3', async t => {
  const { holdfast, create, directory } = await commandLine(t)
  const [first, second] = [await create(), await create()]
  writeFileSync(join(directory, manifestKey(first.key)), '{}')
  rmSync(join(directory, second.key))
  const { code, out } = await holdfast('rebuild')
  assert.equal(code, 3)
  assert.match(out, /^✓ the catalog knows 0 backups[^]*\n✗ shop.*: .*\n✗ shop.*: the object that it describes is missing\n$/)
})

test('a backup that goes away while the store is read is passed over', async t => {
  const { holdfast, create, faults } = await commandLine(t)
  await create()
  await create()
  faults.fail('store.get', { error: new BackupError('OBJECT_NOT_FOUND', 'it has gone') })
  const { code, out } = await holdfast('rebuild')
  assert.deepEqual([code, out], [0, '✓ the catalog knows 1 backup by the manifests in the store\n'])
})
