import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { backupLock } from '../../../src/engine/jobs/locks.ts'
import { chainedEngine, type Chained } from '../../support/engine/chained.ts'

const TWO_CHAINS = [0, 1, 2, 0, 1]

async function prune ({ engine }: Chained): Promise<readonly number[]> {
  const { removed } = await (await engine.prune({ dryRun: false })).result
  return removed.map(({ id }) => id)
}

async function live ({ engine }: Chained): Promise<readonly number[]> {
  return (await engine.backups({ limit: 100 })).backups.map(({ id }) => id).toReversed()
}

test('a chain goes as a whole, and what is built on the rest goes first', async t => {
  const bench = await chainedEngine(t, TWO_CHAINS, { settings: { maxBackups: 1 } })
  assert.deepEqual(bench.backups.map(({ parentId }) => parentId), [null, 1, 2, null, 4])
  assert.deepEqual([await prune(bench), await live(bench)], [[3, 2, 1], [4, 5]])
})

test('maxBackups counts full backups', async t => {
  const bench = await chainedEngine(t, TWO_CHAINS, { settings: { maxBackups: 2 } })
  assert.deepEqual([await prune(bench), await live(bench)], [[], [1, 2, 3, 4, 5]])
})

test('a pinned increment keeps what it is built on, and not what is built on it', async t => {
  const bench = await chainedEngine(t, TWO_CHAINS, { settings: { maxBackups: 1 } })
  await bench.engine.edit(2, { pinned: true })
  assert.deepEqual([await prune(bench), await live(bench)], [[3], [1, 2, 4, 5]])
})

test('while an increment cannot be removed, what it is built on stays', async t => {
  const bench = await chainedEngine(t, [...TWO_CHAINS, 0], { settings: { maxBackups: 1 } })
  const lock = await bench.deps.runner.locks.tryLock([backupLock(2)])
  assert.deepEqual([await prune(bench), await live(bench)], [[3, 5, 4], [1, 2, 6]])
  await lock?.release()
  bench.faults.fail('store.remove', { error: new BackupError('STORE_FAILED', 'the disk died') })
  await assert.rejects(prune(bench), /the disk died/)
  assert.deepEqual(await live(bench), [1, 6])
})

test('a mass removal is counted in chains', async t => {
  const long = await chainedEngine(t, [0, 1, 2, 3, 4, 5, 6, 0], { settings: { maxBackups: 1 } })
  assert.equal((await prune(long)).length, 7)
  const many = await chainedEngine(t, [0, 1, 0, 0, 0, 0, 0], { settings: { maxBackups: 1 } })
  await assert.rejects(prune(many), { code: 'PRUNE_REFUSED', message: /^the prune would remove 5 of the 6 backups/ })
})

test('what an increment is built on stays while its file is not in the store, for it may turn up again', async t => {
  const bench = await chainedEngine(t, [0, 1, 0], { settings: { maxBackups: 1 } })
  const file = join(bench.directory, bench.backups[1]!.key)
  renameSync(file, `${file}.away`)
  assert.deepEqual([await prune(bench), await live(bench)], [[], [1, 2, 3]])
  renameSync(`${file}.away`, file)
  assert.deepEqual([await prune(bench), await live(bench)], [[2, 1], [3]])
})
