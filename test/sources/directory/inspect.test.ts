import assert from 'node:assert/strict'
import { createReadStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import { directoryInspector } from '../../../src/sources/directory/inspect.ts'
import {
  backedUp,
  incrementOn,
  listOfTar,
  listText,
  storedDirectory,
  tarOf,
  type StoredDirectory
} from '../../support/sources/directory-backup.ts'
import { rawTar } from '../../support/sources/tar-member.ts'
import { never, noise, rejection } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const inspector = directoryInspector()

function tree (t: TestContext): string {
  const directory = tempDir(t)
  mkdirSync(join(directory, 'sub'))
  writeFileSync(join(directory, 'sub/one'), noise(3000))
  writeFileSync(join(directory, 'two'), 'two')
  symlinkSync('two', join(directory, 'link'))
  return directory
}

async function inspect ({ images, manifest }: Pick<StoredDirectory, 'images' | 'manifest'>): Promise<readonly Check[]> {
  return await inspector.inspect(images, manifest.facts, never)
}

function statuses (checks: readonly Check[]): Readonly<Record<string, string>> {
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]))
}

const WHOLE = { archive: 'pass', index: 'pass', contents: 'pass', counts: 'pass' }

test('a whole backup passes all levels, in their order, with what was found', async t => {
  const checks = await inspect(backedUp(t, tree(t)))
  assert.deepEqual(checks.map(({ name }) => name), inspector.checks.map(({ name }) => name))
  assert.deepEqual(checks.map(({ reason }) => reason), [
    '5 members, to the end',
    'entries in the archive: 5',
    '2 files, 3003 bytes',
    '2 files with 3003 bytes, 2 directories, 1 symbolic link, 0 hard links'
  ])
  assert.deepEqual(statuses(checks), WHOLE)
})

test('an increment is compared with its own archive; one in which nothing changed has none of the entries', async t => {
  const directory = tree(t)
  const full = backedUp(t, directory)
  writeFileSync(join(directory, 'two'), 'changed')
  const first = incrementOn(t, full.entries, directory)
  const second = incrementOn(t, first.entries, directory, 2)
  assert.deepEqual(statuses(await inspect(first)), WHOLE)
  assert.deepEqual(statuses(await inspect(second)), WHOLE)
})

test('a file whose content changed is named', async t => {
  const directory = tree(t)
  const tar = tarOf(directory)
  const entries = listOfTar(tar)
  const damaged = Buffer.from(tar)
  damaged[(entries.find(({ path }) => path.toString() === 'two')?.offset ?? 0) + 1] = 0
  const checks = await inspect(storedDirectory(t, { tar: damaged, entries }))
  assert.deepEqual(statuses(checks), { ...WHOLE, contents: 'fail' })
  assert.match(
    checks.find(({ name }) => name === 'contents')?.reason ?? '',
    /^the content of 1 file differs from the digest in the list: "two"$/
  )
})

test('entries that the archive does not have are named, and so is what their type or mode is instead', async t => {
  const directory = tree(t)
  const tar = tarOf(directory)
  const entries = listOfTar(tar)
  const extra = { ...entries.at(-1), path: Buffer.from('zzz') } as typeof entries[number]
  const missing = await inspect(storedDirectory(t, { tar, entries: [...entries, extra] }))
  assert.deepEqual(statuses(missing), { ...WHOLE, index: 'fail' })
  assert.match(missing[1]?.reason ?? '', /^the archive lacks 1 entry of its list: "zzz"$/)
  const moded = entries.map(entry => entry.type === 'directory' ? entry : { ...entry, mode: 0o777 })
  const changed = await inspect(storedDirectory(t, { tar, entries: moded }))
  assert.equal(statuses(changed).index, 'fail')
})

