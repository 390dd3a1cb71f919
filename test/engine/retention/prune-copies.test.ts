import assert from 'node:assert/strict'
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { removeCopy } from '../../../src/engine/replication/retire-copies.ts'
import type { RetentionRules } from '../../../src/core/retention/rules.ts'
import { filesOf, testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DAY = 86_400_000
const DAYS_7: RetentionRules = { within: { years: 0, months: 0, days: 7, hours: 0 }, minBackups: 1 }
const DAYS_90: RetentionRules = { within: { years: 0, months: 0, days: 90, hours: 0 }, minBackups: 1 }

interface Made extends TestEngine {
  readonly far: TestOffsite
  /** One scheduled backup a day, each copied to every store. */
  readonly days: (count: number) => Promise<number[]>
  readonly prune: (force?: boolean) => Promise<void>
}

async function make (
  t: TestContext,
  stores: Parameters<typeof testOffsite>[1],
  options: TestEngineOptions = {}
): Promise<Made> {
  const far = await testOffsite(t, stores)
  const made = await testEngine(t, { offsite: far.offsite, policies: { shop: { retention: DAYS_7 } }, ...options })
  const settleCopies = async (): Promise<void> => {
    for (const [name, offsite] of far.offsite) {
      for (const task of await made.deps.catalog.copies.work(name)) {
        if (task.status === 'removing') await removeCopy(made.deps, task, offsite, never)
      }
    }
  }
  return {
    ...made,
    far,
    async days (count) {
      const ids: number[] = []
      for (let n = 0; n < count; n++) {
        made.clock.move(DAY)
        const { id } = await made.create({ type: 'scheduled', schedule: 'daily' })
        await (await made.engine.upload(id, {})).result
        ids.push(id)
      }
      return ids
    },
    async prune (force = true) {
      await (await made.engine.prune({ dryRun: false, force })).result
      await settleCopies()
    }
  }
}

/** The days whose backups a store has, by their ids. */
function held (files: readonly string[], made: ReadonlyArray<{ readonly id: number, readonly key: string }>): number[] {
  return made.filter(({ key }) => files.includes(key) && files.includes(`${key}.manifest.json`)).map(({ id }) => id)
}

async function all ({ engine }: Made): Promise<ReadonlyArray<{ readonly id: number, readonly key: string }>> {
  return (await engine.backups({ limit: 500 })).backups.toReversed()
}

test('each store keeps by its own rules, and a backup lives as long as one of them has it', async t => {
  const made = await make(t, { year: { retention: DAYS_90 }, same: {} })
  await made.days(20)
  await made.prune()
  const rows = await all(made)
  assert.equal(rows.length, 20)
  assert.deepEqual(held(made.files(), rows), [14, 15, 16, 17, 18, 19, 20])
  assert.deepEqual(held(made.far.files('same'), rows), [14, 15, 16, 17, 18, 19, 20])
  assert.deepEqual(held(made.far.files('year'), rows), rows.map(({ id }) => id))
  const old = await made.engine.backup(1)
  assert.deepEqual([old.copies.map(({ store }) => store), old.filePath.includes('/year/'), old.deletedAt], [
    ['year'],
    true,
    null
  ])
  assert.equal((await (await made.engine.verify(1)).result).verification.valid, true)
})

test('what the last store lets go of goes into the trash, can be brought back, and is gone after its grace', async t => {
  const made = await make(t, { year: { retention: DAYS_90 } })
  await made.days(20)
  await made.prune()
  made.clock.move(85 * DAY)
  await made.days(1)
  await made.prune()
  const gone = await made.engine.backup(1)
  assert.deepEqual([
    gone.trashedAt !== null,
    gone.deletedAt,
    made.far.files('year').includes('shop-backup-' + gone.key.split('shop-backup-')[1]!)
  ], [true, null, true])
  assert.equal((await (await made.engine.undelete(1)).result).trashedAt, null)
  assert.equal((await (await made.engine.verify(1)).result).verification.valid, true)
  await made.prune()
  made.clock.move(2 * DAY)
  await housekeep(made.deps)
  await made.prune()
  assert.notEqual((await made.engine.backup(1)).deletedAt, null)
  const rows = await all(made)
  assert.deepEqual(held(made.far.files('year'), rows), rows.map(({ id }) => id))
})

test('a dry run tells what becomes of each copy, and changes nothing', async t => {
  const made = await make(t, { year: { retention: DAYS_90 }, few: { maxBackups: 2 } })
  await made.days(10)
  const before = [made.files(), made.far.files('year'), made.far.files('few')]
  const { decisions, copies } = await (await made.engine.prune({ dryRun: true })).result
  assert.deepEqual(decisions.filter(({ keep }) => !keep).map(({ backup, removal }) => [backup.id, removal]), [
    [3, 'evict'],
    [2, 'evict'],
    [1, 'evict']
  ])
  assert.deepEqual(
    copies.filter(({ keep }) => !keep).map(({ backup, store }) => [backup.id, store]),
    [8, 7, 6, 5, 4, 3, 2, 1].map(id => [id, 'few'])
  )
  assert.deepEqual([made.files(), made.far.files('year'), made.far.files('few')], before)
})

test('a copy that its own rule wants is waited for', async t => {
  const made = await make(t, { year: { retention: DAYS_90 } })
  made.clock.move(DAY)
  const waiting = await made.create({ type: 'scheduled', schedule: 'daily' })
  await made.days(9)
  await made.prune()
  const { decisions } = await (await made.engine.prune({ dryRun: true })).result
  assert.deepEqual(decisions.find(({ backup }) => backup.id === waiting.id)?.reasons, [
    'waiting for its copy in "year"'
  ])
  assert.ok(made.files().includes(waiting.key))
  await (await made.engine.upload(waiting.id, {})).result
  await made.prune()
  assert.deepEqual([made.files().includes(waiting.key), made.far.files('year').includes(waiting.key)], [false, true])
})

test('most of the copies of one store do not go at once unless somebody says so', async t => {
  const made = await make(t, { few: { maxBackups: 2 } }, { policies: { shop: { retention: DAYS_90 } } })
  await made.days(10)
  await assert.rejects(made.prune(false), { code: 'PRUNE_REFUSED' })
  assert.equal(made.far.files('few').length, 20)
  await made.prune()
  assert.equal(made.far.files('few').length, 4)
})

test('a rotation by maxBackups leaves what another store keeps in that store', async t => {
  const made = await make(t, { year: { retention: DAYS_90 } }, { policies: {}, settings: { maxBackups: 3 } })
  await made.days(6)
  const rows = await all(made)
  assert.deepEqual([held(made.files(), rows).length, rows.length], [3, 6])
})

test('a pinned backup stays in every store', async t => {
  const made = await make(t, { few: { maxBackups: 1 } })
  const [first] = await made.days(2)
  await made.engine.edit(first!, { pinned: true })
  await made.days(10)
  await made.prune()
  const rows = await all(made)
  assert.ok(held(made.far.files('few'), rows).includes(first!))
  assert.ok(held(made.files(), rows).includes(first!))
})

/** Takes object and manifest of a copy out of a store. */
function takeCopyAway (directory: string | undefined, { key }: { readonly key: string }): void {
  for (const name of filesOf({ key })) renameSync(join(directory ?? '', name), join(directory ?? '', '..', name))
}

test('a copy that is not in its store pushes no other out of there, and stays in the list', async t => {
  const made = await make(t, { few: { maxBackups: 2 } }, { policies: { shop: { retention: DAYS_90 } } })
  await made.days(4)
  const rows = await all(made)
  for (const { key } of rows.slice(2)) takeCopyAway(made.far.directories['few'], { key })
  const { copies } = await (await made.engine.prune({ dryRun: true })).result
  assert.deepEqual(copies.map(({ backup: { id }, keep }) => [id, keep]), [[4, true], [3, true], [2, true], [1, true]])
  assert.deepEqual(copies[0]?.reasons, ['its file is missing from the store'])
  await made.prune()
  assert.deepEqual(held(made.far.files('few'), rows), [1, 2])
})

test('no copy leaves a store that cannot be asked what it holds', async t => {
  const made = await make(t, { few: { maxBackups: 2 } }, { policies: { shop: { retention: DAYS_90 } } })
  await made.days(4)
  const away = made.far.directories['few'] ?? ''
  renameSync(away, `${away}.away`)
  const { copies } = await (await made.engine.prune({ dryRun: true })).result
  assert.deepEqual(copies.filter(({ keep }) => !keep), [])
  assert.deepEqual(copies[3]?.reasons, ['the store cannot be listed now'])
  await (await made.engine.prune({ dryRun: false, force: true })).result
  renameSync(`${away}.away`, away)
  await made.prune()
  assert.deepEqual(held(made.far.files('few'), await all(made)), [3, 4])
})

test('a store is not listed for a prune that removes nothing there', async t => {
  const made = await make(t, { few: { maxBackups: 5 } }, { policies: { shop: { retention: DAYS_90 } } })
  await made.days(4)
  const { store } = made.far.offsite.get('few')!
  const list = store.list.bind(store)
  let lists = 0
  store.list = (prefix, signal) => {
    lists++
    return list(prefix, signal)
  }
  await made.prune()
  assert.equal(lists, 0)
  await made.days(2)
  await made.prune()
  assert.equal(lists, 1)
})

test('a copy stays where the other store that should have the backup has it not', async t => {
  const made = await make(t, { few: { maxBackups: 2 }, year: { retention: DAYS_90 } }, {
    policies: { shop: { retention: DAYS_7, keepLocal: false } }
  })
  await made.days(4)
  const rows = await all(made)
  takeCopyAway(made.far.directories['year'], rows[0]!)
  await made.prune()
  assert.deepEqual([made.files(), held(made.far.files('few'), rows)], [[], [1, 3, 4]])
})

test('a copy stays where a store that is known by its URL alone lacks a part of the backup', async t => {
  const made = await make(t, { few: { maxBackups: 2 } }, {
    sources: [new MemorySource('shop', { hasIndex: true })],
    policies: { shop: { retention: DAYS_7, keepLocal: false } }
  })
  await made.days(4)
  const disk = tempDir(t)
  for (const file of made.far.files('few')) copyFileSync(join(made.far.directories['few']!, file), join(disk, file))
  await (await made.engine.rebuild({ from: `file://${disk}` })).result
  const rows = await all(made)
  const first = await made.engine.backup(1)
  assert.deepEqual(first.copies.map(({ store }) => store).toSorted(), ['directory', 'few'])
  rmSync(join(disk, first.parts[0]!.fileName))
  await made.prune()
  assert.deepEqual([made.files(), held(made.far.files('few'), rows)], [[], [1, 3, 4]])
})
