import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growingEngine } from '../../support/engine/growing.ts'
import { noise } from '../../support/streams.ts'

const MiB = 1024 * 1024

test('an increment is not compared in size with a full backup, and a full one only with full ones', async t => {
  const { notes, create, increment } = await growingEngine(t)
  notes.bytes = noise(20 * MiB, 1)
  const made = [await create(), await create(), await increment(), await increment(), await create()]
  assert.deepEqual(made.map(({ method, suspicion }) => [method, suspicion]), [
    ['full', null],
    ['full', null],
    ['incremental', null],
    ['incremental', null],
    ['full', null]
  ])
  await increment()
  notes.bytes = noise(MiB, 1)
  const { suspicion } = await create({ method: 'incremental' })
  assert.deepEqual(suspicion?.reasons, [
    'the number of rows in "bytes" fell by 95 %, from 20971559 to 1048576',
    'the database shrank by 95 %, from 20971546 to 1048576 bytes'
  ])
})
