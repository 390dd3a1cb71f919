import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesOf, testEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('a dry run tells what would go, with the reasons, and changes nothing', async t => {
  const { engine, create, files } = await testEngine(t)
  const made = [await create(), await create(), await create()]
  await engine.changeSettings({ maxBackups: 1 })
  const { dryRun, decisions, removed } = await (await engine.prune({ dryRun: true })).result
  assert.deepEqual(decisions.map(({ backup, keep }) => [backup.id, keep]), [[3, true], [2, false], [1, false]])
  assert.deepEqual([dryRun, removed, files()], [true, [], filesOf(...made)])
})

test('a real run removes exactly what the dry run told', async t => {
  const { engine, create, files } = await testEngine(t)
  const made = [await create(), await create(), await create()]
  await engine.changeSettings({ maxBackups: 2 })
  const told = (await (await engine.prune({ dryRun: true })).result).decisions.filter(({ keep }) => !keep).map(
    ({ backup }) => backup.id
  )
  const { removed } = await (await engine.prune({ dryRun: false })).result
  assert.deepEqual([removed.map(({ id }) => id), files()], [told, filesOf(...made.slice(1))])
})

test('only the source that was asked for is pruned', async t => {
  const { engine, create, files } = await testEngine(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')]
  })
  const made = [
    await create({ source: 'shop' }),
    await create({ source: 'shop' }),
    await create({ source: 'bank' }),
    await create({ source: 'bank' })
  ]
  await engine.changeSettings({ maxBackups: 1 })
  await (await engine.prune({ source: 'bank', dryRun: false })).result
  assert.deepEqual(files(), filesOf(made[0]!, made[1]!, made[3]!))
  await (await engine.prune({ dryRun: false })).result
  assert.deepEqual(files(), filesOf(made[1]!, made[3]!))
  await rejectsWith('SOURCE_NOT_FOUND', engine.prune({ source: 'attic', dryRun: true }))
})

test('two prunes of one source do not run side by side, and a dry run hinders nobody', async t => {
  const { engine, faults, create } = await testEngine(t)
  await create()
  const pause = faults.pause('backups.existing')
  const first = await engine.prune({ dryRun: false })
  await pause.reached
  await rejectsWith('BACKUP_IN_PROGRESS', engine.prune({ dryRun: false }))
  await (await engine.prune({ dryRun: true })).result
  pause.go()
  await first.result
})

test('a prune that is cancelled halfway keeps the newer ones', async t => {
  const { engine, faults, create, files } = await testEngine(t)
  const made = [await create(), await create(), await create()]
  await engine.changeSettings({ maxBackups: 1 })
  const pause = faults.pause('backups.remove')
  const { job, result } = await engine.prune({ dryRun: false })
  const outcome = rejectsWith('CANCELLED', result)
  await pause.reached
  const cancelled = engine.cancel(job.id)
  pause.go()
  await Promise.all([cancelled, outcome])
  assert.deepEqual(files(), filesOf(...made.slice(1)))
})
