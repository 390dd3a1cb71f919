import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { entryLine, FILES_HEADER, type Entry } from '../../../src/sources/directory/entry.ts'
import type { ListedLine } from '../../../src/sources/directory/listed-line.ts'
import { ParentList } from '../../../src/sources/directory/parent-list.ts'
import { SILENT, walk, type Found } from '../../../src/sources/directory/walk.ts'
import { tempDir } from '../../support/temp-dir.ts'

function entry (name: string): Entry {
  const numbers = { mtime: '1', ctime: '2', mode: 0o644, uid: 0, gid: 0, dev: '3', ino: '4' }
  const content = { sha256: 'a'.repeat(64), offset: 512, stored: 5 }
  return { path: Buffer.from(name), type: 'file', size: 5, ...numbers, ...content, in: 0 }
}

test('the entries of a list are found in its order, over the borders of what is read at once; others are not', async t => {
  const path = join(tempDir(t), 'list')
  const names = Array.from({ length: 3000 }, (_, i) => `file-${String(2 * i).padStart(6, '0')}`)
  writeFileSync(path, FILES_HEADER + names.map(name => entryLine(entry(name))).join(''))
  const list = new ParentList(path)
  let promises = 0
  for (let i = 0; i < 6100; i += 1 + i % 3) {
    const found = list.find(Buffer.from(`file-${String(i).padStart(6, '0')}`))
    if (found instanceof Promise) promises++
    const { path } = await found ?? {}
    assert.equal(path?.toString(), i % 2 === 0 && i < 6000 ? names[i / 2] : undefined, String(i))
  }
  assert.ok(promises > 2 && promises < 50, `${promises} promises`)
})

test('without a parent nothing is found', () => {
  assert.equal(new ParentList(null).find(Buffer.from('a')), undefined)
})

/** The files of a directory, as a walk finds them. */
function filesIn (directory: string): readonly Found[] {
  const options = { top: Buffer.from('.'), base: Buffer.from(directory), isExcluded: () => false, oneFileSystem: false }
  return [...walk({ ...options, report: SILENT })].filter(({ type }) => type === 'file')
}

function entryOfFound ({ path, stats }: Found): Entry {
  const { size, mtimeNs, ctimeNs, mode, uid, gid, dev, ino } = stats
  return {
    path,
    type: 'file',
    size: Number(size),
    mtime: String(mtimeNs),
    ctime: String(ctimeNs),
    mode: Number(mode & 0o7777n),
    uid: Number(uid),
    gid: Number(gid),
    dev: String(dev),
    ino: String(ino),
    sha256: 'a'.repeat(64),
    offset: 512,
    stored: Number(size),
    in: 0
  }
}

function listOf (entries: readonly Entry[], directory: string): ParentList {
  const path = join(directory, 'list')
  writeFileSync(path, FILES_HEADER + entries.map(entryLine).join(''))
  return new ParentList(path)
}

const NAMES = ['a "quoted" name', 'b\n', 'c\\', 'dé', 'e\u2028', 'f', 'g']

function treeOf (t: Parameters<typeof tempDir>[0]): { readonly directory: string, readonly found: readonly Found[] } {
  const directory = tempDir(t)
  const tree = join(directory, 'tree')
  mkdirSync(tree)
  for (const name of NAMES) writeFileSync(join(tree, name), name)
  return { directory, found: filesIn(tree) }
}

/** As the reader of a tree asks. */
async function asked (list: ParentList, found: Found): Promise<ListedLine | Entry | undefined> {
  return list.unchanged(found) ?? await list.find(found.path)
}

test('the lines of unchanged files are given as they are, whatever their names', async t => {
  const { directory, found } = treeOf(t)
  const list = listOf(found.map(entryOfFound), directory)
  // Nothing of the list is there before the first look for an entry.
  assert.equal(await list.find(Buffer.from('.')), undefined)
  for (const one of found) {
    const expected = { line: entryLine(entryOfFound(one)), size: Number(one.stats.size) }
    assert.deepEqual(list.unchanged(one), expected, String(one.path))
  }
  assert.equal(await list.find(Buffer.from('z')), undefined)
})

test('files that were removed since are passed over, and new ones are in no list', async t => {
  const { directory, found } = treeOf(t)
  const list = listOf(found.filter((_, index) => index !== 3).map(entryOfFound), directory)
  rmSync(join(directory, 'tree', NAMES[0]!))
  const results = []
  for (const one of filesIn(join(directory, 'tree'))) results.push(await asked(list, one))
  const kinds = results.map(one => one === undefined ? 'new' : 'line' in one ? 'line' : 'entry')
  // The first look reads the list, and the one after a removed or a new name knows the entry.
  assert.deepEqual(kinds, ['entry', 'line', 'new', 'line', 'line', 'line'])
})

const CHANGES: Readonly<Record<string, Partial<Entry>>> = {
  size: { size: 1000 },
  mtime: { mtime: '5' },
  ctime: { ctime: '5' },
  mode: { mode: 0o7777 },
  uid: { uid: 4_000_000 },
  gid: { gid: 4_000_000 },
  dev: { dev: '1' },
  ino: { ino: '1' },
  flags: { flags: ['recent'] }
}

for (const [name, change] of Object.entries(CHANGES)) {
  test(`a line with another ${name} is left to a look at its fields`, async t => {
    const { directory, found: [first] } = treeOf(t)
    assert.ok(first !== undefined)
    const parent = { ...entryOfFound(first), ...change }
    const list = listOf([parent], directory)
    assert.equal(await list.find(Buffer.from('.')), undefined)
    assert.equal(list.unchanged(first), undefined)
    assert.deepEqual(await list.find(first.path), parent)
  })
}

test('a line that is not written as the format has it is left to a look at its fields', async t => {
  const { directory, found: [first] } = treeOf(t)
  assert.ok(first !== undefined)
  const path = join(directory, 'list')
  const root: Entry = { ...entry('.'), type: 'directory', size: 0 }
  const head = FILES_HEADER + entryLine(root)
  for (const [before, after] of [['"in":0', '"in":-1'], ['aaaa"', 'aaa"'], ['"stored":', '"stored":x']] as const) {
    writeFileSync(path, head + entryLine(entryOfFound(first)).replace(before, after))
    const list = new ParentList(path)
    assert.equal((await list.find(Buffer.from('.')))?.type, 'directory')
    assert.equal(list.unchanged(first), undefined)
    assert.throws(() => list.find(first.path), /line 3 of the list of files/)
  }
})
