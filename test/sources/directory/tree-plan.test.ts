import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../../src/sources/directory/entry.ts'
import { parseGlob } from '../../../src/sources/directory/glob.ts'
import { planTree, type TreePlan } from '../../../src/sources/directory/tree-plan.ts'

const BASE = { size: 0, mtime: '0', ctime: '0', mode: 0o644, uid: 0, gid: 0, dev: '1', ino: '1', in: 0 } as const
const FILE = { ...BASE, type: 'file', sha256: 'a'.repeat(64), offset: 0 } as const

async function* listed (entries: readonly Entry[]): AsyncGenerator<Entry, void> {
  yield* entries
}

async function plan (entries: readonly Entry[], only: readonly string[] | null = null): Promise<TreePlan> {
  return await planTree(() => listed(entries), 1, only?.map(parseGlob) ?? null)
}

const ENTRIES: readonly Entry[] = [
  { ...BASE, path: Buffer.from('.'), type: 'directory' },
  { ...FILE, path: Buffer.from('a'), size: 3, stored: 3 },
  { ...BASE, path: Buffer.from('lost'), type: 'file', size: 9, flags: ['unreadable'] },
  { ...BASE, path: Buffer.from('name of lost'), type: 'hardlink', target: Buffer.from('lost') },
  { ...BASE, path: Buffer.from('sub'), type: 'directory', in: 1 },
  { ...FILE, path: Buffer.from('sub/b'), size: 5, stored: 5, in: 1 }
]

test('what is extracted is counted by the link of the chain that has it', async () => {
  const { links, total, single, isSelection } = await plan(ENTRIES)
  assert.deepEqual([...links], [[0, { entries: 2, files: 1, bytes: 3 }], [1, { entries: 2, files: 1, bytes: 5 }]])
  assert.deepEqual([total, single, isSelection], [{ entries: 4, files: 2, bytes: 8 }, null, false])
})

test('with patterns, links that have nothing of it are not needed', async () => {
  const { links, isSelection } = await plan(ENTRIES, ['a'])
  assert.deepEqual([[...links], isSelection], [[[0, { entries: 2, files: 1, bytes: 3 }]], true])
  const below = await plan(ENTRIES, ['sub/*'])
  assert.deepEqual([...below.links], [
    [0, { entries: 1, files: 0, bytes: 0 }],
    [1, { entries: 2, files: 1, bytes: 5 }]
  ])
})

test('files that could not be read, and hard links to them, are not extracted, and are named', async () => {
  const { unreadable, wanted } = await plan(ENTRIES)
  assert.deepEqual(unreadable, { count: 2, paths: ['lost', 'name of lost'] })
  assert.deepEqual(ENTRIES.filter(entry => wanted(entry) === undefined).length, 2)
  assert.deepEqual((await plan(ENTRIES, ['a'])).unreadable, { count: 0, paths: [] })
})

test('a list is read once, with patterns twice, and each entry is looked at once', async () => {
  for (const [only, reads] of [[null, 1], [['a'], 2]] as const) {
    let opened = 0
    const openList = (): AsyncGenerator<Entry, void> => {
      opened++
      return listed(ENTRIES)
    }
    const seen: Entry[] = []
    await planTree(openList, 1, only?.map(parseGlob) ?? null, entry => {
      seen.push(entry)
    })
    assert.deepEqual([opened, seen], [reads, ENTRIES])
  }
})
