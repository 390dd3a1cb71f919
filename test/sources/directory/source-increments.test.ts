import assert from 'node:assert/strict'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Entry } from '../../../src/sources/directory/entry.ts'
import { never, noise } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { onTopOf, pathsOf, sourceAt, take, treeOf, type Taken } from './taken.ts'

const OLD = new Date('2020-01-01T00:00:00Z')

/** The entries whose content or metadata is in the archive of the increment. */
function storedIn ({ entries, details: { depth } }: Taken): readonly string[] {
  return pathsOf(entries.filter(entry => entry.in === depth))
}

/** As if the parent were made long after the last change: its list has no entry that was changed recently. */
function settled (taken: Taken): Taken {
  return {
    ...taken,
    list: Buffer.from(taken.list.toString().replaceAll(',"flags":["recent"]', '')),
    entries: taken.entries.map(({ flags, ...entry }) =>
      flags?.includes('changed') === true ? { ...entry, flags } : entry
    )
  }
}

function find (entries: readonly Entry[], path: string): Entry {
  return entries.find(entry => entry.path.toString() === path) ?? assert.fail(path)
}

test('an increment has what was changed since its parent, and lists everything', async t => {
  const root = treeOf(t, {
    same: noise(5000),
    content: 'a',
    mode: 'b',
    gone: 'c',
    'd/moved': 'd',
    'd/linked': 'e',
    'd/same': 'f'
  })
  symlinkSync('same', join(root, 'link'))
  const source = sourceAt(t, root)
  const full = settled(await take(source))
  writeFileSync(join(root, 'content'), 'B')
  chmodSync(join(root, 'mode'), 0o600)
  rmSync(join(root, 'gone'))
  renameSync(join(root, 'd/moved'), join(root, 'moved'))
  linkSync(join(root, 'd/linked'), join(root, 'linked'))
  writeFileSync(join(root, 'new'), 'n')
  mkdirSync(join(root, 'empty'))
  const increment = await take(source, onTopOf(full))
  assert.deepEqual(pathsOf(increment.entries), [
    '.',
    'content',
    'd',
    'd/linked',
    'd/same',
    'empty',
    'link',
    'linked',
    'mode',
    'moved',
    'new',
    'same'
  ])
  assert.deepEqual(storedIn(increment), ['.', 'content', 'd', 'd/linked', 'empty', 'linked', 'mode', 'moved', 'new'])
  const { outcome: { link }, details } = increment
  assert.deepEqual(find(increment.entries, 'same'), find(full.entries, 'same'))
  assert.ok(increment.archive.length < full.archive.length)
  const first = full.outcome.link!
  assert.deepEqual([link?.chain, link?.lineage, link?.depth, link?.parent?.name], [
    first.chain,
    first.lineage,
    1,
    'parent.tar'
  ])
  assert.equal(link?.from, link?.to)
  assert.ok(link!.to > first.to)
  assert.equal(details.depth, 1)
})

test('content whose time of modification and size are as before is in the increment', async t => {
  const root = treeOf(t, { a: 'first' })
  utimesSync(join(root, 'a'), OLD, OLD)
  const source = sourceAt(t, root)
  const full = settled(await take(source))
  const before = lstatSync(join(root, 'a')).ctimeMs
  while (lstatSync(join(root, 'a')).ctimeMs === before) {
    writeFileSync(join(root, 'a'), 'again')
    utimesSync(join(root, 'a'), OLD, OLD)
  }
  assert.ok(storedIn(await take(source, onTopOf(full))).includes('a'))
})

test('a file that was changed just before its backup is in the next increment, whatever its times', async t => {
  const root = treeOf(t, { a: 'first' })
  const source = sourceAt(t, root, { tar: 'tar' })
  writeFileSync(join(root, 'a'), 'second')
  const full = await take(source)
  const recent = find(full.entries, 'a').flags?.includes('recent') === true
  const increment = await take(source, onTopOf(full))
  assert.equal(storedIn(increment).includes('a'), recent)
})

test('nothing changed: the archive is empty, the list is whole, and further increments go on from it', async t => {
  const root = treeOf(t, { a: noise(4000), 'b/c': 'x' })
  const source = sourceAt(t, root)
  const full = settled(await take(source))
  const first = await take(source, onTopOf(full))
  assert.deepEqual([first.archive.length, storedIn(first)], [1024, []])
  assert.deepEqual(first.entries, full.entries)
  writeFileSync(join(root, 'b/c'), 'y')
  const second = await take(source, onTopOf(first))
  assert.deepEqual(storedIn(second), ['b/c'])
  assert.equal(second.outcome.link?.depth, 2)
  assert.equal(find(second.entries, 'a').in, 0)
})

test('one changed file among more unchanged ones than wait for their place has its place in the list', async t => {
  const root = treeOf(
    t,
    Object.fromEntries(Array.from({ length: 21_000 }, (_, i) => [`f${String(i).padStart(6, '0')}`, '']))
  )
  const source = sourceAt(t, root)
  const full = settled(await take(source))
  writeFileSync(join(root, 'f000003'), 'changed')
  const increment = await take(source, onTopOf(full))
  assert.deepEqual(storedIn(increment), ['f000003'])
  assert.deepEqual(pathsOf(increment.entries), pathsOf(full.entries))
})

test('names that are excluded from now on are not in the increment, and those that no longer are, are', async t => {
  const root = treeOf(t, { a: '1', b: '2' })
  const scratchDir = tempDir(t)
  const full = settled(await take(sourceAt(t, root, { exclude: 'b', scratchDir })))
  const increment = await take(sourceAt(t, root, { exclude: 'a', scratchDir }), onTopOf(full))
  assert.deepEqual([pathsOf(increment.entries), storedIn(increment)], [['.', 'b'], ['b']])
})

test('no increment is built on a backup of something else, or without attributes that are wanted now', async t => {
  const root = treeOf(t, { a: '1' })
  const { parent } = onTopOf(await take(sourceAt(t, root)))
  const { signal } = new AbortController()
  assert.ok(parent !== null)
  assert.equal(await sourceAt(t, root).obstacle?.(parent, signal), null)
  assert.match(await sourceAt(t, root, { xattrs: true }).obstacle?.(parent, signal) ?? '', /extended attributes/)
  assert.match(await sourceAt(t, join(root, 'a')).obstacle?.(parent, signal) ?? '', /file/)
  assert.match(await sourceAt(t, root).obstacle?.({ ...parent, link: null }, signal) ?? '', /list/)
  const facts = { ...parent.facts, details: {} }
  assert.match(await sourceAt(t, root).obstacle?.({ ...parent, facts }, signal) ?? '', /list/)
})

test('the source is probed once before an increment, and again before the next one', async t => {
  const root = treeOf(t, { a: 'a' })
  const programs = tempDir(t)
  const [log, tar] = [join(programs, 'log'), join(programs, 'tar')]
  writeFileSync(tar, `#!/bin/sh\n[ "$1" != --version ] || echo probe >> '${log}'\nexec tar "$@"\n`, { mode: 0o755 })
  const probes = (): number => readFileSync(log, 'utf8').split('\n').length - 1
  const source = sourceAt(t, root, { tar })
  const request = onTopOf(settled(await take(source)))
  const { parent } = request
  assert.ok(parent !== null)
  writeFileSync(log, '')
  assert.equal(await source.obstacle?.(parent, never), null)
  await source.probe(request, never)
  assert.equal(probes(), 1)
  await source.probe(request, never)
  assert.equal(probes(), 2)
})
