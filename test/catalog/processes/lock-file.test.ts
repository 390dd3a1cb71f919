import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isForbidden, isLocked, lockFile } from '../../../src/catalog/processes/lock-file.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a lock is held until it is released, which may be done twice', async t => {
  const path = join(tempDir(t), 'lock')
  const lock = await lockFile(path)
  assert.ok(lock !== undefined)
  assert.equal(isLocked(path), true)
  assert.equal(await lockFile(path), undefined)
  lock.release()
  lock.release()
  assert.equal(isLocked(path), false)
  const again = await lockFile(path)
  assert.ok(again !== undefined)
  again.release()
})

test('a lock brings no second file along', async t => {
  const home = tempDir(t)
  const lock = await lockFile(join(home, 'lock'))
  assert.deepEqual(readdirSync(home), ['lock'])
  lock?.release()
})

test('whether a path that is no file is locked cannot be told, and that is told apart', t => {
  const path = join(tempDir(t), 'directory')
  mkdirSync(path)
  assert.throws(() => isLocked(path), error => isForbidden(error))
  assert.equal(isForbidden(new Error('another')), false)
})
