import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { PROBE_CHECKS, type ProbeCheck, type StoreProbe } from '../../../src/core/ports/store-probe.ts'
import type { Store, StoreFeatures } from '../../../src/core/ports/store.ts'
import { probeStore, type Probed } from '../../../src/engine/replication/probe-store.ts'
import type { Faults } from '../../support/faults.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { bodyOf, never, rejection } from '../../support/streams.ts'

interface Stage {
  readonly store: Store
  readonly faults: Faults
  readonly directory: string
}

async function stage (t: TestContext): Promise<Stage> {
  const { offsite, faults, directories } = await testOffsite(t, { far: {} })
  const far = offsite.get('far')
  assert.ok(far !== undefined)
  return { store: far.store, faults, directory: directories.far ?? '' }
}

function probe (store: Store, changed: Partial<Probed> = {}): Promise<StoreProbe> {
  return probeStore({ store, isAppendOnly: false, hasLock: false, requireWritable: async () => {}, ...changed }, never)
}

function of ({ findings }: StoreProbe, check: ProbeCheck): string {
  const { status, message, remedy } = findings.find(finding => finding.check === check) ?? {}
  assert.equal(status === 'fail' || status === 'warn', remedy !== null, 'something is to be done, and nobody says what')
  return `${status ?? ''}: ${message ?? ''}`
}

/** The same store, with one answer changed. */
function lying (store: Store, lies: Partial<Store>): Store {
  return { ...store, ...lies }
}

function telling (store: Store, features: Partial<StoreFeatures>): Store {
  return lying(store, { features: async () => ({ versioning: false, objectLock: false, clockAhead: 0, ...features }) })
}

const denied = new BackupError('STORE_UNAVAILABLE', 'the store must not be used with these credentials', {
  hint: 'Give them more.'
})

test('a store in which everything works says so, and nothing is left there', async t => {
  const { store, directory } = await stage(t)
  const found = await probe(telling(store, {}))
  assert.deepEqual(
    found.findings.map(({ check, status }) => [check, status]),
    PROBE_CHECKS.map(check => [
      check,
      check === 'versions' || check === 'lock' ? 'absent' : 'ok'
    ])
  )
  assert.deepEqual([
    found.store,
    found.ok,
    readdirSync(directory, { recursive: true }).filter(name => String(name).endsWith('.txt'))
  ], ['far', true, []])
})

test('a store that does not answer is one failure, and the rest was not tried', async t => {
  const { store, directory } = await stage(t)
  rmSync(directory, { recursive: true })
  const found = await probe(store)
  assert.match(of(found, 'reach'), /^fail: the backup directory .* does not exist$/)
  assert.ok(
    found.findings.filter(({ check }) => ['write', 'read', 'delete'].includes(check)).every(({ status }) =>
      status === 'skipped'
    )
  )
  assert.deepEqual([found.ok, existsSync(directory)], [false, false])
})

test('credentials that may not write fail with what the store says, and the rest was not tried', async t => {
  const { store, faults } = await stage(t)
  faults.fail('far.put', { error: denied })
  const found = await probe(store)
  assert.equal(of(found, 'write'), 'fail: the store must not be used with these credentials')
  assert.match(of(found, 'read'), /^skipped/)
})

test('a new name that is said to be taken is a failure', async t => {
  const { store, faults } = await stage(t)
  faults.fail('far.put', { error: new BackupError('OBJECT_EXISTS', 'it exists') })
  assert.match(of(await probe(store), 'write'), /^fail: the store reports that an unused name exists/)
})

for (
  const [what, check, lie, expected] of [
    ['returned different bytes', 'read', store => ({
      get: (key, range, signal) =>
        range === undefined ? Promise.resolve(Readable.from([Buffer.from('else')])) : store.get(key, range, signal)
    }), /^fail: the store returned different bytes than were written/],
    ['knows no ranges', 'range', store => ({
      get: (key, _range, signal) => store.get(key, undefined, signal)
    }), /^fail: the store returned different bytes than the requested range/],
    [
      'tells another length',
      'stat',
      store => ({ stat: async (key, signal) => ({ ...await store.stat(key, signal), size: 1 }) }),
      /^fail: the size is reported as 1/
    ],
    [
      'puts everything into cold storage',
      'stat',
      store => ({
        stat: async (key, signal) => ({
          ...await store.stat(key, signal),
          archived: { storageClass: 'GLACIER', isThawing: false, hours: 5 }
        })
      }),
      /^fail: the object was put into the storage class "GLACIER"/
    ],
    ['does not list what is there', 'list', () => ({ async *list () {} }), /^fail: the object is not listed/],
    ['overwrites', 'overwrite', store => ({
      put: (key, body, facts, signal) => store.put(key, body, { ...facts, replace: true }, signal)
    }), /^fail: an existing object was overwritten/],
    [
      'says that it removed, and keeps',
      'delete',
      () => ({ remove: async () => {} }),
      /^fail: a removed object still exists/
    ]
  ] as ReadonlyArray<readonly [string, ProbeCheck, (store: Store) => Partial<Store>, RegExp]>
) {
  test(`a store that ${what} is found out`, async t => {
    const { store } = await stage(t)
    const found = await probe(lying(store, lie(store)))
    assert.match(of(found, check), expected)
    assert.equal(found.ok, false)
  })
}

