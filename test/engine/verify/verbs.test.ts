import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedJob } from '../../support/engine/asked-job.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('a verification is a job that holds its backup', async t => {
  assert.deepEqual(await askedJob(t, (engine, { id }) => engine.verify(id)), {
    kind: 'verify',
    source: 'shop',
    backupId: 1,
    locks: ['backup:1']
  })
})

test('a verification of all backups holds that of each source', async t => {
  assert.deepEqual(await askedJob(t, engine => engine.verifyAll({})), {
    kind: 'verify-all',
    source: null,
    backupId: null,
    locks: ['verify-all:busy', 'verify-all:shop']
  })
  assert.deepEqual((await askedJob(t, engine => engine.verifyAll({ source: 'shop' }))).locks, ['verify-all:shop'])
})

test('verifications are those of a backup that there is', async t => {
  const { engine, create } = await testEngine(t)
  const { id } = await create({ verify: false })
  assert.deepEqual(await engine.verifications(id), [])
  await (await engine.verify(id)).result
  assert.deepEqual((await engine.verifications(id)).map(({ verification }) => verification.valid), [true])
  await rejectsWith('BACKUP_NOT_FOUND', engine.verifications(9))
})
