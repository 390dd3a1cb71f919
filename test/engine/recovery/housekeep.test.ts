import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertFinding } from '../../../src/core/alert/alert.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

const YEAR = 365 * 86_400_000

test('an alert is remembered for a year after it was cleared, and for as long as it is open', async t => {
  const { deps, clock } = await testEngine(t)
  const { alerts } = deps.catalog
  const low: AlertFinding = {
    rule: 'disk_low',
    source: null,
    severity: 'warning',
    message: 'low',
    remedy: 'Free some.'
  }
  await alerts.settle([low, { ...low, rule: 'prune_overdue' }], clock.now())
  await alerts.settle([low], clock.now())
  clock.move(YEAR)
  await housekeep(deps)
  assert.equal((await alerts.list({ cleared: true, limit: 10 })).alerts.length, 1)
  clock.move(1)
  await housekeep(deps)
  assert.equal((await alerts.list({ cleared: true, limit: 10 })).alerts.length, 0)
  assert.equal((await alerts.open()).length, 1)
})

test('who did what is remembered for as long as the retention of the audit log says', async t => {
  const { deps, clock } = await testEngine(t)
  const { audit } = deps.catalog
  await audit.record({
    at: clock.now(),
    origin: 'cli',
    actor: 'ann',
    role: null,
    address: null,
    action: 'rebuild',
    target: null,
    outcome: 'done',
    code: null,
    requestId: null
  })
  clock.move(deps.auditRetention)
  await housekeep(deps)
  assert.equal((await audit.list({ limit: 10 })).entries.length, 1)
  clock.move(1)
  await housekeep(deps)
  assert.equal((await audit.list({ limit: 10 })).entries.length, 0)
})

test('a token is listed for thirty days after it expired', async t => {
  const { deps, clock } = await testEngine(t)
  const { tokens } = deps.catalog
  await tokens.add({ id: 'a1', subject: 'ann', role: 'admin', createdAt: clock.now(), expiresAt: clock.now() })
  clock.move(30 * 86_400_000)
  await housekeep(deps)
  assert.equal((await tokens.list()).length, 1)
  clock.move(1)
  await housekeep(deps)
  assert.equal((await tokens.list()).length, 0)
})

test('what fails for one backup, or in one step, hinders no other, and is thrown at the end', async t => {
  const { deps, clock, create, engine, events, faults } = await testEngine(t)
  const [first, second] = [await create(), await create(), await create()]
  for (const { id } of [first, second]) await (await engine.remove(id, { force: true })).result
  clock.move(deps.trashGrace)
  faults.fail('store.remove', { error: new BackupError('STORE_FAILED', 'the disk died'), on: /^trash/ })
  await housekeep(deps)
  assert.deepEqual(
    await Promise.all([first, second].map(async ({ id }) => (await engine.backup(id)).deletedAt !== null)),
    [false, true]
  )
  assert.deepEqual(events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []), [[
    'housekeeping',
    'STORE_FAILED'
  ]])
  await deps.catalog.tokens.add({
    id: 'a1',
    subject: 'ann',
    role: 'admin',
    createdAt: clock.now(),
    expiresAt: clock.now()
  })
  clock.move(31 * 86_400_000)
  faults.fail('backups.trashed', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await rejectsWith('CATALOG_BUSY', housekeep(deps))
  assert.deepEqual(await deps.catalog.tokens.list(), [])
})
