import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { filesIn } from '../../support/engine/engine.ts'
import { needRoot } from '../../support/skip-without.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { bodyOf, never, noise } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOBODY = 65_534
const CHILD = join(import.meta.dirname, '../../support/processes/store-child.ts')

/**
 * What each call of the store comes to when another user makes it; undefined: that user cannot even read the checkout.
 */
function asNobody (t: TestContext, directory: string): Readonly<Record<string, string>> | undefined {
  const { stdout, stderr } = spawnSync(process.execPath, [CHILD, directory], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    env: {},
    encoding: 'utf8'
  })
  if (stdout !== '') return JSON.parse(stdout) as Record<string, string>
  t.skip(
    `another user cannot run the store from here: ${stderr.split('\n').find(line => line.includes('Error')) ?? stderr}`
  )
  return undefined
}

/** A mounted file system of its own, of one megabyte. */
function smallDisk (t: TestContext): string | undefined {
  // Before the directory's own removal, and hooks run in this order.
  const mounted: string[] = []
  t.after(() => {
    for (const path of mounted) spawnSync('umount', [path])
  })
  const directory = tempDir(t)
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], {
    encoding: 'utf8'
  })
  if (status !== 0) {
    t.skip(`a tmpfs cannot be mounted here: ${stderr}`)
    return undefined
  }
  mounted.push(directory)
  return directory
}

test('a directory of another user is STORE_UNAVAILABLE', t => {
  if (!needRoot(t)) return
  const home = tempDir(t)
  chmodSync(home, 0o755)
  const directory = join(home, 'backups')
  mkdirSync(directory, { mode: 0o700 })
  writeFileSync(join(directory, 'a'), 'one')
  const outcomes = asNobody(t, directory)
  if (outcomes === undefined) return
  assert.deepEqual(outcomes, {
    open: 'STORE_UNAVAILABLE',
    put: 'STORE_UNAVAILABLE',
    again: 'STORE_UNAVAILABLE',
    get: 'STORE_UNAVAILABLE',
    stat: 'STORE_UNAVAILABLE',
    list: 'STORE_UNAVAILABLE',
    remove: 'STORE_UNAVAILABLE',
    move: 'STORE_UNAVAILABLE'
  })
  assert.deepEqual(filesIn(directory), ['a'])
})

test('a directory that may only be read opens not, and gives what is in it', t => {
  if (!needRoot(t)) return
  const home = tempDir(t)
  chmodSync(home, 0o755)
  writeFileSync(join(home, 'a'), 'one', { mode: 0o644 })
  const outcomes = asNobody(t, home)
  if (outcomes === undefined) return
  assert.deepEqual(outcomes, {
    open: 'STORE_UNAVAILABLE',
    put: 'STORE_UNAVAILABLE',
    again: 'STORE_UNAVAILABLE',
    get: 'done',
    stat: 'done',
    list: 'done',
    remove: 'STORE_UNAVAILABLE',
    move: 'OBJECT_NOT_FOUND'
  })
})

test('the lost+found of a disk of its own, which only root may read, is no hindrance', t => {
  if (!needRoot(t)) return
  const home = tempDir(t)
  chownSync(home, NOBODY, NOBODY)
  writeFileSync(join(home, 'a'), 'one', { mode: 0o644 })
  mkdirSync(join(home, 'lost+found'), { mode: 0o700 })
  const outcomes = asNobody(t, home)
  if (outcomes === undefined) return
  assert.deepEqual([outcomes.open, outcomes.list, outcomes.put], ['done', 'done', 'done'])
})

for (const [what, facts] of [['of unknown size', {}], ['that replaces another', { replace: true }]] as const) {
  test(`a disk that fills up under a body ${what} is DISK_FULL, with nothing left and nothing older touched`, async t => {
    if (!needRoot(t)) return
    const directory = smallDisk(t)
    if (directory === undefined) return
    const store = localStore({ directory, instanceId: 'test', presence: ALONE, now: () => new Date(0) })
    await store.open(never)
    await store.put('a', bodyOf('one'), {}, never)
    const { free } = await store.space(never) ?? { free: 0 }
    assert.ok(free > 500_000 && free < 1_048_576)
    const body = bodyOf(noise(2_000_000))
    const error = await rejectsWith('DISK_FULL', store.put(what === 'of unknown size' ? 'b' : 'a', body, facts, never))
    assert.match(error.hint ?? '', /Free space/)
    assert.deepEqual(filesIn(directory), ['a'])
    assert.equal((await store.stat('a', never)).size, 3)
    assert.ok(body.destroyed)
    await store.put('c', bodyOf('after'), {}, never)
  })
}

test('on a file system without hard links objects are written and moved all the same, and never overwritten', t => {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    t.skip('"strace" is not installed here, and no file system without hard links can be had')
    return
  }
  const directory = tempDir(t)
  writeFileSync(join(directory, 'a'), 'one')
  const { stdout, stderr } = spawnSync('strace', [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=link,linkat',
    '-e',
    'inject=link,linkat:error=EPERM',
    process.execPath,
    CHILD,
    directory
  ], { encoding: 'utf8' })
  if (stdout === '') {
    t.skip(`no process may be traced here: ${stderr}`)
    return
  }
  assert.deepEqual(JSON.parse(stdout), {
    open: 'done',
    put: 'done',
    again: 'OBJECT_EXISTS',
    get: 'done',
    stat: 'done',
    list: 'done',
    remove: 'done',
    move: 'done'
  })
  assert.equal(readFileSync(join(directory, 'b'), 'utf8'), 'two')
  assert.deepEqual(filesIn(directory), ['b'])
})
