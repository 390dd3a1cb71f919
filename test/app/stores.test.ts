import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeLocate, makeOffsite, makeStore, type Shared } from '../../src/app/stores.ts'
import { systemClock } from '../../src/core/clock.ts'
import { toBackupError } from '../../src/core/errors.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { storeKindOf } from '../../src/stores/index.ts'
import { deferredStore } from '../../src/stores/lazy.ts'
import { storeSuite } from '../suites/store-suite.ts'
import { ALONE } from '../support/catalog/catalog.ts'
import { validConfig, workDir } from '../support/config/config.ts'
import { bodyOf, never, rejection } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const CONTEXT: Shared = { instanceId: 'test', presence: ALONE, clock: systemClock }
const ENVIRONMENT = {
  BACKUP_S3_BUCKET: 'b',
  BACKUP_S3_PREFIX: 'p',
  BACKUP_GCS_BUCKET: 'b',
  BACKUP_AZURE_CONTAINER: 'c',
  AZURE_STORAGE_ACCOUNT: 'account',
  AZURE_STORAGE_KEY: 'a2V5'
}

function directory (t: TestContext): Store {
  return makeStore({
    kind: 'local',
    name: 'far',
    values: { path: join(tempDir(t), 'far') },
    retention: null,
    maxBackups: null,
    isAppendOnly: false,
    bandwidth: null
  }, CONTEXT)
}

storeSuite('a store that is made when it is needed', async t => {
  const store = directory(t)
  await store.open(never)
  return deferredStore({
    name: store.name,
    kind: store.kind,
    place: store.place,
    canThaw: false,
    isDirectory: true
  }, async () => store)
})

test('what is told of a store before it is made is what it says itself', async t => {
  const { stores } = validConfig(
    ENVIRONMENT,
    workDir(t, { 'holdfast.yaml': 'stores: { far: { kind: local, path: far } }\n' })
  )
  assert.equal(stores.length, 4)
  for (const config of stores) {
    const told = makeStore(config, CONTEXT)
    const real = await storeKindOf(config).make(config.name, config.values, { ...CONTEXT, proxy: () => undefined })
    const facts = async (store: Store): Promise<unknown[]> => [
      store.name,
      store.kind,
      store.place,
      store.location('a/b.db'),
      await store.file('a', never).catch(toBackupError),
      store.isDirectory,
      store.odd === undefined,
      store.thaw === undefined
    ]
    assert.deepEqual(await facts(told), await facts(real))
  }
})

test('a store that could not be made is tried again with the next call', async () => {
  const error = new Error('not installed')
  let tries = 0
  const store = deferredStore({ name: 'a', kind: 'a', place: 'a', canThaw: false, isDirectory: false }, () => {
    tries++
    return Promise.reject(error)
  })
  const body = bodyOf('one')
  assert.equal(await rejection(store.put('a', body, {}, never)), error)
  assert.ok(body.destroyed)
  assert.equal(await rejection(store.stat('a', never)), error)
  assert.equal(tries, 2)
})

test('each configured store is there with its rules, and none was opened', t => {
  const { stores } = validConfig(
    {},
    workDir(t, {
      'holdfast.yaml':
        'stores:\n  vault: { kind: s3, bucket: b, lock: governance, retention: { daily: 7 }, bandwidth: 1MB }\n  far: { kind: local, path: /nowhere/at/all, maxBackups: 3, appendOnly: false }\n'
    })
  )
  const offsite = makeOffsite(stores, CONTEXT)
  assert.deepEqual([...offsite].map(([name, { store: _, ...rules }]) => [name, rules]), [
    ['vault', {
      retention: { daily: 7, minBackups: 3 },
      maxBackups: null,
      isAppendOnly: false,
      hasLock: true,
      bandwidth: 1_000_000
    }],
    ['far', { retention: null, maxBackups: 3, isAppendOnly: false, hasLock: false, bandwidth: null }]
  ])
})

test('a URL leads to the store that is known already, under whatever name, or makes one', async t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'stores: { offsite: { kind: s3, bucket: b, prefix: p } }\n' })
  const config = validConfig({}, cwd)
  const landing = directory(t)
  const offsite = makeOffsite(config.stores, CONTEXT)
  const locate = makeLocate(config, landing, offsite, CONTEXT, cwd)
  assert.equal(locate('s3://b/p/').known, offsite.get('offsite')?.store)
  assert.equal(locate(`file://${cwd}/backups`).known, landing)
  assert.equal(locate('backups').known, landing)
  const other = locate('s3://other/p')
  assert.deepEqual([other.known, other.kind, other.url], [undefined, 's3', 's3://other/p/?region=us-east-1'])
  const made = await other.make('s3-2')
  assert.deepEqual([made.name, made.place], ['s3-2', 's3://other/p/'])
})
