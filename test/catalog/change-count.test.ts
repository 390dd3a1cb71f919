import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenedCatalog } from '../../src/catalog/index.ts'
import { completed, failed, newBackup, newCatalog, START, VALID } from '../support/catalog/catalog.ts'

/** How many changes the work made. */
async function changesOf (catalog: OpenedCatalog, work: () => Promise<unknown>): Promise<number> {
  const before = (await catalog.changes.read()).changes
  await work()
  return (await catalog.changes.read()).changes - before
}

test('what a copy of the catalog is for counts: backups, what was decided on them, settings and tokens', async t => {
  const { catalog } = await newCatalog(t)
  const deeds: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
    ['complete', () => completed(catalog)],
    ['fail', () => failed(catalog)],
    ['pin', () => catalog.backups.edit(1, { pinned: true })],
    ['verify', () => catalog.backups.recordVerification(1, VALID, START)],
    ['trash', () => catalog.backups.trash(1, 'trash/x', 'x', START)],
    ['settings', () => catalog.settings.save({ maxBackups: 3 }, START)],
    ['the same setting', () => catalog.settings.save({ maxBackups: 4 }, START)],
    [
      'token',
      () => catalog.tokens.add({ id: 'one', subject: 'ann', role: 'viewer', createdAt: START, expiresAt: null })
    ],
    ['revoke', () => catalog.tokens.revoke('one', START)],
    ['revoke all', () => catalog.tokens.revokeSubject('ann', START)]
  ]
  for (const [name, deed] of deeds) assert.ok(await changesOf(catalog, deed) > 0, name)
})

test('neither the own backups count, nor one that is still being made, nor what only this machine is told', async t => {
  const { catalog } = await newCatalog(t)
  assert.equal(
    await changesOf(catalog, async () => {
      const { id } = await completed(catalog, { source: 'holdfast' })
      await catalog.backups.edit(id, { pinned: true })
      await catalog.backups.start(newBackup())
      await catalog.settings.instanceId()
    }),
    0
  )
})

test('what was saved stays saved, and a late answer does not make it less', async t => {
  const { catalog: { changes } } = await newCatalog(t)
  await changes.saved(7)
  await changes.saved(3)
  assert.equal((await changes.read()).saved, 7)
})
