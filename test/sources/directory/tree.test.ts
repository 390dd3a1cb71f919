import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ListedEntry, TreeEntry } from '../../../src/core/restore/tree.ts'
import type { Entry } from '../../../src/sources/directory/entry.ts'
import { directoryTree } from '../../../src/sources/directory/tree.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { backedUp, listText, storedDirectory } from '../../support/sources/directory-backup.ts'
import { deepTempDir, makeOddTree, SPARSE_SIZE } from '../../support/sources/odd-tree.ts'
import { allOf, never } from '../../support/streams.ts'

test('lists what matches, in the order of the backup, page by page', async t => {
  const home = deepTempDir(t)
  const tree = join(home, 'tree')
  mkdirSync(tree)
  makeOddTree(tree)
  const { images } = backedUp(t, tree)
  const list = async (patterns: readonly string[], limit = 1000, after?: string) =>
    await directoryTree.list(images, { patterns, limit, after }, never)
  const all = await list([])
  assert.equal(all.next, null)
  assert.equal(all.entries[0]?.path, '.')
  const found = (path: string): TreeEntry => all.entries.find(one => one.path === path) ?? assert.fail(path)
  assert.deepEqual([found('a-b').modified.toISOString(), found('set').mode], ['1969-07-20T20:17:40.123Z', 0o4755])
  assert.deepEqual([found('sparse').size, found('sparse').sha256], [SPARSE_SIZE, null])
  assert.deepEqual([found('absolute').type, found('absolute').target], ['symlink', '/etc/passwd'])
  assert.deepEqual([found('payloads/2024/hard too').type, found('payloads/2024/hard too').target], ['hardlink', 'hard'])
  assert.equal(found('line\nbreak').pathBytes, null)
  assert.deepEqual(found(String.raw`caf\xe9`).pathBytes, Buffer.from([0x63, 0x61, 0x66, 0xe9]))
  assert.match(found('zero').sha256 ?? '', /^e3b0c442/)

  const paged: string[] = []
  let after: string | undefined
  do {
    const page = await list([], 7, after)
    assert.ok(page.entries.length <= 7)
    paged.push(...page.entries.map(({ path }) => path))
    after = page.next ?? undefined
  } while (after !== undefined)
  assert.deepEqual(paged, all.entries.map(({ path }) => path))
  const narrowed = await list(['payloads/2025', '**/x'])
  assert.deepEqual(narrowed.entries.map(({ path }) => path), [
    'a/x',
    'payloads/2025',
    'payloads/2025/11',
    'payloads/2025/11/one.json',
    'payloads/2025/11/two.json'
  ])
  assert.deepEqual(await list(['nothing']), { entries: [], next: null })
  await rejectsWith('VALIDATION_FAILED', list(['..']))
  for (const cursor of ['', '!', Buffer.from('../x').toString('base64url')]) {
    await rejectsWith('VALIDATION_FAILED', list([], 7, cursor))
  }
})

test('gives the whole list with the bytes of the paths, and the file of each hard link', async t => {
  const home = deepTempDir(t)
  const tree = join(home, 'tree')
  mkdirSync(tree)
  makeOddTree(tree)
  const { images, entries } = backedUp(t, tree)
  const listed = await allOf(directoryTree.entries(images, never))
  assert.deepEqual(listed.map(({ path }) => path), entries.map(({ path }) => path))
  const found = (path: string): ListedEntry =>
    listed.find(one => one.path.equals(Buffer.from(path, 'latin1'))) ?? assert.fail(path)
  assert.equal(found('caf\xe9').isUnreadable, false)
  assert.deepEqual(found('sparse').sha256, null)
  assert.match(found('zero').sha256 ?? '', /^e3b0c442/)
  const { type, original, sha256 } = found('payloads/2024/hard too')
  assert.deepEqual([type, original, sha256], ['hardlink', Buffer.from('hard'), null])
  assert.deepEqual([found('absolute').type, found('absolute').original], ['symlink', null])
})

test('the list names the files that could not be read', async t => {
  const home = deepTempDir(t)
  const { entries } = backedUp(t, home)
  const lost: Entry = { ...entries[0]!, path: Buffer.from('lost'), type: 'file', flags: ['unreadable'] }
  const { images } = storedDirectory(t, { tar: Buffer.alloc(1024), entries: [...entries, lost] })
  const listed = await allOf(directoryTree.entries(images, never))
  assert.deepEqual(listed.map(({ path, isUnreadable }) => [path.toString(), isUnreadable]), [['.', false], [
    'lost',
    true
  ]])
})

test('a list that is damaged is not shown, however far the page is from the damage', async t => {
  const home = deepTempDir(t)
  const backup = backedUp(t, home)
  const list = Buffer.concat([listText(backup.entries), Buffer.from('no json\n')])
  const damaged = storedDirectory(t, { tar: Buffer.alloc(1024), entries: backup.entries }, { list })
  await rejectsWith('BACKUP_INVALID', directoryTree.list(damaged.images, { patterns: [], limit: 1 }, never))
  await rejectsWith('BACKUP_INVALID', allOf(directoryTree.entries(damaged.images, never)))
})
