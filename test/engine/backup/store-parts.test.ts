import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { brokenBody, digestOf } from '../../support/streams.ts'

/** An engine whose source gives two parts of unknown size. */
async function parted (
  t: TestContext,
  options: TestEngineOptions = {}
): Promise<TestEngine & { readonly source: MemorySource }> {
  const source = new MemorySource('shop', { hasIndex: true })
  return { ...await testEngine(t, { ...options, sources: [source] }), source }
}

test('each part is a file of its own, with its digests in manifest and row', async t => {
  const { create, deps, directory, source, files } = await parted(t)
  const backup = await create({ compression: 'zstd' })
  const [index] = backup.parts
  assert.deepEqual(files(), [backup.key, index!.fileName, `${backup.key}.manifest.json`].toSorted())
  const manifest = (await deps.catalog.backups.manifest(backup.id))!
  const stored = readFileSync(join(directory, index!.fileName))
  assert.deepEqual([index!.size, index!.checksum], [stored.length, digestOf(stored).sha256])
  const plain = Buffer.from(JSON.stringify({ sha256: digestOf(source.bytes).sha256 }))
  assert.deepEqual(manifest.parts[0]?.image, digestOf(plain))
  assert.deepEqual([manifest.version, manifest.partFormat, manifest.image], [3, 'memory', digestOf(source.bytes)])
  assert.equal(backup.verification.status, 'valid')
})

test('each part is encrypted by itself, and is verified without a private key', async t => {
  const { recipient } = await ageKey()
  const { create } = await parted(t, {
    keyring: await keyring({ sealing: { encryption: 'age', ageRecipients: [recipient] } })
  })
  const backup = await create()
  assert.match(backup.parts[0]!.fileName, /\.index\.json\.age$/)
  assert.equal(backup.verification.status, 'valid')
})

test('where the second part dies, nothing of the first stays', async t => {
  const { create, engine, files, source } = await parted(t)
  source.index = () => brokenBody(Buffer.from('{'), new BackupError('SOURCE_FAILED', 'it died'))
  await rejectsWith('SOURCE_FAILED', create())
  assert.deepEqual([files(), (await engine.backup(1)).status, source.closed], [[], 'failed', 1])
})

test('where the store fails at the second part, nothing of the first stays', async t => {
  const { create, files, faults } = await parted(t)
  faults.fail('store.put', { error: new BackupError('STORE_FAILED', 'it broke'), on: /index/ })
  await rejectsWith('STORE_FAILED', create())
  assert.deepEqual(files(), [])
})

test('a store that is full at the second part makes room, and both are stored', async t => {
  const { create, engine, faults } = await parted(t)
  const first = await create()
  await (await engine.remove(first.id, { force: true })).result
  faults.fail('store.put', { error: new BackupError('DISK_FULL', 'no room'), on: /index/ })
  const backup = await create()
  assert.deepEqual([backup.verification.status, (await engine.backup(first.id)).deletedAt !== null], ['valid', true])
})

test('a source that gives other parts than it named fails, and nothing stays', async t => {
  const { create, files, source } = await parted(t)
  const outline = source.outline.bind(source)
  source.outline = () => [outline()[0]]
  await rejectsWith('SOURCE_FAILED', create())
  assert.deepEqual(files(), [])
})

test('one changed byte of the second part is found', async t => {
  const { create, engine, directory } = await parted(t)
  const { id, parts } = await create()
  const path = join(directory, parts[0]!.fileName)
  writeFileSync(path, readFileSync(path).fill(0x20, 3, 4))
  const { verification } = await (await engine.verify(id)).result
  assert.deepEqual(
    verification.checks.filter(({ status }) => status === 'fail').map(
      ({ name, reason }) => [name, /"index"/.test(reason ?? '')]
    ),
    [['checksum', true]]
  )
})
