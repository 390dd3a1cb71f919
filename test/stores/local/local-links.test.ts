import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { LandingStore } from '../../../src/core/ports/store.ts'
import { LocalDisk } from '../../../src/stores/local/disk.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { withFolder, openFile, oddity } from '../../../src/stores/local/folder.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { bodyOf, never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Planted {
  readonly store: LandingStore
  readonly directory: string
  /** A folder outside the store, with a file "secret" in it. */
  readonly outside: string
}

async function plant (t: TestContext): Promise<Planted> {
  const home = tempDir(t)
  const [directory, outside] = [join(home, 'backups'), join(home, 'outside')]
  mkdirSync(outside)
  writeFileSync(join(outside, 'secret'), 'secret')
  const store = localStore({ directory, instanceId: 'mine', presence: ALONE, now: () => new Date() })
  await store.open(never)
  return { store, directory, outside }
}

async function listed (store: LandingStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list('', never)) keys.push(key)
  return keys
}

for (
  const [what, make] of [
    ['a symbolic link to a file', (at: string, outside: string) => {
      symlinkSync(join(outside, 'secret'), at)
    }],
    ['a symbolic link to nothing', (at: string, outside: string) => {
      symlinkSync(join(outside, 'nothing'), at)
    }],
    ['a symbolic link to a device', (at: string) => {
      symlinkSync('/dev/zero', at)
    }],
    ['a named pipe', (at: string) => {
      execFileSync('mkfifo', [at])
    }]
  ] as const
) {
  test(`${what} in the place of an object is never read, listed or moved, and is told of`, async t => {
    const { store, directory, outside } = await plant(t)
    make(join(directory, 'a.db'), outside)
    await rejectsWith('OBJECT_REFUSED', store.get('a.db', undefined, never))
    await rejectsWith('OBJECT_REFUSED', store.get('a.db', { start: 0, end: 3 }, never))
    await rejectsWith('OBJECT_REFUSED', store.stat('a.db', never))
    await rejectsWith('OBJECT_REFUSED', store.move('a.db', 'trash/a.db', never))
    await rejectsWith('OBJECT_REFUSED', store.file('a.db', never))
    await rejectsWith('OBJECT_EXISTS', store.put('a.db', bodyOf('one'), {}, never))
    assert.deepEqual(await listed(store), [])
    assert.deepEqual((await store.odd?.(never))?.map(({ key }) => key), ['a.db'])
    await store.put('a.db', bodyOf('one'), { replace: true }, never)
    assert.ok(lstatSync(join(directory, 'a.db')).isFile())
    assert.deepEqual([readFileSync(join(outside, 'secret'), 'utf8'), readdirSync(outside)], ['secret', ['secret']])
  })
}

test('to remove a symbolic link leaves what it leads to', async t => {
  const { store, directory, outside } = await plant(t)
  symlinkSync(join(outside, 'secret'), join(directory, 'a.db'))
  await store.remove('a.db', never)
  assert.deepEqual([readdirSync(directory), readdirSync(outside)], [[], ['secret']])
})

test('a folder that is a symbolic link is never used, and is told of', async t => {
  const { store, directory, outside } = await plant(t)
  await store.put('a.db', bodyOf('one'), {}, never)
  symlinkSync(outside, join(directory, 'trash'))
  writeFileSync(join(outside, '.holdfast-mine-1-00000000_x.tmp'), '')
  await rejectsWith('OBJECT_REFUSED', store.put('trash/a.db', bodyOf('one'), {}, never))
  await rejectsWith('OBJECT_REFUSED', store.get('trash/secret', undefined, never))
  await rejectsWith('OBJECT_REFUSED', store.stat('trash/secret', never))
  await rejectsWith('OBJECT_REFUSED', store.remove('trash/secret', never))
  await rejectsWith('OBJECT_REFUSED', store.move('a.db', 'trash/a.db', never))
  await rejectsWith('OBJECT_REFUSED', store.move('trash/secret', 'b.db', never))
  await rejectsWith('OBJECT_REFUSED', store.file('trash/secret', never))
  await store.open(never)
  assert.deepEqual(await listed(store), ['a.db'])
  assert.deepEqual((await store.odd?.(never))?.map(({ key }) => key), ['trash'])
  assert.deepEqual(readdirSync(outside), ['.holdfast-mine-1-00000000_x.tmp', 'secret'])
})

test('a folder that is exchanged for a symbolic link while it is used leads nowhere else', {
  skip: existsSync('/proc/self/fd') ? false : 'descriptors have no names here'
}, async t => {
  const { store, directory, outside } = await plant(t)
  await store.put('trash/secret', bodyOf('ours'), {}, never)
  const disk = new LocalDisk(directory)
  await withFolder({ directory, disk, parts: ['trash'] }, async folder => {
    renameSync(join(directory, 'trash'), join(directory, 'away'))
    symlinkSync(outside, join(directory, 'trash'))
    const handle = await openFile({ path: folder.at('secret'), disk, shown: 'secret', owner: 0 })
    assert.equal(await handle.readFile('utf8'), 'ours')
    await handle.close()
    unlinkSync(folder.at('secret'))
  })
  assert.deepEqual([readdirSync(outside), readdirSync(join(directory, 'away'))], [['secret'], []])
})

test('the directory itself may be a symbolic link, for whoever configured it chose that', async t => {
  const { directory, outside } = await plant(t)
  symlinkSync(directory, join(outside, 'link'))
  const store = localStore({
    directory: join(outside, 'link'),
    instanceId: 'mine',
    presence: ALONE,
    now: () => new Date()
  })
  await store.open(never)
  await store.put('trash/a.db', bodyOf('one'), {}, never)
  assert.equal((await store.stat('trash/a.db', never)).size, 3)
  assert.equal(readFileSync(join(directory, 'trash/a.db'), 'utf8'), 'one')
  assert.deepEqual(await listed(store), ['trash/a.db'])
})

test('a copy by hard links stays a backup, and a hard link to a file of another user is none', async t => {
  const { store, directory } = await plant(t)
  await store.put('a.db', bodyOf('one'), {}, never)
  linkSync(join(directory, 'a.db'), join(directory, 'b.db'))
  assert.deepEqual(await listed(store), ['a.db', 'b.db'])
  const found = lstatSync(join(directory, 'a.db'))
  assert.equal(oddity(found, found.uid), undefined)
  found.uid += 1
  assert.equal(oddity(found, found.uid - 1), 'a hard link to a file of another user')
  found.nlink = 1
  assert.equal(oddity(found, found.uid - 1), undefined)
})
