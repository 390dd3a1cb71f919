import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { CHAIN_CHECK, type Check } from '../../../src/core/ports/verification.ts'
import { chained, growingEngine, type Growing } from '../../support/engine/growing.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

async function chainCheck ({ engine }: Pick<Growing, 'engine'>, id: number): Promise<Check | undefined> {
  const { verification } = await (await engine.verify(id)).result
  return verification.checks.find(({ name }) => name === CHAIN_CHECK)
}

test('a full backup has no check of a chain, and an increment has one', async t => {
  const bench = await growingEngine(t)
  await chained(bench)
  assert.equal(await chainCheck(bench, 1), undefined)
  assert.deepEqual(await chainCheck(bench, 4), { name: 'chain', status: 'pass', reason: 'depends on 3 other backups' })
})

test('an increment on a damaged or missing backup is not valid, and is valid again with it', async t => {
  const bench = await growingEngine(t)
  const { engine, directory, deps } = bench
  await chained(bench)
  const path = join(directory, (await engine.backup(2)).key)
  const bytes = readFileSync(path)
  writeFileSync(path, Buffer.alloc(bytes.length))
  // Nothing has read that file since.
  assert.equal((await chainCheck(bench, 3))?.status, 'pass')
  assert.equal((await (await engine.verify(2)).result).verification.valid, false)
  assert.equal((await chainCheck(bench, 4))?.reason, 'it depends on backup 2, which is damaged')
  const { verification } = await engine.backup(4)
  assert.deepEqual([verification.status, verification.checks.find(({ name }) => name === 'checksum')?.status], [
    'invalid',
    'pass'
  ])
  rmSync(path)
  assert.equal((await chainCheck(bench, 2))?.status, 'pass')
  writeFileSync(path, bytes)
  for (const id of [2, 3, 4]) assert.equal((await (await engine.verify(id)).result).verification.valid, true)
  rmSync(path)
  assert.equal(
    (await chainCheck(bench, 3))?.reason,
    'it depends on backup 2: the object no longer exists'
  )
  await deps.catalog.backups.remove(2, deps.clock.now())
  const { key } = await engine.backup(2)
  assert.equal((await chainCheck(bench, 3))?.reason, `it depends on "${key}", which is missing`)
})

test('a link is looked for in each store that should have it, and one that cannot be asked is no damage', async t => {
  const far = await testOffsite(t, { far: {} })
  const bench = await growingEngine(t, { offsite: far.offsite })
  const { engine, directory } = bench
  await chained(bench)
  await (await engine.upload(1, {})).result
  rmSync(join(directory, (await engine.backup(1)).key))
  assert.equal((await chainCheck(bench, 3))?.status, 'pass')
  far.faults.fail('far.stat', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await rejectsWith('STORE_UNAVAILABLE', (await engine.verify(3)).result)
  assert.equal((await engine.backup(3)).verification.status, 'valid')
})
