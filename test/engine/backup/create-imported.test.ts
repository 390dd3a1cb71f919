import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { createBackup } from '../../../src/engine/backup/create.ts'
import type { ImportedContent } from '../../../src/engine/backup/create-request.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { prose } from '../../support/streams.ts'

const OLD = new Date('2025-11-01T02:00:00.000Z')

interface Bench extends TestEngine {
  /** Imports `bytes` as a backup of the source at this time. */
  importAt(at: Date, bytes?: Buffer): Promise<Backup>
}

async function importing (t: TestContext, options: TestEngineOptions = {}): Promise<Bench> {
  const bench = await testEngine(t, options)
  const { deps, clock } = bench
  return {
    ...bench,
    async importAt (at, bytes = prose(100_000)) {
      clock.move(1000)
      const source = new MemorySource('shop')
      source.bytes = bytes
      const snapshot = source.snapshot.bind(source)
      source.snapshot = (...args) => {
        clock.move(500)
        return snapshot(...args)
      }
      const imported: ImportedContent = {
        at,
        record: {
          at: clock.now().toISOString(),
          file: 'shop-2025-11-01.db',
          form: 'memory',
          size: bytes.length,
          sha256: 'a'.repeat(64),
          timeFrom: 'name'
        }
      }
      const work = await deps.runner.start(
        { kind: 'create', source: 'shop', backupId: null, locks: [] },
        task =>
          createBackup(
            deps,
            { ...deps.sources.get('shop')!, source },
            { type: 'manual', mayRemove: false, imported },
            task
          )
      )
      const { removed, rotationError, ...backup } = await work.result
      assert.deepEqual([removed, rotationError], [[], null])
      return backup
    }
  }
}

test('an imported backup has the time of its data in its row, its name and its manifest', async t => {
  const bench = await importing(t)
  const backup = await bench.importAt(OLD)
  const manifest = parseManifest(readFileSync(`${backup.filePath}.manifest.json`, 'utf8'))
  assert.deepEqual([backup.startedAt, backup.completedAt, backup.key], [
    OLD,
    OLD,
    'shop-backup-2025-11-01T02-00-00.db'
  ])
  assert.deepEqual([manifest.startedAt, manifest.completedAt, manifest.imported?.timeFrom], [
    OLD.toISOString(),
    OLD.toISOString(),
    'name'
  ])
  assert.equal(backup.verification.status, 'valid')
  assert.deepEqual(backup.verification.checkedAt, bench.clock.now())
})

test('the copies of an imported backup count from the import, so that none is late at once', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const bench = await importing(t, { offsite })
  const backup = await bench.importAt(OLD)
  const imported = new Date((await bench.engine.manifest(backup.id))?.imported?.at ?? 0)
  assert.deepEqual(backup.copies.find(({ store }) => store === 'local')?.uploadedAt, imported)
  assert.deepEqual((await bench.deps.catalog.copies.waiting()).map(({ since }) => since), [imported])
})

test('a rebuild gives an imported backup the same time again', async t => {
  const before = await importing(t)
  const backup = await before.importAt(OLD)
  const after = await testEngine(t, { directory: before.directory })
  await (await after.engine.rebuild()).result
  const { startedAt, completedAt, key } = await after.engine.backup(backup.id)
  assert.deepEqual([startedAt, completedAt, key], [OLD, OLD, backup.key])
  const record = async ({ engine }: TestEngine) => (await engine.manifest(backup.id))?.imported
  assert.deepEqual([await record(after)], [await record(before)])
})

test('an import that fails is no failure of the backups of its source', async t => {
  const bench = await importing(t)
  bench.faults.fail('store.put', { error: new BackupError('STORE_FAILED', 'the disk does not answer') })
  await rejectsWith('STORE_FAILED', bench.importAt(OLD))
  const lastFailures = async () => [
    (await bench.engine.statistics()).sources[0]?.lastFailure,
    (await bench.deps.catalog.alerts.evidence('shop')).lastFailure?.code ?? null
  ]
  assert.deepEqual((await bench.engine.backups({ limit: 9 })).backups.map(({ status }) => status), ['failed'])
  assert.deepEqual(await lastFailures(), [null, null])
  bench.faults.fail('store.put', { error: new BackupError('STORE_FAILED', 'the disk does not answer') })
  await rejectsWith('STORE_FAILED', bench.create())
  assert.deepEqual(await lastFailures(), [bench.clock.now(), 'STORE_FAILED'])
})

test('an import removes no backup', async t => {
  const bench = await importing(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  const own = await bench.create()
  const old = await bench.importAt(OLD)
  assert.deepEqual((await bench.engine.backups({ limit: 10 })).backups.map(({ id }) => id), [old.id, own.id])
  await bench.create()
  assert.equal((await bench.engine.backups({ limit: 10 })).count, 1)
})

test('an imported backup is compared with the backups before its time, and a new one with the newest', async t => {
  const bench = await importing(t, { type: 'scheduled' })
  bench.source.bytes = prose(100_000)
  await bench.create()
  await bench.create()
  await bench.create()
  const small = await bench.importAt(OLD, prose(10_000))
  assert.equal(small.suspicion, null)
  assert.equal((await bench.create()).suspicion, null)
  const smaller = await bench.importAt(new Date(OLD.getTime() + 1000), prose(1000))
  assert.match(smaller.suspicion?.reasons.join() ?? '', /fell by 90 %, from 10000 to 1000/)
})

test('the duration of an import is the time that it took', async t => {
  const bench = await importing(t)
  await bench.importAt(OLD)
  assert.deepEqual(bench.events.flatMap(event => event.type === 'backup.completed' ? [event.durationMs] : []), [500])
})

test('an import does not make the newest backup older', async t => {
  const bench = await importing(t)
  const own = await bench.create()
  await bench.importAt(OLD)
  const [shop] = (await bench.engine.statistics()).sources
  assert.deepEqual([shop?.newest, shop?.newestProven, shop?.lastSuccess, shop?.oldest], [
    own.startedAt,
    own.startedAt,
    own.completedAt,
    OLD
  ])
})
