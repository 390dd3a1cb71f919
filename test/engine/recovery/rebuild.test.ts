import assert from 'node:assert/strict'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { rebuild } from '../../../src/engine/recovery/rebuild.ts'
import { testEngine, type TestEngine } from '../../support/engine.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never, prose } from '../../support/streams.ts'

/** Rebuilds from the landing store: how many backups were taken over, and what was refused. */
async function landed ({ deps }: Pick<TestEngine, 'deps'>) {
  const { adopted, stores } = await rebuild(deps, { stores: [deps.store], isListing: false }, never)
  return [adopted, stores.flatMap(({ refused }) => refused)] as const
}

test('an empty catalog gets the same rows again from the store', async t => {
  const before = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  await before.create({ description: 'first', compression: 'zstd' })
  await before.create({ source: 'bank', type: 'scheduled', schedule: 'daily' })
  const pinned = await before.create({ verify: false })
  await before.engine.edit(pinned.id, { pinned: true })
  const after = await testEngine(t, { directory: before.directory, signing: before.deps.signing })
  assert.deepEqual(await landed(after), [3, []])
  for (const id of [1, 2, 3]) {
    const [was, is] = await Promise.all([before.engine.backup(id), after.engine.backup(id)])
    assert.deepEqual({ ...is, verification: is.verification.status }, { ...was, verification: was.verification.status })
  }
})

test('it may be repeated, and changes nothing then', async t => {
  const { engine, deps, create, files } = await testEngine(t)
  const backup = await create()
  const before = files()
  await landed({ deps })
  await landed({ deps })
  assert.deepEqual([(await engine.backups({ limit: 10 })).backups, files()], [[backup], before])
})

test('what is in the trash is in the trash again, and its grace begins anew', async t => {
  const before = await testEngine(t)
  await before.create()
  await before.create()
  await (await before.engine.remove(1, { force: false })).result
  const after = await testEngine(t, { directory: before.directory })
  after.clock.move(400 * 86_400_000)
  await landed(after)
  await housekeep(after.deps)
  assert.deepEqual((await after.engine.backups({ limit: 10, trashed: true })).backups.map(({ id, trashedAt }) => [id, trashedAt]), [[1, after.clock.now()]])
  await (await after.engine.undelete(1)).result
  assert.equal((await (await after.engine.verify(1)).result).verification.valid, true)
})

test('an id that is taken is not given twice', async t => {
  const before = await testEngine(t)
  await before.create()
  const after = await testEngine(t, { sources: [new MemorySource('bank')], directory: before.directory })
  await after.create()
  await landed(after)
  assert.deepEqual((await after.engine.backups({ limit: 10 })).backups.map(({ id, source }) => [id, source]), [[2, 'shop'], [1, 'bank']])
  assert.equal((await (await after.engine.verify(2)).result).verification.valid, true)
})

test('manifests that are none, or whose object is missing, are refused with the reason, and the rest is taken over', async t => {
  const before = await testEngine(t)
  const [first, second] = [await before.create(), await before.create()]
  rmSync(first.filePath)
  writeFileSync(join(before.directory, 'junk.db.manifest.json'), '{"format": "other"}')
  writeFileSync(join(before.directory, 'text.db.manifest.json'), 'oops')
  const kept = before.files()
  const after = await testEngine(t, { directory: before.directory })
  const [adopted, refused] = await landed(after)
  assert.deepEqual([adopted, refused.map(({ key }) => key)], [1, ['junk.db.manifest.json', `${first.key}.manifest.json`, 'text.db.manifest.json']])
  assert.match(refused[0]!.reason, /"format"/)
  assert.match(refused[1]!.reason, /missing/)
  assert.deepEqual([(await after.engine.backups({ limit: 10 })).backups.map(({ id }) => id), after.files()], [[second.id], kept])
})

test('files without a manifest, and what is kept aside, are left alone', async t => {
  const before = await testEngine(t)
  before.source.bytes = Buffer.concat([Buffer.from('BAD'), prose(100)])
  await rejectsWith('VERIFICATION_FAILED', before.create())
  writeFileSync(join(before.directory, 'holiday.jpg'), 'somebody\'s own')
  writeFileSync(join(before.directory, 'quarantine/x.db.manifest.json'), '{}')
  const kept = before.files()
  const after = await testEngine(t, { directory: before.directory })
  assert.deepEqual([await landed(after), after.files()], [[0, []], kept])
})

test('a manifest of somebody else\'s object is refused where its length tells, and otherwise tells on itself when it is verified', async t => {
  const before = await testEngine(t)
  const [first, second, third] = [await before.create(), await before.create({ compression: 'gzip' }), await before.create()]
  copyFileSync(`${first.filePath}.manifest.json`, `${second.filePath}.manifest.json`)
  writeFileSync(third.filePath, Buffer.alloc(third.size ?? 0, 7))
  const after = await testEngine(t, { directory: before.directory })
  const [adopted, refused] = await landed(after)
  assert.deepEqual([adopted, refused.map(({ key }) => key)], [2, [`${second.key}.manifest.json`]])
  assert.match(refused[0]!.reason, new RegExp(`has ${second.size} bytes instead of ${first.size}`))
  const { results } = await (await after.engine.verifyAll({})).result
  assert.deepEqual(results.filter(({ verification }) => !verification.valid).map(({ backup }) => backup.key), [third.key])
})

test('a store that cannot be read is an error, and the rows that are there stay', async t => {
  const { engine, deps, faults, create } = await testEngine(t)
  const backup = await create()
  faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'the disk died') })
  await rejectsWith('STORE_FAILED', landed({ deps }))
  assert.deepEqual(await engine.backup(backup.id), backup)
})
