import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { conclude } from '../../../src/core/ports/verification.ts'
import { assertComplaints, examined } from '../../support/cli/doctor.ts'
import { SQLITE_CHECKS } from '../../../src/sources/sqlite/checks.ts'

test('a backup that is older than the schedule allows fails', async t => {
  const { create, complaints, clock } = await examined(t)
  await create()
  clock.move(3 * 3_600_000)
  assertComplaints(await complaints(), [
    /^fail newest verified backup: the newest is backup 1, 3 h old; its schedule requires one from/
  ])
})

test('no backup at all fails where one is due, and is worth a word where none is asked for', async t => {
  assertComplaints(await (await examined(t)).complaints(), [/^fail newest verified backup: there is no backup$/])
  assertComplaints(await (await examined(t, { settings: { autoBackupEnabled: false } })).complaints(), [
    /^warn schedule: automatic backups are off/,
    /^warn newest verified backup: there is no backup yet/
  ])
})

test('drills that are switched off, overdue or failed are told', async t => {
  const off = await examined(t, { policies: { shop: { drillSchedule: null } } })
  await off.create()
  assertComplaints(await off.complaints(), [/^warn drills: drills are off, so no restore is tested/])

  const { create, complaints, clock, engine, deps, directory } = await examined(t)
  await deps.catalog.runs.record({
    rules: [{ kind: 'drill', source: 'shop', rule: 'drill', definition: '0 6 * * 0', since: clock.now() }],
    dropped: [],
    added: [],
    changed: []
  })
  clock.move(30 * 86_400_000)
  const { id, key } = await create({ compression: 'none' })
  assertComplaints(await complaints(), [/^warn drills: drills are overdue: none has passed since /])
  await (await engine.drill({ id, actor: null })).result
  assertComplaints(await complaints(), [])
  truncateSync(join(directory, key), 100)
  await (await engine.drill({ id, actor: null })).result
  const found = await complaints()
  assert.ok(
    found.some(complaint => complaint.startsWith(`fail drills: the last drill, of backup ${id}, failed: `)),
    found.join('\n')
  )
})

test('backups that were never verified, or found damaged, are named', async t => {
  const { create, complaints, deps, clock } = await examined(t)
  await create()
  await create({ verify: false })
  assertComplaints(await complaints(), [/^warn verification: never verified: backup 2$/])
  await deps.catalog.backups.recordVerification(
    1,
    conclude([{ name: 'checksum', status: 'fail' }], SQLITE_CHECKS),
    clock.now()
  )
  assertComplaints(await complaints(), [
    /^fail newest verified backup: none of the 2 backups is verified/,
    /^fail verification: found damaged: backup 1$/,
    /^warn verification/
  ])
})

test('a prune that failed, or did not come, is said', async t => {
  const { create, complaints, deps, clock } = await examined(t)
  await create()
  const rule = { kind: 'prune', source: null, rule: 'prune' } as const
  await deps.catalog.runs.record({
    rules: [{ ...rule, definition: '30 4 * * *', since: new Date(0) }],
    dropped: [],
    added: [],
    changed: []
  })
  assertComplaints(await complaints(), [/^warn prune: a prune was due at 2025-11-24T04:30:00.000Z and has not run$/])
  const ended = { tier: null, method: 'full' as const, nextAttemptAt: null, finishedAt: clock.now() }
  await deps.catalog.runs.record({
    rules: [],
    dropped: [],
    added: [{ ...rule, ...ended, dueAt: new Date('2025-11-24T04:30:00.000Z'), status: 'done', reason: null }],
    changed: []
  })
  assertComplaints(await complaints(), [])
  await deps.catalog.runs.record({
    rules: [],
    dropped: [],
    added: [{ ...rule, ...ended, dueAt: clock.now(), status: 'failed', reason: 'too much would go' }],
    changed: []
  })
  assertComplaints(await complaints(), [/^warn prune: the last prune failed: too much would go$/])
})

test('a last backup that failed is said', async t => {
  const { create, complaints, faults, clock } = await examined(t)
  await create()
  faults.fail('source.probe', { error: new BackupError('SOURCE_LOCKED', 'locked') })
  clock.move(1000)
  await assert.rejects(create())
  assertComplaints(await complaints(), [/^fail last backup: the last backup failed/])
})
