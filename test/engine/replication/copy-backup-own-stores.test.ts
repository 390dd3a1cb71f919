import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('a backup is copied on request into the stores of its source, and into no other', async t => {
  const { offsite, files } = await testOffsite(t, { own: {}, foreign: {} })
  const { engine, create } = await testEngine(t, { offsite, policies: { shop: { stores: ['own'] } } })
  const { id } = await create()
  assert.match((await rejectsWith('STORE_NOT_OF_SOURCE', engine.upload(id, { store: 'foreign' }))).hint ?? '', /own/)
  await rejectsWith('STORE_NOT_FOUND', engine.upload(id, { store: 'nowhere' }))
  await (await engine.upload(id, { store: 'own' })).result
  assert.deepEqual([files('own').length, files('foreign')], [2, []])
})