for (const method of ['get', 'stat', 'remove'] as const) {
  test(`a ${method} that fails is told, and the object does not stay`, async t => {
    const { store, faults, directory } = await stage(t)
    faults.fail(`far.${method}`, { error: denied })
    const found = await probe(store)
    assert.equal(
      found.findings.filter(({ status, message }) => status === 'fail' && message === denied.message).length,
      1
    )
    assert.deepEqual(readdirSync(join(directory, 'holdfast-probe')), [])
  })
}

for (
  const [ahead, expected] of [[null, /^skipped/], [30_000, /^ok/], [
    -61_000,
    /^warn: its clock is 61 s behind the clock of this machine/
  ], [
    16 * 60_000,
    /^fail: its clock is 960 s ahead of the clock of this machine/
  ]] as const
) {
  test(`a clock that is ${ahead ?? 'an unknown number of'} ms ahead is ${String(expected)}`, async t => {
    const { store } = await stage(t)
    assert.match(of(await probe(telling(store, { clockAhead: ahead })), 'clock'), expected)
  })
}

for (
  const [features, changed, check, expected] of [
    [
      { objectLock: false },
      { hasLock: true },
      'lock',
      /^fail: "lock" is configured, but the bucket has no Object Lock/
    ],
    [{ objectLock: true }, { hasLock: true }, 'lock', /^ok: copies can be locked/],
    [{ objectLock: null }, { hasLock: true }, 'lock', /^skipped/],
    [{ versioning: false }, { isAppendOnly: true }, 'versions', /^warn: old versions are not kept/],
    [{ versioning: true }, {}, 'versions', /^ok: old versions are kept/],
    [{ versioning: null }, {}, 'versions', /^skipped/],
    [{ versioning: false }, {}, 'versions', /^absent: old versions are not kept/],
    [{ objectLock: false }, {}, 'lock', /^absent: objects cannot be locked/]
  ] as ReadonlyArray<readonly [Partial<StoreFeatures>, Partial<Probed>, ProbeCheck, RegExp]>
) {
  test(`${JSON.stringify(features)} with ${JSON.stringify(changed)} is ${String(expected)}`, async t => {
    const { store } = await stage(t)
    assert.match(of(await probe(telling(store, features), changed), check), expected)
  })
}

test('credentials that can neither remove nor overwrite are what an append-only store needs', async t => {
  const { store, directory } = await stage(t)
  const put: Store['put'] = (key, body, facts, signal) =>
    facts.replace === true ? Promise.reject(denied) : store.put(key, body, facts, signal)
  const guarded = lying(store, { put, remove: () => Promise.reject(denied) })
  for (const time of ['the first time', 'and again, with the object of the first time']) {
    const found = await probe(guarded, { isAppendOnly: true })
    assert.deepEqual([of(found, 'overwrite'), of(found, 'delete'), found.ok], [
      'ok: the credentials cannot overwrite objects',
      'ok: the credentials cannot remove objects',
      true
    ], time)
  }
  assert.deepEqual(readdirSync(join(directory, 'holdfast-probe')), ['may-stay.txt'])
})

test('credentials that can remove and overwrite are found out in an append-only store', async t => {
  const { store } = await stage(t)
  const found = await probe(store, { isAppendOnly: true })
  assert.match(of(found, 'overwrite'), /^fail: the credentials can overwrite/)
  assert.match(of(found, 'delete'), /^fail: the credentials can remove/)
})

test('to overwrite does no harm where old versions are kept', async t => {
  const { store } = await stage(t)
  assert.match(
    of(await probe(telling(store, { versioning: true }), { isAppendOnly: true }), 'overwrite'),
    /^ok: .*older version/
  )
})

test('what is there already stays as it is', async t => {
  const { store } = await stage(t)
  await store.put('shop.db', bodyOf('one'), {}, never)
  await probe(store)
  assert.equal((await store.stat('shop.db', never)).size, 3)
})

test('an aborted signal ends it with its reason', async t => {
  const { store, faults } = await stage(t)
  const abort = new AbortController()
  const reason = new BackupError('CANCELLED', 'enough')
  faults.meanwhile('far.stat', () => {
    abort.abort(reason)
  })
  assert.equal(
    await rejection(
      probeStore({ store, isAppendOnly: false, hasLock: false, requireWritable: async () => {} }, abort.signal)
    ),
    reason
  )
})
