import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rebuild } from '../../../src/engine/recovery/rebuild.ts'
import { plannedRestore } from '../../../src/engine/restore/restore.ts'
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
