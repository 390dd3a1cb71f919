import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { INSTANCE_MARKER } from '../../../src/core/instance.ts'
import { probeByName, storeStates } from '../../../src/engine/status/stores.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

test('in a store of another installation a probe writes nothing, and is told whose it is; one that nobody has claimed stays unclaimed', async t => {
  const far = await testOffsite(t, { far: {} })
  const one = await testEngine(t, { instance: 'one', offsite: far.offsite })
  const two = await testEngine(t, { instance: 'two', offsite: far.offsite })
  const directory = far.directories.far ?? ''
  assert.equal((await two.engine.probe('far')).ok, true)
  assert.ok(!readdirSync(directory).includes(INSTANCE_MARKER))
  await (await one.engine.upload((await one.create()).id, {})).result
  rmSync(join(directory, 'holdfast-probe'), { recursive: true, force: true })
  const { ok, findings } = await two.engine.probe('far')
  assert.deepEqual([ok, findings.filter(({ status }) => status === 'fail').map(({ check }) => check)], [false, [
    'write'
  ]])
  assert.match(
    findings.find(({ check }) => check === 'write')?.message ?? '',
    /the marker of another installation \("one" on "here"\)/
  )
  assert.ok(!readdirSync(directory).includes('holdfast-probe'))
  assert.equal((await one.engine.probe('far')).ok, true)
})

test('the landing store comes first, then the others as they are configured, then remembered ones, each with what it holds', async t => {
  const { offsite, directories } = await testOffsite(t, {
    vault: { isAppendOnly: true, hasLock: true, maxBackups: 3 },
    far: {}
  })
  const { deps, create } = await testEngine(t, { offsite })
  const { size } = await create({ upload: true })
  const limited = new Map(offsite).set('vault', { ...offsite.get('vault')!, bandwidth: 9 })
  const given = {
    ...deps,
    offsite: limited,
    externalStores: new Map([['disk', { ...offsite.get('far')!.store, name: 'disk' }]])
  }
  const plain = { isAppendOnly: false, hasLock: false, retention: null, maxBackups: null, bandwidth: null }
  const full = { state: 'ok', stored: 1, bytes: size, waiting: 0, failure: null }
  const { kind } = deps.store
  assert.deepEqual(await storeStates(given), [
    { name: 'local', kind, place: deps.store.place, isLanding: true, isRemembered: false, ...full, ...plain },
    {
      name: 'vault',
      kind,
      place: directories['vault'],
      isLanding: false,
      isRemembered: false,
      ...full,
      isAppendOnly: true,
      hasLock: true,
      retention: null,
      maxBackups: 3,
      bandwidth: 9
    },
    { name: 'far', kind, place: directories['far'], isLanding: false, isRemembered: false, ...full, ...plain },
    {
      name: 'disk',
      kind,
      place: directories['far'],
      isLanding: false,
      isRemembered: true,
      ...full,
      stored: 0,
      bytes: 0,
      ...plain
    }
  ])
})

test('a store whose copies are still to come is waiting, and failing once one of them failed; none of the stores is asked', async t => {
  const far = await testOffsite(t, { far: {} })
  const { deps, engine, create } = await testEngine(t, { offsite: far.offsite })
  const { id } = await create()
  const state = async () => {
    const [, { state, waiting, failure }] = await storeStates(deps) as [
      unknown,
      Awaited<ReturnType<typeof storeStates>>[number]
    ]
    return [state, waiting, failure]
  }
  assert.deepEqual(await state(), ['waiting', 1, null])
  far.faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await rejectsWith('STORE_UNAVAILABLE', (await engine.upload(id, {})).result)
  rmSync(far.directories['far']!, { recursive: true })
  assert.deepEqual(await state(), ['failing', 1, 'it is down'])
})

test('a store is probed by its name, also the landing store; one that there is not is STORE_NOT_FOUND', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const { deps } = await testEngine(t, { offsite })
  for (const name of ['local', 'far']) assert.equal((await probeByName(deps, name, never)).ok, true)
  await rejectsWith('STORE_NOT_FOUND', probeByName(deps, 'vault', never))
})
