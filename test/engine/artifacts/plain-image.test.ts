import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Compression } from '../../../src/core/ports/codec.ts'
import { requireDigest, withPlainImage, type PlainRequest } from '../../../src/engine/artifacts/plain-image.ts'
import { NO_KEYS } from '../../../src/pipeline/keyring.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { TASK } from '../../support/engine/task.ts'

/** A new backup, as what is asked for. */
async function made (
  { deps, create }: TestEngine,
  compression: Compression,
  isOwn = false
): Promise<PlainRequest & { readonly filePath: string }> {
  const { id, key, filePath } = await create({ compression })
  return { key, filePath, manifest: (await deps.catalog.backups.manifest(id))!, isOwn }
}

function scratchFiles ({ deps }: TestEngine): string[] {
  return readdirSync(deps.scratch.directory).map(name => `${deps.scratch.directory}/${name}`)
}

for (
  const [compression, isOwn, isStored] of [['none', false, true], ['none', true, false], ['gzip', false, false], [
    'zstd',
    true,
    false
  ]] as const
) {
  test(`the plain bytes of a ${compression} backup${isOwn ? ', wanted as a file of our own,' : ''} are ${isStored ? 'the stored file' : 'a file in scratch space, removed in the end'}`, async t => {
    const bench = await testEngine(t)
    const { filePath, ...request } = await made(bench, compression, isOwn)
    const used = await withPlainImage(bench.deps, request, TASK, async ({ path, sha256, properties }) => {
      assert.deepEqual([readFileSync(path), sha256, properties], [
        bench.source.bytes,
        request.manifest.image.sha256,
        request.manifest.facts.properties
      ])
      assert.deepEqual(scratchFiles(bench), isStored ? [] : [path])
      return path
    })
    assert.equal(used === filePath, isStored)
    assert.deepEqual(scratchFiles(bench), [])
  })
}

test('where the work fails its error is thrown, and no file stays in scratch space', async t => {
  const bench = await testEngine(t)
  const error = new Error('it failed')
  await assert.rejects(
    withPlainImage(bench.deps, await made(bench, 'zstd'), TASK, async () => {
      throw error
    }),
    error
  )
  assert.deepEqual(scratchFiles(bench), [])
})

test('a file of our own is compared with the digest before it is used, a stored file is not', async t => {
  const bench = await testEngine(t)
  const request = await made(bench, 'none')
  writeFileSync(request.filePath, Buffer.alloc(bench.source.bytes.length))
  await rejectsWith(
    'CHECKSUM_MISMATCH',
    withPlainImage(bench.deps, { ...request, isOwn: true }, TASK, async () => {
      assert.fail('damaged bytes were used')
    })
  )
  assert.equal(await withPlainImage(bench.deps, request, TASK, async ({ path }) => path), request.filePath)
})

test('without room in scratch space, or without the key, the work does not begin', async t => {
  const { identity, recipient } = await ageKey()
  const bench = await testEngine(t, {
    keyring: await keyring({ identities: [identity], sealing: { encryption: 'age', ageRecipients: [recipient] } })
  })
  const request = await made(bench, 'none')
  const begun = async (): Promise<never> => assert.fail('the work began')
  await rejectsWith(
    'DISK_FULL',
    withPlainImage({ ...bench.deps, diskReserve: Number.MAX_SAFE_INTEGER }, request, TASK, begun)
  )
  await rejectsWith('KEY_MISSING', withPlainImage({ ...bench.deps, keyring: NO_KEYS }, request, TASK, begun))
  assert.deepEqual(scratchFiles(bench), [])
})

test('the digest of a backup that is stored as it is is required, and that of a compressed one is left to its unpacking', async t => {
  const bench = await testEngine(t)
  const [plain, compressed] = [await made(bench, 'none'), await made(bench, 'zstd')]
  await requireDigest(bench.deps, plain, TASK)
  for (const { filePath } of [plain, compressed]) writeFileSync(filePath, 'other bytes')
  await rejectsWith('CHECKSUM_MISMATCH', requireDigest(bench.deps, plain, TASK))
  await requireDigest(bench.deps, compressed, TASK)
})
