import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { objectKey } from '../../../src/core/backup/object-key.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { reconcile } from '../../../src/engine/recovery/reconcile.ts'
import { filesOf, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'

/**
 * Puts a whole backup of another server under the name that the next backup of this one will have, once that has begun.
 */
async function plantBackup (
  { directory, source, create, clock }: TestEngine,
  isWhole: boolean
): Promise<readonly string[]> {
  const made = await create()
  const name = objectKey('shop', new Date(clock.now().getTime() + 1000), '.db', 0)
  const { signature: _, ...manifest } = JSON.parse(readFileSync(join(directory, `${made.key}.manifest.json`), 'utf8'))
  const probe = source.probe.bind(source)
  source.probe = async (request, signal) => {
    writeFileSync(join(directory, name), 'of another server')
    if (isWhole) {
      writeFileSync(
        join(directory, `${name}.manifest.json`),
        JSON.stringify({ ...manifest, object: { ...manifest.object, name } })
      )
    }
    return await probe(request, signal)
  }
  return [...filesOf(made), name, ...isWhole ? [`${name}.manifest.json`] : []].toSorted()
}

for (const isWhole of [true, false]) {
  test(`an object ${isWhole ? 'and its manifest' : ''} that appeared under the name of a backup meanwhile is left alone`, async t => {
    const bench = await testEngine(t)
    const files = await plantBackup(bench, isWhole)
    await rejectsWith('OBJECT_EXISTS', bench.create())
    assert.deepEqual(bench.files(), files)
  })
}

test('where the store fails meanwhile, what is a whole backup of another server is left alone', async t => {
  const bench = await testEngine(t)
  const files = await plantBackup(bench, true)
  bench.faults.fail('store.put', { error: new BackupError('STORE_FAILED', 'broken') })
  await rejectsWith('STORE_FAILED', bench.create())
  assert.deepEqual(bench.files(), files)
})

test('a start leaves alone what another server put under the name of a backup that was cut short', async t => {
  const bench = await testEngine(t)
  const made = await bench.create()
  const row = await bench.deps.catalog.backups.start({
    ...made,
    schedule: null,
    key: 'shop-backup-2025-11-24T23-30-09.db',
    startedAt: new Date('2025-11-24T23:30:09Z')
  })
  for (const suffix of ['', '.manifest.json']) {
    copyFileSync(join(bench.directory, made.key + suffix), join(bench.directory, row.key + suffix))
  }
  const { failed, completed } = await reconcile(bench.deps)
  assert.deepEqual([failed.map(({ id }) => id), completed, bench.files()], [[row.id], [], filesOf(made, row)])
})

test('neither a removal nor a prune removes another backup that lies under the name', async t => {
  const bench = await testEngine(t)
  const [made, other] = [await bench.create(), await bench.create(), await bench.create()]
  for (const suffix of ['', '.manifest.json']) {
    copyFileSync(join(bench.directory, other.key + suffix), join(bench.directory, made.key + suffix))
  }
  const marked = await bench.deps.catalog.backups.trash(made.id, made.key, made.filePath, bench.clock.now())
  await housekeep(bench.deps)
  assert.notEqual((await bench.engine.backup(marked.id)).deletedAt, null)
  assert.ok(bench.files().includes(made.key) && bench.files().includes(`${made.key}.manifest.json`))
})

test('a name is not given twice where the backup that has it is only in other stores', async t => {
  const far = await testOffsite(t, { far: {} })
  const bench = await testEngine(t, { offsite: far.offsite, policies: { shop: { keepLocal: false } } })
  const made = await bench.create()
  await (await bench.engine.upload(made.id, {})).result
  await housekeep(bench.deps)
  assert.deepEqual(bench.files(), [])
  bench.clock.move(-1000)
  const next = await bench.create()
  assert.deepEqual([next.startedAt, next.key], [made.startedAt, made.key.replace('.db', '-2.db')])
  await housekeep(bench.deps)
  assert.deepEqual(bench.files(), filesOf(next))
})
