import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { LandingStore } from '../../../src/core/ports/store.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { filesIn } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { bodyOf, never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOW = new Date('2025-11-24T23:30:00.000Z')
const DAY = 86_400_000

function storeIn (directory: string): LandingStore {
  return localStore({ directory, instanceId: 'mine', presence: ALONE, now: () => NOW })
}

async function openedStore (t: TestContext): Promise<{ readonly store: LandingStore, readonly directory: string }> {
  const directory = join(tempDir(t), 'deep/down/backups')
  const store = storeIn(directory)
  await store.open(never)
  return { store, directory }
}

function mode (path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

test("directories are the owner's alone, and so are files", async t => {
  const { store, directory } = await openedStore(t)
  await store.put('trash/a.db', bodyOf('one'), {}, never)
  await store.put('b.db', bodyOf('one'), { replace: true }, never)
  assert.deepEqual([mode(directory), mode(join(directory, '..')), mode(join(directory, 'trash'))], [
    '700',
    '700',
    '700'
  ])
  assert.deepEqual([mode(join(directory, 'trash/a.db')), mode(join(directory, 'b.db'))], ['600', '600'])
})

test('a directory that is there keeps its mode', async t => {
  const directory = tempDir(t)
  chmodSync(directory, 0o750)
  await storeIn(directory).open(never)
  assert.deepEqual([mode(directory), readdirSync(directory)], ['750', []])
})

test('an object is a plain file below the directory', async t => {
  const { store, directory } = await openedStore(t)
  await store.put('trash/a.db', bodyOf('one'), {}, never)
  assert.equal(readFileSync(join(directory, 'trash/a.db'), 'utf8'), 'one')
  assert.deepEqual(
    [await store.file('trash/a.db', never), store.location('trash/a.db')],
    Array(2).fill(join(directory, 'trash/a.db'))
  )
})

test('open removes what this instance left half written, wherever it is, and nothing else', async t => {
  const { store, directory } = await openedStore(t)
  mkdirSync(join(directory, 'trash'))
  const kept = ['.holdfast-other-1.tmp', '.holdfast-mine-1.txt', 'mine.tmp', 'a.db', '.hidden']
  for (const name of [...kept, '.holdfast-mine-1.tmp', 'trash/.holdfast-mine-2.tmp']) {
    writeFileSync(join(directory, name), 'x')
  }
  for (const name of kept) utimesSync(join(directory, name), NOW, NOW)
  await store.open(never)
  assert.deepEqual(filesIn(directory), kept.toSorted())
})

test('open removes what another instance left half written once that is more than a day old', async t => {
  const { store, directory } = await openedStore(t)
  for (const [name, age] of [['old', DAY + 1000], ['young', DAY - 1000]] as const) {
    const path = join(directory, `.holdfast-other-${name}.tmp`)
    writeFileSync(path, 'x')
    utimesSync(path, NOW, new Date(NOW.getTime() - age))
  }
  await store.open(never)
  assert.deepEqual(filesIn(directory), ['.holdfast-other-young.tmp'])
})

for (const key of ['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/', '', '.', './a', 'a\0b', '..']) {
  test(`the key ${JSON.stringify(key)} is refused by every call`, async t => {
    const { store, directory } = await openedStore(t)
    await store.put('a', bodyOf('one'), {}, never)
    writeFileSync(join(directory, '../x'), 'not an object')
    await rejectsWith('OBJECT_NOT_FOUND', store.put(key, bodyOf('two'), { replace: true }, never))
    await rejectsWith('OBJECT_NOT_FOUND', store.get(key, undefined, never))
    await rejectsWith('OBJECT_NOT_FOUND', store.stat(key, never))
    await rejectsWith('OBJECT_NOT_FOUND', store.remove(key, never))
    await rejectsWith('OBJECT_NOT_FOUND', store.move(key, 'b', never))
    await rejectsWith('OBJECT_NOT_FOUND', store.move('a', key, never))
    await rejectsWith('OBJECT_NOT_FOUND', store.file(key, never))
    assert.equal(readFileSync(join(directory, '../x'), 'utf8'), 'not an object')
    assert.deepEqual(filesIn(directory), ['a'])
  })
}

test('a directory that has vanished is STORE_UNAVAILABLE for every call, and is not made again', async t => {
  const { store, directory } = await openedStore(t)
  await store.put('a', bodyOf('one'), {}, never)
  rmSync(directory, { recursive: true })
  await rejectsWith('STORE_UNAVAILABLE', store.put('b', bodyOf('two'), {}, never))
  await rejectsWith('STORE_UNAVAILABLE', store.get('a', undefined, never))
  await rejectsWith('STORE_UNAVAILABLE', store.stat('a', never))
  await rejectsWith('STORE_UNAVAILABLE', store.remove('a', never))
  await rejectsWith('STORE_UNAVAILABLE', store.move('a', 'b', never))
  await rejectsWith('STORE_UNAVAILABLE', store.space(never))
  await rejectsWith(
    'STORE_UNAVAILABLE',
    (async () => {
      for await (const { key } of store.list('', never)) assert.fail(key)
    })()
  )
  assert.equal(existsSync(directory), false)
})

test('a file where the directory belongs is STORE_UNAVAILABLE', async t => {
  const directory = join(tempDir(t), 'backups')
  writeFileSync(directory, '')
  const error = await rejectsWith('STORE_UNAVAILABLE', storeIn(directory).open(never))
  assert.match(error.message, /^the backup directory ".*" is not a directory$/)
})

test('a name that goes on below a file is an error and leaves nothing behind', async t => {
  const { store, directory } = await openedStore(t)
  await store.put('a', bodyOf('one'), {}, never)
  await rejectsWith('OBJECT_EXISTS', store.put('a/b', bodyOf('two'), {}, never))
  assert.deepEqual(filesIn(directory), ['a'])
})

test('a name that is too long for the file system is STORE_FAILED', async t => {
  const { store, directory } = await openedStore(t)
  await rejectsWith('STORE_FAILED', store.put('n'.repeat(300), bodyOf('one'), {}, never))
  assert.deepEqual(filesIn(directory), [])
})

test('hidden files and folders are not listed', async t => {
  const { store, directory } = await openedStore(t)
  writeFileSync(join(directory, '.nfs0001'), '')
  mkdirSync(join(directory, '.snapshot'))
  writeFileSync(join(directory, '.snapshot/a.manifest.json'), '')
  await store.put('folder/a', bodyOf('one'), {}, never)
  const found: string[] = []
  for await (const { key } of store.list('', never)) found.push(key)
  assert.deepEqual(found, ['folder/a'])
})

test('a folder that somebody replaces while it is listed is an error, and no short list', async t => {
  const { store, directory } = await openedStore(t)
  for (const key of ['a', 'b/1']) await store.put(key, bodyOf('one'), {}, never)
  await rejectsWith(
    'OBJECT_REFUSED',
    (async () => {
      for await (const { key } of store.list('', never)) {
        assert.equal(key, 'a')
        rmSync(join(directory, 'b'), { recursive: true })
        symlinkSync('b', join(directory, 'b'))
      }
    })()
  )
})

test('a move that a crash cut short between its two steps is finished by repeating it', async t => {
  const { store, directory } = await openedStore(t)
  await store.put('a', bodyOf('one'), {}, never)
  mkdirSync(join(directory, 'trash'))
  linkSync(join(directory, 'a'), join(directory, 'trash/a'))
  await store.move('a', 'trash/a', never)
  assert.deepEqual(filesIn(directory), ['trash/a'])
})

test('a disk that fails in the middle of a read is STORE_FAILED', {
  skip: process.platform === 'linux' ? false : 'needs /proc/self/mem, a file that cannot be read'
}, async () => {
  const body = await storeIn('/proc/self').get('mem', { start: 0, end: 10 }, never)
  await rejectsWith('STORE_FAILED', buffer(body))
})

test('a body of many megabytes is written whole', async t => {
  const { store, directory } = await openedStore(t)
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const { size } = await store.put('a', bodyOf(Buffer.concat(Array<Buffer>(70).fill(chunk)), chunk.length), {}, never)
  assert.deepEqual([size, statSync(join(directory, 'a')).size], [70 * chunk.length, 70 * chunk.length])
})
