import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { releaseSuspect } from '../../../src/engine/backup/release-suspect.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never, prose } from '../../support/streams.ts'
import { attacked, REASONS } from '../../support/engine/suspect.ts'

test('a release outlives the catalog', async t => {
  const before = await attacked(t)
  await before.engine.release(4, 'ann')
  before.source.bytes = prose(500)
  const second = await before.create()
  const after = await testEngine(t, { type: 'scheduled', directory: before.directory })
  await (await after.engine.rebuild()).result
  for (const id of [4, second.id]) {
    assert.deepEqual((await after.engine.backup(id)).suspicion, (await before.engine.backup(id)).suspicion)
  }
  assert.deepEqual((await after.deps.catalog.backups.lastGood('shop', 3)).map(({ id }) => id), [4, 3, 2])
  // Its history is there again, too.
  after.source.bytes = prose(500)
  assert.match((await after.create()).suspicion?.reasons.join() ?? '', /rows in "bytes" fell by 98 %/)
})

test('only a suspect can be released, and only once', async t => {
  const bench = await attacked(t)
  await rejectsWith('BACKUP_NOT_SUSPECT', bench.engine.release(1, 'ann'))
  await rejectsWith('BACKUP_NOT_FOUND', bench.engine.release(99, 'ann'))
  await bench.engine.release(4, 'ann')
  await rejectsWith('BACKUP_NOT_SUSPECT', bench.engine.release(4, 'ann'))
  await rejectsWith('BACKUP_NOT_SUSPECT', bench.deps.catalog.backups.releaseSuspect(4, bench.clock.now(), 'ann'))
  await rejectsWith('BACKUP_NOT_SUSPECT', bench.deps.catalog.backups.releaseSuspect(1, bench.clock.now(), 'ann'))
})

test('a release that fails midway may be repeated, and the backup is suspect until then', async t => {
  const bench = await attacked(t)
  bench.faults.fail('backups.releaseSuspect', { error: new BackupError('CATALOG_BUSY', 'busy') })
  await rejectsWith('CATALOG_BUSY', releaseSuspect(bench.deps, 4, 'ann', never))
  assert.equal((await bench.engine.backup(4)).suspicion?.releasedAt, null)
  assert.equal((await (await bench.engine.verify(4)).result).verification.valid, true)
  assert.equal((await bench.engine.release(4, 'bob')).suspicion?.releasedBy, 'bob')
})

test('a release is written to the manifest in the store, to the row and to an event', async t => {
  const { deps, suspect, events, clock } = await attacked(t)
  const suspicion = { reasons: REASONS, releasedAt: clock.now(), releasedBy: 'ann' }
  const declared = await releaseSuspect(deps, suspect.id, 'ann', never)
  assert.deepEqual([declared.suspicion, declared.signature?.state], [suspicion, 'signed'])
  assert.deepEqual(parseManifest(readFileSync(`${suspect.filePath}.manifest.json`, 'utf8')).suspicion, {
    ...suspicion,
    releasedAt: clock.now().toISOString()
  })
  assert.deepEqual(events.flatMap(event => event.type === 'backup.released' ? [event.backup.id] : []), [suspect.id])
})
