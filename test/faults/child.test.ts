import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { childAtWork, needChildren } from '../support/processes/children.ts'
import { filesIn, filesOf, testEngine, type TestEngine } from '../support/engine/engine.ts'
import { makeMoney } from '../support/databases/money.ts'
import { planted } from '../support/fault-count.ts'
import { rejectsWith } from '../support/rejects.ts'
import { tempDir } from '../support/temp-dir.ts'

/** The engine over a real database that is larger than everything that a pipe holds. */
async function realShop (
  t: TestContext,
  journalMode: 'wal' | 'delete' = 'wal'
): Promise<TestEngine & { readonly scratch: () => string[] }> {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { journalMode, entries: 50_000 })
  const shop = await testEngine(t, {
    sources: [sqliteSource({ name: 'shop', path: join(home, 'shop.db'), busyTimeout: 5000, scratchDir: home })]
  })
  return { ...shop, scratch: () => filesIn(home).filter(name => name.startsWith('snapshot-')) }
}

for (const journalMode of ['wal', 'delete'] as const) {
  test(`a child that is killed while it sends fails the backup, and nothing of it is left (${journalMode})`, async t => {
    if (!needChildren(t)) return
    const fault = planted(t, `kill -9 of the snapshot child, ${journalMode}`)
    const { engine, faults, create, files, scratch } = await realShop(t, journalMode)
    const older = await create()
    faults.meanwhile('store.put', async () => {
      process.kill(await childAtWork('snapshot-child'), 'SIGKILL')
      fault.fired()
    })
    const { message } = await rejectsWith('SOURCE_FAILED', create())
    assert.match(message, /signal SIGKILL/)
    assert.deepEqual([files(), scratch()], [filesOf(older), []])
    assert.equal((await engine.backup(2)).status, 'failed')
    assert.equal((await create()).verification.status, 'valid')
  })
}

test(
  'a child that stands still is ended by cancelling its job, and nothing of it is left',
  { timeout: 60_000 },
  async t => {
    if (!needChildren(t)) return
    const fault = planted(t, 'SIGSTOP of the snapshot child')
    const { engine, faults, create, files } = await realShop(t)
    const reached = Promise.withResolvers<undefined>()
    faults.meanwhile('store.put', async () => {
      process.kill(await childAtWork('snapshot-child'), 'SIGSTOP')
      fault.fired()
      reached.resolve(undefined)
    })
    const { job, result } = await engine.create({ type: 'manual' })
    const cancelled = rejectsWith('CANCELLED', result)
    await reached.promise
    await engine.cancel(job.id)
    await cancelled
    assert.deepEqual(files(), [])
    assert.equal((await create()).verification.status, 'valid')
  }
)

for (const word of ['SIGKILL', 'SIGSTOP'] as const) {
  test(
    `an inspector that ${
      word === 'SIGKILL' ? 'dies' : 'stands still until its job is cancelled'
    } proves nothing, for or against`,
    { timeout: 60_000 },
    async t => {
      if (!needChildren(t)) return
      const fault = planted(t, `${word} of the inspect child`)
      const { engine, create } = await realShop(t)
      const backup = await create()
      const { job, result } = await engine.verify(backup.id)
      const ended = rejectsWith(word === 'SIGKILL' ? 'SOURCE_FAILED' : 'CANCELLED', result)
      process.kill(await childAtWork('inspect-child'), word)
      fault.fired()
      if (word === 'SIGSTOP') await engine.cancel(job.id)
      await ended
      assert.equal((await engine.backup(backup.id)).verification.status, 'valid')
      assert.equal((await engine.verifications(backup.id)).length, 1)
      assert.equal((await (await engine.verify(backup.id)).result).verification.valid, true)
    }
  )
}

test('a backup whose inspector dies is not completed, and takes nothing away', async t => {
  if (!needChildren(t)) return
  const fault = planted(t, 'kill -9 of the inspect child within a backup')
  const { engine, create, files } = await realShop(t)
  const older = await create()
  const { result } = await engine.create({ type: 'manual' })
  const failed = rejectsWith('SOURCE_FAILED', result)
  process.kill(await childAtWork('inspect-child'), 'SIGKILL')
  fault.fired()
  await failed
  assert.equal((await engine.backup(2)).status, 'failed')
  assert.deepEqual(files().filter(name => !name.startsWith('quarantine/')), filesOf(older))
})
