import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveSettings } from '../../src/engine/live-settings.ts'
import { DEFAULTS, SETTINGS, testEngine } from '../support/engine/engine.ts'
import { MemorySource } from '../support/sources/memory-source.ts'

test('what was configured holds, with where it came from', async t => {
  const { engine } = await testEngine(t, { settings: { maxBackups: 3 } })
  assert.deepEqual(engine.settings(), { settings: { ...SETTINGS, maxBackups: 3 }, origins: DEFAULTS })
})

test('what was changed through the API wins over it, and the rest stays', async t => {
  const { engine, events } = await testEngine(t)
  const report = await engine.changeSettings({ maxBackups: 3, compression: 'zstd' })
  assert.deepEqual(report, {
    settings: { ...SETTINGS, maxBackups: 3, compression: 'zstd' },
    origins: { ...DEFAULTS, maxBackups: 'api', compression: 'api' }
  })
  assert.deepEqual([engine.settings(), events], [report, [{ type: 'settings.changed' }]])
})

test('later changes are laid over earlier ones', async t => {
  const { engine } = await testEngine(t)
  await engine.changeSettings({ maxBackups: 3, autoBackupEnabled: false })
  const { settings } = await engine.changeSettings({ maxBackups: 4 })
  assert.deepEqual([settings.maxBackups, settings.autoBackupEnabled], [4, false])
})

test('changes survive a restart, and a new configuration', async t => {
  const { engine, deps, clock } = await testEngine(t)
  await engine.changeSettings({ maxBackups: 3 })
  const restarted = new LiveSettings(
    { ...SETTINGS, maxBackups: 50, compression: 'gzip' },
    { ...DEFAULTS, maxBackups: 'environment' },
    deps.catalog.settings,
    clock
  )
  assert.equal(restarted.current.maxBackups, 50)
  await restarted.load()
  assert.deepEqual(restarted.report(), {
    settings: { ...SETTINGS, maxBackups: 3, compression: 'gzip' },
    origins: { ...DEFAULTS, maxBackups: 'api' }
  })
})

test('a change that cannot be kept does not hold', async t => {
  const { engine, deps } = await testEngine(t)
  deps.catalog.settings.save = async () => {
    throw new Error('no room')
  }
  await assert.rejects(engine.changeSettings({ maxBackups: 3 }))
  assert.equal(engine.settings().settings.maxBackups, SETTINGS.maxBackups)
})

test("the source's own policy wins over the settings", async t => {
  const { engine } = await testEngine(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')],
    policies: { bank: { interval: 60_000, maxBackups: 99, enabled: false } }
  })
  await engine.changeSettings({ maxBackups: 3, verifyAfterBackup: false })
  assert.deepEqual((await engine.source('shop')).policy, {
    enabled: true,
    interval: 3_600_000,
    schedule: null,
    maxBackups: 3,
    retention: null,
    compression: 'none',
    verify: false,
    drillSchedule: null,
    stores: null,
    keepLocal: true,
    anomalyGuard: true,
    maxChainLength: 24,
    maxChainAge: 604_800_000,
    coveredBy: null
  })
  assert.deepEqual((await engine.source('bank')).policy, {
    enabled: false,
    interval: 60_000,
    schedule: null,
    maxBackups: 99,
    retention: null,
    compression: 'none',
    verify: false,
    drillSchedule: null,
    stores: null,
    keepLocal: true,
    anomalyGuard: true,
    maxChainLength: 24,
    maxChainAge: 604_800_000,
    coveredBy: null
  })
})

test('a new backup obeys what was changed', async t => {
  const { engine, create } = await testEngine(t)
  await engine.changeSettings({ compression: 'gzip', verifyAfterBackup: false })
  const backup = await create()
  assert.deepEqual([backup.compression, backup.verification.status], ['gzip', 'unverified'])
})
