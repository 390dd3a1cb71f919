import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import { conclude } from '../../../src/core/ports/verification.ts'
import { verifyObject, type ObjectVerification } from '../../../src/engine/artifacts/verify-parts.ts'
import { memoryInspector } from '../../support/sources/memory-source.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { digestOf, noise } from '../../support/streams.ts'
import { TASK } from '../../support/engine/task.ts'

const MANIFEST: Check = { name: 'manifest', status: 'pass' }

test('a compressed object with the right digest that cannot be decoded fails its decompression', async t => {
  const { deps, create } = await testEngine(t)
  const backup = await create({ compression: 'zstd' })
  const manifest = (await deps.catalog.backups.manifest(backup.id))!
  const cut = readFileSync(backup.filePath).subarray(0, -30)
  writeFileSync(backup.filePath, cut)
  const given = { ...manifest, object: { ...manifest.object, ...digestOf(cut) } }
  const { valid, checks } = await verifyObject(
    deps,
    { key: backup.key, manifest: given, manifestCheck: MANIFEST },
    TASK
  )
  assert.deepEqual([valid, checks.find(({ status }) => status === 'fail')?.name], [false, 'decompression'])
})

test('an uncompressed object that is not its image fails, although it has its own digest', async t => {
  const { deps, create } = await testEngine(t)
  const backup = await create()
  const manifest = (await deps.catalog.backups.manifest(backup.id))!
  const { valid, checks } = await verifyObject(deps, {
    key: backup.key,
    manifest: { ...manifest, image: digestOf(noise(5)) },
    manifestCheck: MANIFEST
  }, TASK)
  assert.deepEqual([valid, checks.find(({ status }) => status === 'fail')?.name], [false, 'decompression'])
})

test('where the store has no files an uncompressed image is brought to the scratch directory', async t => {
  const { deps, create } = await testEngine(t)
  const backup = await create()
  const manifest = (await deps.catalog.backups.manifest(backup.id))!
  const remote = { ...deps, store: { ...deps.store, file: async () => undefined } }
  const verification = await verifyObject(remote, { key: backup.key, manifest, manifestCheck: MANIFEST }, TASK)
  assert.deepEqual([verification.valid, verification], [true, conclude(verification.checks, memoryInspector.checks)])
})

test('what is not sealed to the key that its manifest names fails its decryption', async t => {
  const [key, stranger] = [await ageKey(), await ageKey()]
  const { deps, create } = await testEngine(t, {
    keyring: await keyring({ sealing: { encryption: 'age', ageRecipients: [stranger.recipient] } })
  })
  const backup = await create()
  const manifest = { ...(await deps.catalog.backups.manifest(backup.id))!, keys: [key.recipient] }
  const opening = await keyring({
    identities: [key.identity],
    sealing: { encryption: 'age', ageRecipients: [key.recipient] }
  })
  const proof = await verifyObject(
    { ...deps, keyring: opening },
    { key: backup.key, manifest, manifestCheck: MANIFEST },
    TASK
  )
  assert.deepEqual([proof.valid, proof.checks.find(({ status }) => status === 'fail')?.name], [false, 'decryption'])
})

/** What proves a new backup. */
async function proofOf (
  { deps, create }: TestEngine,
  compression: 'none' | 'zstd'
): Promise<ObjectVerification & { readonly filePath: string }> {
  const { id, key, filePath } = await create({ compression })
  return { key, filePath, manifest: (await deps.catalog.backups.manifest(id))!, manifestCheck: MANIFEST }
}

test('an object that is missing, or no regular file, fails the first level, and the others are skipped', async t => {
  const bench = await testEngine(t)
  const { filePath, ...proof } = await proofOf(bench, 'none')
  rmSync(filePath)
  const missing = await verifyObject(bench.deps, proof, TASK)
  assert.deepEqual(missing.checks.slice(0, 3), [
    { name: 'file_exists', status: 'fail', reason: `"${filePath}" does not exist` },
    MANIFEST,
    { name: 'checksum', status: 'skipped', reason: 'not reached, because file_exists failed' }
  ])
  mkdirSync(filePath)
  const folder = await verifyObject(bench.deps, proof, TASK)
  assert.deepEqual([folder.valid, folder.checks.filter(({ status }) => status === 'fail').map(({ name }) => name)], [
    false,
    ['file_exists']
  ])
})

test('an object with another digest fails its checksum, and no level after it is tried', async t => {
  const bench = await testEngine(t)
  const { filePath, ...proof } = await proofOf(bench, 'none')
  writeFileSync(filePath, Buffer.alloc(bench.source.bytes.length))
  const { valid, checks } = await verifyObject(bench.deps, proof, TASK)
  assert.deepEqual([valid, checks.slice(0, 3).map(({ status }) => status)], [false, ['pass', 'pass', 'fail']])
  assert.deepEqual(
    checks.slice(3).map(({ status, reason }) => [status, reason]),
    Array(4).fill(['skipped', 'not reached, because checksum failed'])
  )
})

test('an object that came to hand through its digest is not read for it again', async t => {
  const bench = await testEngine(t)
  const { filePath, ...proof } = await proofOf(bench, 'none')
  bench.faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'it was read') })
  assert.equal((await verifyObject(bench.deps, { ...proof, isDigested: true }, TASK)).valid, true)
  await rejectsWith('STORE_FAILED', verifyObject(bench.deps, proof, TASK))
})

test('before an image is unpacked its size is asked for, and where there is no room nothing is written', async t => {
  const bench = await testEngine(t)
  const { filePath, ...proof } = await proofOf(bench, 'zstd')
  const asked: number[] = []
  const requireRoom = async (bytes: number): Promise<void> => {
    asked.push(bytes)
    throw new BackupError('DISK_FULL', 'no room')
  }
  bench.faults.fail('scratch.file', { error: new BackupError('STORE_FAILED', 'it was written') })
  await rejectsWith('DISK_FULL', verifyObject(bench.deps, { ...proof, requireRoom }, TASK))
  assert.deepEqual(asked, [bench.source.bytes.length])
  await rejectsWith('STORE_FAILED', verifyObject(bench.deps, proof, TASK))
})
