import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { screenOn } from '../../../src/cli/screen.ts'
import { storesSchema, viewStores } from '../../../src/cli/views/stores.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

test('stores tells where backups are kept and how each place stands', async t => {
  const { offsite } = await testOffsite(t, { far: { bandwidth: 5_000_000 } })
  const { holdfast, json, create } = await commandLine(t, { offsite })
  await create()
  const { code, out } = await holdfast('stores')
  assert.equal(code, 0)
  assert.match(
    out,
    /^STORE +KIND +STATE +BACKUPS +SIZE +WAITING +LOCATION\nlocal +local +ok +1 +100\.0 kB +\S+\nfar +local +waiting +0 +0 B +1 +\S+\n$/
  )
  const told = await json('stores')
  assert.deepEqual(storesSchema.parse(told), told)
  assert.deepEqual(
    told.stores.map(
      ({ name, landing, bandwidth }: { name: string, landing: boolean, bandwidth: number | null }) => [
        name,
        landing,
        bandwidth
      ]
    ),
    [['local', true, null], ['far', false, 5_000_000]]
  )
})

test('a store that does not take its copies is failing, and why is told', async t => {
  const { offsite, faults } = await testOffsite(t, { far: {} })
  const { holdfast, create } = await commandLine(t, { offsite })
  await create()
  faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await holdfast('upload', '1')
  const { out } = await holdfast('stores')
  assert.match(out, /^far +local +failing/m)
  assert.match(out, /^✗ far: it is down$/m)
})

test('stores --check tries each of them, is recorded, and ends with 3 where something fails', async t => {
  const { offsite, faults } = await testOffsite(t, { far: {} })
  const { holdfast, json, deps } = await commandLine(t, { offsite })
  const { code, out } = await holdfast('stores', '--check')
  assert.equal(code, 0)
  assert.match(out, /\nlocal\n✓ reach: .*\n✓ write: an object was written\n[^]*\nfar\n✓ reach: /)
  assert.deepEqual(
    (await deps.catalog.audit.list({ limit: 1 })).entries.map(({ action, outcome }) => [action, outcome]),
    [['store probe', 'done']]
  )
  faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down', { hint: 'Wait.' }) })
  const failed = await holdfast('stores', '--check')
  assert.equal(failed.code, 3)
  assert.match(failed.out, /^✗ write: it is down\n {4}Wait\.$/m)
  assert.deepEqual(
    (await json('stores', '--check')).probes.map(({ store, ok }: { store: string, ok: boolean }) => [store, ok]),
    [['local', true], ['far', true]]
  )
})

test('of a store that does not answer that alone is told', async t => {
  const { offsite, directories } = await testOffsite(t, { far: {} })
  const { holdfast } = await commandLine(t, { offsite })
  rmSync(directories.far ?? '', { recursive: true })
  const { out } = await holdfast('stores', '--check')
  assert.match(out, /\nfar\n✗ reach: .*\n {4}.*\n$/)
})

test('a feature that a store does not have gets no tick', () => {
  const finding = { check: 'lock', status: 'absent', message: 'objects cannot be locked', remedy: null } as const
  const screen = screenOn({ write () {} }, {}, new FakeClock())
  assert.match(
    viewStores([], [{ store: 'far', ok: true, findings: [finding] }]).text(screen),
    /\nfar\n– lock: not available: objects cannot be locked\n/
  )
})

test('lines of stores --check use the width of the terminal, with and without colours', async t => {
  const plain = await commandLine(t, { columns: 60, environment: { NO_COLOR: '1' } })
  const coloured = await commandLine(t, { columns: 60, environment: { FORCE_COLOR: '1' } })
  const lines = async ({ holdfast }: typeof plain): Promise<string[]> =>
    stripVTControlCharacters((await holdfast('stores', '--check')).out).split('\n').filter(line => !line.includes('/'))
  assert.ok((await lines(plain)).includes('✓ overwrite: an existing object is not overwritten'))
  assert.deepEqual(await lines(coloured), await lines(plain))
})
