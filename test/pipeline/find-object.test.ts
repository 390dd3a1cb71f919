import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { findObject, hasObject } from '../../src/pipeline/find-object.ts'
import { rejectsWith } from '../support/rejects.ts'
import { faultyStore } from '../support/stores/faulty-local.ts'
import { bodyOf, never } from '../support/streams.ts'

test('an object that is there is found with its size, and one that is not is none', async t => {
  const { store } = await faultyStore(t)
  await store.put('a', bodyOf('four'), {}, never)
  assert.equal((await findObject(store, 'a', never))?.size, 4)
  assert.equal(await findObject(store, 'b', never), undefined)
  assert.deepEqual([await hasObject(store, 'a', never), await hasObject(store, 'b', never)], [true, false])
})

test('a store that does not answer is not taken for one without the object', async t => {
  const { store, faults } = await faultyStore(t)
  faults.fail('store.stat', { error: new BackupError('STORE_UNAVAILABLE', 'no answer') })
  await rejectsWith('STORE_UNAVAILABLE', hasObject(store, 'a', never))
})
