import assert from 'node:assert/strict'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { Parent } from '../../../src/core/ports/source.ts'
import { evictLocal } from '../../../src/engine/retention/evict.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { describedBasis, requireLink } from '../../../src/engine/backup/basis.ts'
import { filesOfGrowing, growingEngine } from '../../support/engine/growing.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

function note (reason: string): string {
  return `Full instead of incremental: ${reason}`
}

test('an increment has what was added, and names its parent by file and digest', async t => {
  const { deps, increment, create } = await growingEngine(t)
  const full = await create()
  const made = [await increment(), await increment(), await increment()]
  assert.deepEqual([full.method, full.parentId, full.link?.depth], ['full', null, 0])
  assert.deepEqual(made.map(({ method, parentId, link }) => [method, parentId, link?.depth]), [
    ['incremental', 1, 1],
    ['incremental', 2, 2],
    ['incremental', 3, 3]
  ])
  assert.deepEqual(made.map(({ originalSize, description }) => [originalSize, description]), [
    [13, null],
    [13, null],
    [13, null]
  ])
  assert.deepEqual(made.map(({ verification }) => verification.status), ['valid', 'valid', 'valid'])
  const { version, method, link } = (await deps.catalog.backups.manifest(2))!
  assert.deepEqual([version, method, link?.parent], [3, 'incremental', { name: full.key, sha256: full.checksum }])
})

test('the first increment that is asked for is a full backup, and its description has the reason', async t => {
  const { create } = await growingEngine(t)
  const first = await create({ method: 'incremental' })
  assert.deepEqual([first.method, first.description], [
    'full',
    note('there is no backup yet for an increment')
  ])
  const second = await create({ method: 'incremental', description: 'noon' })
  assert.deepEqual([second.method, second.description], ['incremental', 'noon'])
})

test('the reason stands behind the description that was given, within its limit', () => {
  const basis = {
    request: { compression: 'none', method: 'full', parent: null },
    ancestors: [],
    reason: 'backup 3 is damaged',
    release: async () => {}
  } as const
  assert.equal(describedBasis('noon', basis), `noon (${note('backup 3 is damaged')})`)
  assert.equal(describedBasis('noon', { ...basis, reason: null }), 'noon')
  assert.equal(describedBasis('x'.repeat(990), basis)?.length, 1000)
})

test('a chain ends at maxChainLength and at maxChainAge, and the next one is built on', async t => {
  const { increment, clock } = await growingEngine(t, {
    policies: { notes: { maxChainLength: 3, maxChainAge: 86_400_000 } }
  })
  const made = [await increment(), await increment(), await increment(), await increment(), await increment()]
  assert.deepEqual(made.map(({ parentId }) => parentId), [null, 1, 2, null, 4])
  assert.equal(made[3]?.description, note('the chain of backup 3 has reached maxChainLength (3)'))
  clock.move(86_400_000)
  assert.equal((await increment()).description, note('the full backup 4 has reached maxChainAge (1 days)'))
})

test('where the source cannot go on from the parent, a full backup is made', async t => {
  const { notes, create } = await growingEngine(t)
  await create()
  notes.bytes = Buffer.from('another text')
  const backup = await create({ method: 'incremental' })
  assert.deepEqual([backup.method, backup.description], ['full', note('the text from before was changed')])
})

test('a source that asks for nothing makes no increments', async t => {
  const { notes, increment, create } = await growingEngine(t)
  await create()
  Object.defineProperty(notes, 'obstacle', { value: undefined })
  assert.equal((await increment()).description, note('the source does not support incremental backups'))
})

test('after a link of the chain was found damaged, the next increment is a full backup', async t => {
  const { engine, directory, increment, create } = await growingEngine(t)
  const full = await create()
  await increment()
  writeFileSync(join(directory, full.key), 'x'.repeat(full.size!))
  assert.equal((await (await engine.verify(1)).result).verification.valid, false)
  const next = await increment()
  assert.deepEqual([next.method, next.description], ['full', note('backup 1 is damaged')])
  assert.equal((await increment()).parentId, next.id)
})

test('a chain that lacks a file or a digest, or has an index that was changed, is not built on', async t => {
  for (
    const [damage, reason] of [
      [(path: string) => {
        rmSync(path)
      }, /^it depends on backup 1: the object no longer exists$/],
      [(path: string) => {
        truncateSync(path, 5)
      }, /^it depends on backup 1: the object has 5 bytes instead/],
      [(_: string, index: string) => {
        flip(index)
      }, /^backup 1 is damaged: part "index" /]
    ] as const
  ) {
    const { directory, increment, create } = await growingEngine(t)
    const full = await create()
    damage(join(directory, full.key), join(directory, full.parts[0]!.fileName))
    const { method, description } = await increment()
    assert.equal(method, 'full')
    assert.match(description?.replace(note(''), '') ?? '', reason)
  }
})

