import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  completed,
  END,
  failed,
  INVALID,
  manifestOf,
  newBackup,
  newCatalog,
  START,
  VALID
} from '../support/catalog/catalog.ts'

const at = (seconds: number): Date => new Date(START.getTime() + seconds * 1000)

test('a source without any backup leaves no evidence', async t => {
  const { catalog: { alerts } } = await newCatalog(t)
  assert.deepEqual(await alerts.evidence('shop'), {
    lastSuccess: null,
    lastFailure: null,
    newestGood: null,
    good: 0,
    damaged: [],
    unproven: null,
    suspects: [],
    sizes: []
  })
})

test('the last success and the last failure are told, but not what somebody cancelled', async t => {
  const { catalog } = await newCatalog(t)
  await completed(catalog)
  await failed(catalog, {}, at(60))
  const cancelled = await catalog.backups.start(newBackup())
  await catalog.backups.fail(cancelled.id, { code: 'CANCELLED', message: 'the job was cancelled', failedAt: at(120) })
  await failed(catalog, { source: 'blog' }, at(180))
  const { lastSuccess, lastFailure } = await catalog.alerts.evidence('shop')
  assert.deepEqual([lastSuccess, lastFailure], [END, { at: at(60), code: 'SOURCE_MISSING', message: 'gone' }])
})

test('only backups that are there and were not found damaged are good', async t => {
  const { catalog } = await newCatalog(t)
  const ids: number[] = []
  for (const hour of [0, 1, 2, 3, 4]) {
    ids.push((await completed(catalog, { startedAt: at(hour * 3600) }, { verification: hour === 0 ? VALID : null })).id)
  }
  await catalog.backups.recordVerification(ids[3]!, INVALID, at(20_000))
  await catalog.backups.trash(ids[4]!, 'trash/x', '/backups/trash/x', at(20_000))
  await catalog.backups.trash(ids[1]!, 'trash/y', '/backups/trash/y', at(20_000))
  await catalog.backups.remove(ids[1]!, at(20_001))
  await failed(catalog)
  const { newestGood, good, damaged } = await catalog.alerts.evidence('shop')
  assert.deepEqual([newestGood, good, damaged], [at(2 * 3600), 2, [{
    id: ids[3],
    reason: 'checksum failed (the digest differs)'
  }]])
})

test('a damaged backup is none any more once it is in the trash or was found whole again', async t => {
  const { catalog } = await newCatalog(t)
  const [one, other] = [await completed(catalog), await completed(catalog)]
  for (const { id } of [one, other]) await catalog.backups.recordVerification(id, INVALID, at(60))
  assert.deepEqual((await catalog.alerts.evidence('shop')).damaged.map(({ id }) => id), [other.id, one.id])
  await catalog.backups.trash(one.id, 'trash/x', '/backups/trash/x', at(120))
  await catalog.backups.recordVerification(other.id, VALID, at(120))
  assert.deepEqual((await catalog.alerts.evidence('shop')).damaged, [])
})

test('a damaged backup whose checks name no failure says that none could be made', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.backups.recordVerification(id, { valid: false, checks: [], remedy: null }, at(60))
  assert.deepEqual((await catalog.alerts.evidence('shop')).damaged, [{ id, reason: 'no check could be made' }])
})

test('sizes are those of full backups that compare with the newest one, newest first', async t => {
  const { catalog } = await newCatalog(t)
  const put = async (hour: number, size: number, given: object): Promise<void> => {
    const backup = await catalog.backups.start(newBackup({ startedAt: at(hour * 3600), ...given }))
    await catalog.backups.complete(backup.id, {
      manifest: manifestOf(backup, { object: { name: 'x', size, sha256: 'a'.repeat(64) } }),
      filePath: 'p',
      verification: null,
      copies: []
    })
  }
  await put(0, 100, { compression: 'zstd' })
  await put(1, 900, { compression: 'none' })
  await put(2, 200, { compression: 'zstd' })
  await put(3, 10, { compression: 'zstd', method: 'incremental' })
  await put(4, 300, { compression: 'zstd' })
  await put(5, 999, { compression: 'zstd', source: 'blog' })
  await put(6, 20, { compression: 'zstd', method: 'incremental' })
  assert.deepEqual((await catalog.alerts.evidence('shop')).sizes.map(({ size }) => size), [300, 200, 100])
})
