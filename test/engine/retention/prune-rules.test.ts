import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { RetentionRules } from '../../../src/core/retention/rules.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { filesOf, GRACE, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'

const HOUR = 3_600_000

interface Bench extends TestEngine {
  /** Scheduled backups, an hour apart. */
  hourly(count: number, source?: string): Promise<readonly Backup[]>
  prune(request?: { readonly dryRun?: boolean, readonly force?: boolean }): Promise<readonly number[]>
}

async function bench (t: TestContext, retention: RetentionRules = { last: 3, minBackups: 1 }): Promise<Bench> {
  const made = await testEngine(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')],
    policies: { shop: { retention }, bank: { retention } }
  })
  return {
    ...made,
    async hourly (count, source = 'shop') {
      const backups: Backup[] = []
      for (let n = 0; n < count; n++) {
        made.clock.move(HOUR)
        backups.push(await made.create({ type: 'scheduled', source }))
      }
      return backups
    },
    async prune (request = {}) {
      return (await (await made.engine.prune({ dryRun: false, ...request })).result).removed.map(({ id }) => id)
    }
  }
}

test('what the rules no longer keep goes into the trash, comes back from there, and is gone after its grace', async t => {
  const { engine, deps, clock, hourly, prune, files } = await bench(t)
  const made = await hourly(4)
  assert.deepEqual(await prune(), [1])
  assert.deepEqual(files().filter(name => !name.startsWith('trash/')), filesOf(...made.slice(1)))
  await (await engine.undelete(1)).result
  assert.deepEqual(files(), filesOf(...made))
  assert.deepEqual(await prune(), [1])
  clock.move(GRACE - 1)
  await housekeep(deps)
  assert.equal((await engine.backup(1)).deletedAt, null)
  clock.move(1)
  await housekeep(deps)
  assert.deepEqual([files(), (await engine.backup(1)).deletedAt], [filesOf(...made.slice(1)), clock.now()])
})

test('a backup by itself removes nothing that only the rules no longer keep', async t => {
  const { hourly, files } = await bench(t)
  const made = await hourly(6)
  assert.deepEqual(files(), filesOf(...made))
})

test('a removal of most of what there is has to be forced, and a dry run tells so', async t => {
  const { engine, hourly, prune, files } = await bench(t)
  const made = await hourly(9)
  const { refused } = await (await engine.prune({ dryRun: true })).result
  assert.deepEqual(refused, [{ source: 'shop', going: 6, of: 9 }])
  const error = await rejectsWith('PRUNE_REFUSED', prune())
  assert.deepEqual([error.message, error.details], [
    'the prune would remove 6 of the 9 backups of "shop"; none of them was removed',
    { sources: 1, going: 6, of: 9, removed: 0 }
  ])
  assert.deepEqual(files(), filesOf(...made))
  assert.deepEqual(await prune({ force: true }), [1, 2, 3, 4, 5, 6])
})

test('a source that is refused hinders no other', async t => {
  const { engine, hourly, prune } = await bench(t)
  await hourly(9, 'shop')
  await hourly(4, 'bank')
  // The last of the shop is older than its schedule allows by now.
  await hourly(1, 'shop')
  assert.equal((await rejectsWith('PRUNE_REFUSED', prune())).details?.['removed'], 1)
  assert.deepEqual((await engine.backups({ source: 'bank', trashed: true, limit: 9 })).backups.map(({ id }) => id), [
    10
  ])
})

test('nothing goes while no new good backup comes', async t => {
  const { engine, clock, hourly, prune } = await bench(t)
  await hourly(5)
  clock.move(24 * HOUR)
  const { decisions } = await (await engine.prune({ dryRun: true })).result
  assert.match(decisions[0]?.reasons[0] ?? '', /^nothing is removed: /)
  assert.deepEqual(await prune(), [])
  await engine.changeSettings({ autoBackupEnabled: false })
  assert.deepEqual(await prune(), [1, 2])
})

test('one that cannot be removed hinders none of the others, is told, and goes the next time', async t => {
  const { faults, hourly, prune, engine } = await bench(t)
  const made = await hourly(5)
  faults.fail('backups.trash', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await rejectsWith('CATALOG_BUSY', prune())
  assert.deepEqual((await engine.backups({ trashed: true, limit: 9 })).backups.map(({ id }) => id), [2])
  assert.deepEqual(await prune(), [1])
  assert.equal(made.length, 5)
})

test('what cannot be removed of one source hinders no other', async t => {
  const { engine, faults, hourly, prune } = await bench(t)
  await hourly(4, 'shop')
  await hourly(4, 'bank')
  await engine.changeSettings({ autoBackupEnabled: false })
  faults.fail('backups.trash', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await rejectsWith('CATALOG_BUSY', prune())
  assert.deepEqual((await engine.backups({ trashed: true, limit: 9 })).backups.map(({ id }) => id), [5])
})

test('files that could not be moved into the trash are removed with the rest when its time is over', async t => {
  const { deps, faults, clock, hourly, prune, files } = await bench(t)
  const made = await hourly(4)
  faults.fail('store.move', { error: new BackupError('STORE_FAILED', 'the disk died') })
  await rejectsWith('STORE_FAILED', prune())
  assert.deepEqual(files(), filesOf(...made))
  clock.move(GRACE)
  await housekeep(deps)
  assert.deepEqual(files(), filesOf(...made.slice(1)))
})

test('what is pinned while the prune goes on stays', async t => {
  const { engine, faults, hourly } = await bench(t)
  await hourly(5)
  const pause = faults.pause('backups.trash')
  const { result } = await engine.prune({ dryRun: false })
  await pause.reached
  await engine.edit(2, { pinned: true })
  pause.go()
  assert.deepEqual((await result).removed.map(({ id }) => id), [1])
})

test('where a source has both rules and a limit, both hold', async t => {
  const { engine, create } = await testEngine(t, {
    policies: { shop: { retention: { last: 4, minBackups: 1 }, maxBackups: 3 } }
  })
  await create({ verify: false })
  for (let n = 0; n < 3; n++) await create({ type: 'scheduled', verify: false })
  const { decisions } = await (await engine.prune({ dryRun: true })).result
  assert.deepEqual(decisions.map(({ backup, keep, removal }) => [backup.id, keep, removal]), [
    [4, true, null],
    [3, true, null],
    [2, true, null],
    [1, false, 'erase']
  ])
})

test('the rotation of a source that has rules, too, removes first what they do not keep, and no more than the limit asks', async t => {
  const { engine, clock, create } = await testEngine(t, {
    policies: { shop: { retention: { monthly: 12, minBackups: 1 }, maxBackups: 3 } }
  })
  await create({ type: 'scheduled' })
  clock.move(31 * 24 * HOUR)
  for (let n = 0; n < 3; n++) {
    clock.move(HOUR)
    await create({ type: 'scheduled' })
  }
  assert.deepEqual((await engine.backups({ limit: 9 })).backups.map(({ id }) => id), [4, 3, 1])
})

test('a limit that was just lowered by far sends the backups into the trash, not away', async t => {
  const { engine, create, files } = await testEngine(t, { type: 'scheduled' })
  for (let n = 0; n < 9; n++) await create()
  await engine.changeSettings({ maxBackups: 2 })
  const last = await create()
  assert.equal(files().filter(name => name.startsWith('trash/')).length, 16)
  assert.deepEqual((await engine.backups({ limit: 9 })).backups.map(({ id }) => id), [last.id, 9])
  await (await engine.undelete(5)).result
  assert.equal((await engine.backup(5)).trashedAt, null)
})
