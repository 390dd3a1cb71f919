import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rebuild } from '../../../src/engine/recovery/rebuild.ts'
import { plannedRestore } from '../../../src/engine/restore/planned-restore.ts'
import { at, segmentOf } from '../../support/builders/recovery.ts'
import { chainedEngine } from '../../support/engine/chained.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

test('a backup whose parent was never found is not restored, and one with its whole chain is', async t => {
  const { directory, backups, deps } = await chainedEngine(t, [0, 1, 2])
  const [full, , last] = backups
  assert.equal((await plannedRestore(deps, last!.id, {})).backup.id, last!.id)
  rmSync(join(directory, full!.key))
  const other = await testEngine(t, { directory })
  await rebuild(other.deps, { stores: [other.deps.store], isListing: false }, never)
  for (const id of [2, 3]) await rejectsWith('CHAIN_BROKEN', plannedRestore(other.deps, id, {}))
})

test('a backup that needs captured log is not restored without all of it', async t => {
  const { deps, clock } = await chainedEngine(t, [0], { from: at(10), to: at(20) })
  const add = async (from: number, to: number): Promise<void> => {
    const { id: _, ...segment } = segmentOf(from, to)
    await deps.catalog.segments.add(segment, deps.store.name, [], clock.now())
  }
  await rejectsWith('CHAIN_BROKEN', plannedRestore(deps, 1, {}))
  await add(5, 15)
  await rejectsWith('CHAIN_BROKEN', plannedRestore(deps, 1, {}))
  await add(15, 30)
  assert.equal((await plannedRestore(deps, 1, {})).backup.id, 1)
})