test('members that are superseded or in no list are passed over, and what was read again at the end counts', async t => {
  const members = [
    { name: './', type: '5' },
    { name: 'a', data: 'old' },
    { name: 'b', data: 'b' },
    { name: 'gone', data: 'gone' },
    { name: 'a', data: 'new' }
  ]
  const tar = rawTar(...members)
  const all = listOfTar(tar)
  const entries = [all[0], all[4], all[2]].map(entry => entry ?? assert.fail())
  const checks = await inspect(storedDirectory(t, { tar, entries }))
  assert.deepEqual(statuses(checks), WHOLE)
  assert.equal(checks[0]?.reason, '5 members, to the end, 2 of them not in the list')
})

test('an archive that was cut, and one that is none, fail where they end', async t => {
  const tar = tarOf(tree(t))
  const entries = listOfTar(tar)
  for (const cut of [tar.subarray(0, -10_240), tar.subarray(0, 700), Buffer.from('no archive'), Buffer.alloc(0)]) {
    const checks = await inspect(storedDirectory(t, { tar: cut, entries }))
    assert.deepEqual(statuses(checks), { archive: 'fail', index: 'skipped', contents: 'skipped', counts: 'pass' })
  }
})

test('a list that is damaged, is not the one of the facts, or counts something else fails', async t => {
  const tar = tarOf(tree(t))
  const entries = listOfTar(tar)
  const text = listText(entries)
  const torn = await inspect(storedDirectory(t, { tar, entries }, { list: text.subarray(0, -5) }))
  assert.deepEqual(statuses(torn), { archive: 'pass', index: 'fail', contents: 'skipped', counts: 'skipped' })
  const other = await inspect(storedDirectory(t, { tar, entries }, { listSha256: 'f'.repeat(64) }))
  assert.equal(statuses(other).index, 'fail')
  const counted = await inspect(storedDirectory(t, { tar, entries }, { files: 3 }))
  assert.deepEqual(statuses(counted), { ...WHOLE, counts: 'fail' })
  assert.match(counted[3]?.reason ?? '', /2 files instead of 3/)
  const foreign = await inspect(storedDirectory(t, { tar, entries }, { root: 'table' as never }))
  assert.equal(statuses(foreign).index, 'fail')
})

test('an archive without a manifest is read to its end', async t => {
  const { directory } = backedUp(t, tree(t))
  const images = { open: async () => createReadStream(join(directory, 'main')), file: async () => assert.fail() }
  const checks = await inspector.inspect(images, null, never)
  assert.deepEqual(statuses(checks), { archive: 'pass', index: 'skipped', contents: 'skipped', counts: 'skipped' })
})

test('what keeps it from reading is an error, and no finding', async t => {
  const backup = backedUp(t, tree(t))
  const failure = new BackupError('STORE_UNAVAILABLE', 'the network is down')
  const open = async (): Promise<never> => {
    throw failure
  }
  assert.equal(await rejection(inspect({ ...backup, images: { ...backup.images, open } })), failure)
})

test('what a backup lacks is a warning, and no damage', async t => {
  const tar = tarOf(tree(t))
  const names = (count: number, ...paths: string[]) => ({ count, paths })
  const checks = await inspect(storedDirectory(t, { tar, entries: listOfTar(tar) }, {
    unreadable: names(1, 'locked'),
    changed: names(5, 'a', 'b', 'c', 'd', 'e'),
    databases: names(1, 'app.db'),
    leftOut: names(1, 'socket (socket)')
  }))
  assert.deepEqual(statuses(checks), WHOLE)
  const counts = checks.find(({ name }) => name === 'counts')
  assert.equal(counts?.violations, 7)
  assert.match(
    counts.reason ?? '',
    /^could not be read and missing from the backup: 1 \("locked"\); changed .*: 5 \("a", "b", "c" and 2 more\); /
  )
  const whole = await inspect(
    storedDirectory(t, { tar, entries: listOfTar(tar) }, { leftOut: names(1, 'socket (socket)') })
  )
  assert.equal(whole.find(({ name }) => name === 'counts')?.violations, undefined)
})
