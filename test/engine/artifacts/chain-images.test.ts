import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { MAIN } from '../../../src/core/ports/part.ts'
import { chainOf, requireDigests, withChain } from '../../../src/engine/artifacts/chain-images.ts'
import { chainedEngine } from '../../support/engine/chained.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { TASK } from '../../support/engine/task.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

test('a full backup is a chain by itself', async t => {
  const { create, deps } = await testEngine(t)
  const backup = await create()
  const chain = await chainOf(deps, backup, never)
  assert.deepEqual(chain.map(({ location }) => [location.store.name, location.key]), [['local', backup.key]])
})

test('an increment comes after all that it is built on, the full backup first', async t => {
  const { backups, deps } = await chainedEngine(t, [0, 1, 2])
  const chain = await chainOf(deps, backups[2]!, never)
  assert.deepEqual(chain.map(({ location }) => location.key), backups.map(({ key }) => key))
  const read = await withChain(deps, chain, { isOwn: true }, async ({ links }, last) => {
    assert.equal(links.at(-1)?.images, last)
    return await Promise.all(links.map(async ({ images }) => readFileSync(await images.file(MAIN, never)).length))
  }, never)
  assert.deepEqual(read, backups.map(({ originalSize }) => originalSize))
})

test('where what it is built on is gone, the error names that file', async t => {
  const { backups: [full, increment], deps } = await chainedEngine(t, [0, 1])
  await deps.catalog.backups.remove(full!.id, deps.clock.now())
  const { message } = await rejectsWith('CHAIN_BROKEN', chainOf(deps, increment!, never))
  assert.equal(message, `backup ${increment!.id} depends on "${full!.key}", which is missing`)
})

test('the digest of a part that is stored as it is is required, a compressed one is left to its unpacking', async t => {
  const { create, deps } = await testEngine(t)
  const made = [await create(), await create({ compression: 'zstd' })]
  const [[plain], [compressed]] = await Promise.all(made.map(backup => chainOf(deps, backup, never))) as [
    Awaited<ReturnType<typeof chainOf>>,
    Awaited<ReturnType<typeof chainOf>>
  ]
  await requireDigests(plain, TASK)
  for (const { filePath } of made) writeFileSync(filePath, 'other bytes')
  await rejectsWith('CHECKSUM_MISMATCH', requireDigests(plain, TASK))
  await requireDigests(compressed, TASK)
})
