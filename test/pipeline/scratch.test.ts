import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { scratchDirectory, type Scratch } from '../../src/pipeline/scratch.ts'
import { ALONE } from '../support/catalog/catalog.ts'
import { filesIn } from '../support/engine/engine.ts'
import { needRoot } from '../support/skip-without.ts'
import { rejectsWith } from '../support/rejects.ts'
import { bodyOf, brokenBody, never, noise, rejection, stalledBody } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

async function opened (t: TestContext): Promise<Scratch> {
  const scratch = scratchDirectory(join(tempDir(t), 'data/scratch'), ALONE)
  await scratch.open()
  return scratch
}

test('open makes the directory for the owner alone', async t => {
  const { directory } = await opened(t)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
})

test('open removes the folders of processes that are gone, and nothing else', async t => {
  const base = join(tempDir(t), 'scratch')
  const scratch = scratchDirectory(base, {
    id: '1-00000001',
    isAlive: id => id === '1-00000001' || id === '2-00000002'
  })
  await scratch.open()
  for (const name of ['2-00000002', '3-00000003', 'pictures']) {
    mkdirSync(join(base, name))
    writeFileSync(join(base, name, 'image.plain'), '')
  }
  writeFileSync(join(scratch.directory, 'image.plain'), '')
  await scratch.open()
  assert.deepEqual(filesIn(base), ['1-00000001/image.plain', '2-00000002/image.plain', 'pictures/image.plain'])
})

test('close removes the folder of the process', async t => {
  const scratch = await opened(t)
  await scratch.close()
  assert.deepEqual(readdirSync(dirname(scratch.directory)), [])
})

test('the whole image is in a private file until that is removed, also twice', async t => {
  const scratch = await opened(t)
  const bytes = noise(3_000_000)
  const { path, remove } = await scratch.file(bodyOf(bytes), never)
  assert.ok(readFileSync(path).equals(bytes))
  assert.deepEqual([statSync(path).mode & 0o777, dirname(path)], [0o600, scratch.directory])
  await remove()
  await remove()
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('an image that dies is the error, and no file stays', async t => {
  const scratch = await opened(t)
  const error = new BackupError('DECODE_FAILED', 'damaged')
  assert.equal(await rejection(scratch.file(brokenBody(noise(2_000_000), error), never)), error)
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('an abort rejects with its reason, and no file stays', async t => {
  const scratch = await opened(t)
  const abort = new AbortController()
  const reason = new BackupError('CANCELLED', 'cancelled')
  const result = rejection(scratch.file(stalledBody('x'), abort.signal))
  setImmediate(() => {
    abort.abort(reason)
  })
  assert.equal(await result, reason)
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('space is that of the disk, and a directory shares the disk with what is beside it', async t => {
  const scratch = await opened(t)
  const { free, total } = await scratch.space()
  assert.ok(free > 0 && free < total)
  assert.equal(await scratch.sharesDiskWith(dirname(scratch.directory)), true)
  assert.equal(await scratch.sharesDiskWith('/proc'), false)
})

test('a disk that fills up is DISK_FULL with the remedy, and the file is gone', async t => {
  if (!needRoot(t)) return
  const mounted: string[] = []
  t.after(() => {
    for (const path of mounted) spawnSync('umount', [path])
  })
  const directory = tempDir(t)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]).status !== 0) {
    t.skip('a tmpfs cannot be mounted here')
    return
  }
  mounted.push(directory)
  const scratch = scratchDirectory(directory, ALONE)
  await scratch.open()
  const error = await rejectsWith('DISK_FULL', scratch.file(bodyOf(noise(3_000_000)), never))
  assert.match(error.hint ?? '', /SCRATCH_DIR/)
  assert.deepEqual(filesIn(directory), [])
})