function flip (path: string): void {
  const bytes = readFileSync(path)
  bytes[3]! ^= 1
  writeFileSync(path, bytes)
}

test('a parent that cannot be asked keeps no source from being backed up', async t => {
  const { faults, increment, create } = await growingEngine(t)
  await create()
  faults.fail('source.obstacle', { error: new BackupError('STORE_UNAVAILABLE', 'the disk is away') })
  const { method, description } = await increment()
  assert.deepEqual([method, description], ['full', note('the disk is away')])
})

test('a cancelled job makes neither an increment nor a full backup', async t => {
  const { engine, faults, files, create } = await growingEngine(t)
  const full = await create()
  const pause = faults.pause('source.obstacle')
  const { job, result } = await engine.create({ type: 'manual', method: 'incremental' })
  const outcome = rejectsWith('CANCELLED', result)
  await pause.reached
  const cancelled = engine.cancel(job.id)
  pause.go()
  await Promise.all([outcome, cancelled])
  assert.equal((await engine.backups({ limit: 10 })).count, 1)
  assert.deepEqual(files(), filesOfGrowing(full))
})

test('the source reads index parts of its parent alone', async t => {
  const { notes, increment, create } = await growingEngine(t)
  await create()
  let given: Parent | undefined
  const { obstacle } = notes
  notes.obstacle = async (parent, signal) => {
    given = parent
    return await obstacle.call(notes, parent, signal)
  }
  assert.equal((await increment()).method, 'incremental')
  await rejectsWith('PART_NOT_FOUND', given!.open('main', never))
  await rejectsWith('PART_NOT_FOUND', given!.open('files', never))
})

test('where the landing store has no copy of the parent, its index comes from another store', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const { engine, deps, create, increment } = await growingEngine(t, { offsite })
  const full = await create({ compression: 'zstd' })
  await (await engine.upload(full.id, {})).result
  await evictLocal(deps, await deps.catalog.backups.get(full.id))
  assert.equal((await increment()).parentId, full.id)
})

test('while an increment is made, its parent is neither removed nor rotated, and can be verified', async t => {
  const { engine, faults, increment, create } = await growingEngine(t)
  await create()
  await create()
  const pause = faults.pause('source.snapshot')
  const made = increment()
  await pause.reached
  await rejectsWith('BACKUP_BUSY', engine.remove(2, { force: true }))
  assert.equal((await (await engine.verify(2)).result).verification.valid, true)
  pause.go()
  assert.equal((await made).parentId, 2)
  await rejectsWith('BACKUP_HAS_CHILDREN', (await engine.remove(2, { force: true })).result)
  await (await engine.remove(3, { force: true })).result
  await (await engine.remove(2, { force: true })).result
})

test('a removal that was decided on before an increment was built on the backup does not happen', async t => {
  const { engine, notes, faults, increment, create } = await growingEngine(t, { type: 'scheduled' })
  await create()
  await create()
  // The newest backup stays; it starts no chain, so that the one before it is built on.
  const { link } = notes
  Object.defineProperty(notes, 'link', { value: () => null, configurable: true })
  await create()
  Object.defineProperty(notes, 'link', { value: link })
  await engine.changeSettings({ maxBackups: 1 })
  let built: Backup | undefined
  faults.meanwhile('backups.get', async () => {
    built = await increment({ verify: false })
  }, /^1$/)
  const { removed } = await (await engine.prune({ dryRun: false, force: true })).result
  assert.deepEqual([built?.parentId, removed.map(({ id }) => id)], [2, [1]])
  assert.equal((await (await engine.verify(built!.id)).result).verification.valid, true)
})

test('a link that does not go on from the parent is a failure of the source', async t => {
  const { notes, increment, create, files } = await growingEngine(t)
  const full = await create()
  const { link } = notes
  for (const wrong of [{ depth: 2 }, { chain: 'other' }, { lineage: 'other' }, { parent: { name: 'x', sha256: '' } }]) {
    notes.link = (parent, size) => ({ ...link.call(notes, parent, size), ...wrong })
    await rejectsWith('SOURCE_FAILED', increment())
  }
  assert.deepEqual(files(), filesOfGrowing(full))
  const request = { compression: 'none', method: 'full', parent: null } as const
  assert.equal(requireLink(null, request, notes), null)
  assert.throws(() => requireLink({ ...full.link!, parent: null, depth: 1 }, request, notes), { code: 'SOURCE_FAILED' })
})
