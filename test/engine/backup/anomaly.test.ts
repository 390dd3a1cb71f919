import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { filesOf, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { noise, prose } from '../../support/streams.ts'
import { attacked, GOOD, LOST, REASONS } from '../../support/engine/suspect.ts'

async function existing ({ engine }: TestEngine): Promise<readonly number[]> {
  return (await engine.backups({ limit: 100 })).backups.map(({ id }) => id).toReversed()
}

test('an outlier is a backup like any other, and marked in the row, in the manifest and by an event', async t => {
  const { suspect, events, deps } = await attacked(t)
  assert.deepEqual([suspect.status, suspect.verification.status, suspect.suspicion], ['completed', 'valid', {
    reasons: REASONS,
    releasedAt: null,
    releasedBy: null
  }])
  assert.deepEqual(parseManifest(readFileSync(`${suspect.filePath}.manifest.json`, 'utf8')).suspicion, {
    reasons: REASONS,
    releasedAt: null,
    releasedBy: null
  })
  assert.deepEqual(events.flatMap(event => event.type === 'backup.suspect' ? [event.backup.id] : []), [suspect.id])
  assert.deepEqual((await deps.catalog.alerts.evidence('shop')).suspects, [{ id: suspect.id, reasons: REASONS }])
})

test('rotation lets nothing good from before it go, until it is released', async t => {
  const bench = await attacked(t)
  assert.deepEqual(await existing(bench), [1, 2, 3, 4])
  const { decisions } = await (await bench.engine.prune({ dryRun: true })).result
  assert.deepEqual(decisions.at(-1)?.reasons, [
    'good, and made before backup 4, which is suspect until it is released or removed'
  ])
  await (await bench.engine.prune({ dryRun: false, force: true })).result
  assert.deepEqual(await existing(bench), [1, 2, 3, 4])

  const released = await bench.engine.release(4, 'ann')
  assert.deepEqual(released.suspicion, { reasons: REASONS, releasedAt: bench.clock.now(), releasedBy: 'ann' })
  assert.deepEqual((await bench.deps.catalog.alerts.evidence('shop')).suspects, [])
  const next = await bench.create()
  assert.deepEqual([next.suspicion, await existing(bench)], [null, [4, 5]])
})

test('deleting the suspect ends it as well, and what comes next is held against the last good ones', async t => {
  const bench = await attacked(t)
  await (await bench.engine.remove(4, { force: false })).result
  const again = await bench.create()
  assert.deepEqual(again.suspicion?.reasons, REASONS)
  await (await bench.engine.remove(5, { force: false })).result
  bench.source.bytes = GOOD
  assert.deepEqual([(await bench.create()).suspicion, await existing(bench)], [null, [3, 6]])
})

test('a source that stays as it is after an attack gives suspect after suspect, which rotate among themselves', async t => {
  const bench = await attacked(t)
  for (let n = 0; n < 8; n++) assert.deepEqual((await bench.create()).suspicion?.reasons, REASONS)
  assert.deepEqual(await existing(bench), [1, 2, 3, 4, 11, 12])
  assert.deepEqual(bench.files(), filesOf(...(await bench.engine.backups({ limit: 100 })).backups))
})

test('five suspects made by hand in a row are five backups', async t => {
  const bench = await testEngine(t, { settings: { maxBackups: 100 } })
  for (let n = 0; n < 3; n++) await bench.create()
  bench.source.bytes = LOST
  for (let n = 0; n < 5; n++) assert.deepEqual((await bench.create()).suspicion?.reasons, REASONS)
  await (await bench.engine.prune({ dryRun: false })).result
  assert.deepEqual(await existing(bench), [1, 2, 3, 4, 5, 6, 7, 8])
})

test('where the guard is off nothing is suspect', async t => {
  const bench = await attacked(t, { policies: { shop: { anomalyGuard: false } } })
  assert.deepEqual([bench.suspect.suspicion, await existing(bench)], [null, [3, 4]])
})

test('the last good backup is not deleted for a suspect beside it', async t => {
  const bench = await testEngine(t, { type: 'scheduled' })
  const [good] = [await bench.create(), await bench.create(), await bench.create()]
  for (const id of [2, 3]) await (await bench.engine.remove(id, { force: false })).result
  bench.source.bytes = LOST
  const suspect = await bench.create()
  await rejectsWith('BACKUP_LAST_VALID', (await bench.engine.remove(good.id, { force: false })).result)
  await (await bench.engine.remove(suspect.id, { force: false })).result
})

test('a suspect from before a restore is marked, raises nothing and holds nothing up', async t => {
  const bench = await attacked(t, { settings: { maxBackups: 10 } })
  const { safetyBackupId } = await (await bench.engine.restore(3, {})).result
  assert.deepEqual((await bench.engine.backup(safetyBackupId ?? 0)).suspicion?.reasons, REASONS)
  await (await bench.engine.remove(4, { force: false })).result
  assert.deepEqual((await bench.deps.catalog.alerts.evidence('shop')).suspects, [])
  await bench.engine.changeSettings({ maxBackups: 2 })
  const next = await bench.create()
  assert.deepEqual([next.suspicion, await existing(bench)], [null, [3, safetyBackupId, next.id]])
})

test('a suspect can be verified, drilled and restored', async t => {
  const bench = await attacked(t)
  assert.equal((await (await bench.engine.verify(4)).result).verification.valid, true)
  assert.equal((await (await bench.engine.drill({ id: 4, actor: 'ann' })).result).status, 'passed')
  bench.source.bytes = GOOD
  await (await bench.engine.restore(4, {})).result
  assert.deepEqual(bench.source.bytes, LOST)
})

test('a backup that was finished after a crash is suspect still', async t => {
  const bench = await testEngine(t, { type: 'scheduled' })
  for (let n = 0; n < 3; n++) await bench.create()
  bench.source.bytes = LOST
  bench.faults.fail('backups.complete', { error: new BackupError('CATALOG_BUSY', 'busy') })
  await rejectsWith('CATALOG_BUSY', bench.create())
  await housekeep(bench.deps)
  const { status, suspicion } = await bench.engine.backup(4)
  assert.deepEqual([status, suspicion?.reasons], ['completed', REASONS])
})

test('a sealed backup is measured before it is sealed', async t => {
  const key = await ageKey()
  const bench = await testEngine(t, {
    type: 'scheduled',
    keyring: await keyring({
      identities: [key.identity],
      sealing: { encryption: 'age', ageRecipients: [key.recipient] }
    })
  })
  bench.source.bytes = prose(1_000_000)
  for (let n = 0; n < 3; n++) assert.equal((await bench.create()).suspicion, null)
  bench.source.bytes = noise(1_000_000)
  assert.deepEqual((await bench.create()).suspicion?.reasons.map(reason => reason.replace(/\d+ %/g, 'N %')), [
    'N % of the pages changed, and their compressed size is now N % of the original instead of N %: the data appears to be encrypted'
  ])
})

test('a store that has not got the suspect lets go of nothing good from before it either, and hears of its release', async t => {
  const far = await testOffsite(t, { far: { maxBackups: 2 } })
  const bench = await testEngine(t, { type: 'scheduled', offsite: far.offsite, settings: { maxBackups: 10 } })
  const made: Backup[] = []
  for (let n = 0; n < 4; n++) {
    made.push(await bench.create())
    await (await bench.engine.upload(n + 1, {})).result
  }
  bench.source.bytes = LOST
  await bench.create()
  const kept = async (): Promise<readonly number[]> => {
    const { copies } = await (await bench.engine.prune({ dryRun: true })).result
    return copies.filter(({ keep }) => keep).map(({ backup }) => backup.id)
  }
  assert.deepEqual(await kept(), [4, 3, 2, 1])
  await (await bench.engine.upload(5, {})).result
  await bench.engine.release(5, 'ann')
  assert.deepEqual((await bench.deps.catalog.copies.work('far')).map(({ backupId, status }) => [backupId, status]), [[
    5,
    'stored'
  ]], 'its manifest is due')
  assert.deepEqual(await kept(), [5, 4])
})
