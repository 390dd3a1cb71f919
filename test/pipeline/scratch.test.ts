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

test('the work has the whole image in a private file, and the file is gone afterwards', async t => {
  const scratch = await opened(t)
  const bytes = noise(3_000_000)
  const result = await scratch.withFile(bodyOf(bytes), async path => {
    assert.ok(readFileSync(path).equals(bytes))
    assert.deepEqual([statSync(path).mode & 0o777, dirname(path)], [0o600, scratch.directory])
    return 'done'
  }, never)
  assert.equal(result, 'done')
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('an image that dies is the error, and the work is not begun', async t => {
  const scratch = await opened(t)
  const error = new BackupError('DECODE_FAILED', 'damaged')
  assert.equal(
    await rejection(
      scratch.withFile(brokenBody(noise(2_000_000), error), async () => assert.fail('it was begun'), never)
    ),
    error
  )
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('the error of the work comes through, and the file is gone', async t => {
  const scratch = await opened(t)
  const error = new Error('no child')
  assert.equal(
    await rejection(scratch.withFile(bodyOf('x'), async () => {
      throw error
    }, never)),
    error
  )
  assert.deepEqual(readdirSync(scratch.directory), [])
})

for (const during of ['image', 'work'] as const) {
  test(`an abort during the ${during} rejects with its reason, and the file is gone`, async t => {
    const scratch = await opened(t)
    const abort = new AbortController()
    const reason = new BackupError('CANCELLED', 'cancelled')
    const image = during === 'image' ? stalledBody('x') : bodyOf('x')
    const result = rejection(scratch.withFile(image, async () => {
      abort.abort(reason)
      throw new Error('an echo')
    }, abort.signal))
    if (during === 'image') {
      setImmediate(() => {
        abort.abort(reason)
      })
    }
    assert.equal(await result, reason)
    assert.deepEqual(readdirSync(scratch.directory), [])
  })
}

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
  const error = await rejectsWith('DISK_FULL', scratch.withFile(bodyOf(noise(3_000_000)), async () => {}, never))
  assert.match(error.hint ?? '', /SCRATCH_DIR/)
  assert.deepEqual(filesIn(directory), [])
})
