import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, linkSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { rejectsWith } from '../../support/rejects.ts'
import { FULL } from '../../support/sources/images.ts'
import { noise } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { extracted, pathsOf, sourceAt, take, treeOf } from './taken.ts'

/** A tar that runs a command before it begins or after its archive is written; `$RUN` counts its runs from 1. */
function tarThat (
  t: TestContext,
  { before = '', after = '' }: { readonly before?: string, readonly after?: string }
): string {
  const directory = tempDir(t)
  const program = join(directory, 'tar')
  writeFileSync(
    program,
    `#!/bin/sh
if [ "$1" = --version ]; then exec tar --version; fi
echo >> ${directory}/runs
RUN=$(wc -l < ${directory}/runs)
LIST=${directory}/list
cat > $LIST
${before}
tar "$@" < $LIST
CODE=$?
${after}
exit $CODE
`,
    { mode: 0o755 }
  )
  return program
}

test('a file that is changed while it is read is read again, and the backup has its last content', async t => {
  const root = treeOf(t, { a: 'first', b: 'other', c: noise(1000) })
  const tar = tarThat(t, { before: `[ $RUN = 1 ] && printf second > ${root}/a` })
  const { archive, entries, details } = await take(sourceAt(t, root, { tar }))
  assert.deepEqual(pathsOf(entries), ['.', 'a', 'b', 'c'])
  const a = entries[1]!
  assert.equal(archive.toString('latin1', a.offset, a.offset! + a.stored!), 'second')
  assert.ok(a.offset! > entries[3]!.offset!, 'the second reading comes after everything else')
  assert.equal(readFileSync(join(extracted(t, archive), 'a'), 'utf8'), 'second')
  assert.deepEqual(details.changed, { count: 0, paths: [] })
})

test('all names of such a file are read again together, and are one file for every reader', async t => {
  const root = treeOf(t, { a: 'first', z: 'other' })
  linkSync(join(root, 'a'), join(root, 'b'))
  const tar = tarThat(t, { before: `[ $RUN = 1 ] && printf second > ${root}/a` })
  const { archive, entries } = await take(sourceAt(t, root, { tar }))
  assert.deepEqual(entries.map(({ type }) => type), ['directory', 'file', 'hardlink', 'file'])
  const back = extracted(t, archive)
  assert.deepEqual([readFileSync(join(back, 'a'), 'utf8'), readFileSync(join(back, 'b'), 'utf8')], ['second', 'second'])
})

test('content that got its old time and size back is found by the time of its last change', async t => {
  const root = treeOf(t, { a: 'first' })
  const tar = tarThat(t, {
    before:
      `[ $RUN = 1 ] && { touch -r ${root}/a ${root}/../mark; printf again > ${root}/a; touch -r ${root}/../mark ${root}/a; rm ${root}/../mark; }`
  })
  const { archive, entries } = await take(sourceAt(t, root, { tar }))
  const a = entries[1]!
  assert.equal(archive.toString('latin1', a.offset, a.offset! + 5), 'again')
  assert.ok(a.offset! > 4096, 'it was read once')
})

test('a file that changes at each reading is kept as it was read last, and named; or fails the backup', async t => {
  const root = treeOf(t, { busy: 'x', still: 'y' })
  const tar = tarThat(t, { before: `printf "$RUN" >> ${root}/busy` })
  const { archive, entries, details, outcome } = await take(sourceAt(t, root, { tar }))
  const busy = entries[1]!
  assert.deepEqual(busy.flags?.slice(0, 1), ['changed'])
  assert.equal(archive.toString('latin1', busy.offset, busy.offset! + busy.stored!), 'x123')
  assert.deepEqual([details.changed, outcome.facts.properties.changedWhileRead], [{ count: 1, paths: ['busy'] }, 1])
  const error = await rejectsWith('SOURCE_CHANGED', take(sourceAt(t, root, { tar, onChange: 'fail' })))
  assert.match(error.message, /1 file .*"busy"/)
})

test('what is removed during the backup is not in it, and is no fault', async t => {
  const root = treeOf(t, { a: '1', 'd/b': '2', 'd/c': '3', e: '4' })
  const tar = tarThat(t, { before: `rm -r ${root}/a ${root}/d` })
  const { archive, entries, details } = await take(sourceAt(t, root, { tar }))
  assert.deepEqual(pathsOf(entries), ['.', 'e'])
  assert.equal(details.vanished, 4)
  assert.equal(readFileSync(join(extracted(t, archive), 'e'), 'utf8'), '4')
})

test('a file that becomes something else meanwhile is not in the list', async t => {
  const root = treeOf(t, { a: '1', b: '2', c: '3' })
  const tar = tarThat(t, {
    before: `[ $RUN = 1 ] && { rm ${root}/a ${root}/b; mkfifo ${root}/a; mkdir ${root}/b; }`
  })
  const { entries, details } = await take(sourceAt(t, root, { tar }))
  assert.deepEqual(pathsOf(entries), ['.', 'c'])
  assert.deepEqual([details.leftOut.paths, details.vanished], [['a (FIFO)'], 1])
})

test('a directory that becomes a symbolic link while files in it are read fails the backup', async t => {
  const outside = treeOf(t, { a: 'secret' })
  const root = treeOf(t, { 'd/a': '1', e: '2' })
  const tar = tarThat(t, { before: `[ $RUN = 1 ] && { mv ${root}/d ${root}/old; ln -s ${outside} ${root}/d; }` })
  const { message } = await rejectsWith('SOURCE_CHANGED', take(sourceAt(t, root, { tar })))
  assert.match(message, /the directory "d" .* was replaced by a link/)
})

test('what was read through a symbolic link that is gone again is read again, also if its size and time are the same', async t => {
  const outside = treeOf(t, { 'deep/a': 'secret' })
  const root = treeOf(t, { 'd/deep/a': 'inside', 'd/deep/gone': '1', e: '2' })
  for (const path of [join(outside, 'deep/a'), join(root, 'd/deep/a')]) utimesSync(path, 1_700_000_000, 1_700_000_000)
  // Both directories whose time shows it are changed by other names as well.
  const tar = tarThat(t, {
    before: `if [ $RUN = 1 ]; then
      touch ${root}/new; rm ${root}/d/deep/gone
      mv ${root}/d ${root}/old; ln -s ${outside} ${root}/d
      tar "$@" < $LIST > $LIST.tar
      rm ${root}/d; mv ${root}/old ${root}/d
      cat $LIST.tar; exit 0
    fi`
  })
  const { archive, entries } = await take(sourceAt(t, root, { tar }))
  const a = entries.find(({ path }) => path.toString() === 'd/deep/a') ?? assert.fail()
  assert.equal(archive.toString('latin1', a.offset, a.offset! + a.stored!), 'inside')
  assert.deepEqual(entries.map(({ path, type }) => `${path.toString()} ${type}`), [
    '. directory',
    'd directory',
    'd/deep directory',
    'd/deep/a file',
    'e file'
  ])
})

test('a file that can never be proven to come from its directory is unreadable', async t => {
  const outside = treeOf(t, { a: 'secret' })
  const root = treeOf(t, { 'd/a': 'inside', e: '2' })
  for (const path of [join(outside, 'a'), join(root, 'd/a')]) utimesSync(path, 1_700_000_000, 1_700_000_000)
  const tar = tarThat(t, {
    before: `mv ${root}/d ${root}/old; ln -s ${outside} ${root}/d
      tar "$@" < $LIST > $LIST.tar
      rm ${root}/d; mv ${root}/old ${root}/d
      cat $LIST.tar; exit 0`
  })
  const { message } = await rejectsWith('SOURCE_UNREADABLE', take(sourceAt(t, root, { tar })))
  assert.match(message, /"d\/a"/)
})

test('files that tar cannot open fail the backup; or are listed without content', async t => {
  const root = treeOf(t, { a: '1', b: '2', 'd/c': '3', 'd/e': '4' })
  // For root no mode makes a file unreadable.
  const tar = tarThat(t, {
    before: "tr '\\0' '\\n' < $LIST | grep -v -e '^b$' -e e | tr '\\n' '\\0' > $LIST.new; mv $LIST.new $LIST"
  })
  const error = await rejectsWith('SOURCE_UNREADABLE', take(sourceAt(t, root, { tar })))
  assert.match(error.message, /cannot be read: "b"/)
  assert.match(error.hint ?? '', /onUnreadable: report/)
  const { entries, details } = await take(sourceAt(t, root, { tar, onUnreadable: 'report' }))
  assert.deepEqual(pathsOf(entries), ['.', 'a', 'b', 'd', 'd/c', 'd/e'])
  assert.deepEqual(
    entries.filter(({ flags }) => flags?.includes('unreadable')).map(({ path, sha256, offset }) => [
      path.toString(),
      sha256,
      offset
    ]),
    [['b', undefined, undefined], ['d/e', undefined, undefined]]
  )
  assert.deepEqual(details.unreadable, { count: 2, paths: ['b', 'd/e'] })
})

test('a file of which the disk returned a part alone has no content in the backup, and neither has its hard link', async t => {
  const root = treeOf(t, { 'a:\n1': 'zeros', c: '3' })
  linkSync(join(root, 'a:\n1'), join(root, 'b'))
  const message = 'tar: a\\\\:\\\\n1: Warning: Read error at byte 0, while reading 5 bytes: Input/output error'
  const tar = tarThat(t, { after: `printf '${message}\\n' >&2` })
  const error = await rejectsWith('SOURCE_UNREADABLE', take(sourceAt(t, root, { tar })))
  assert.match(error.message, /"a:\\x0a1"/)
  const { entries, details } = await take(sourceAt(t, root, { tar, onUnreadable: 'report' }))
  assert.deepEqual(entries.map(({ path, flags = [] }) => [path.toString(), flags.includes('unreadable')]), [
    ['.', false],
    ['a:\n1', true],
    ['b', true],
    ['c', false]
  ])
  assert.equal(details.unreadable.count, 1)
})

test('another writer at full speed: each file has its content of one moment, or is named as changed', async t => {
  const root = treeOf(t, Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, '0'.repeat(5000)])))
  let round = 0
  const { archive, entries } = await take(sourceAt(t, root), FULL, () => {
    for (let i = 0; i < 300; i += 3) writeFileSync(join(root, `f${i}`), String(++round % 10).repeat(5000))
    rmSync(join(root, 'f298'))
    appendFileSync(join(root, 'f299'), 'more')
    chmodSync(join(root, 'f1'), 0o600)
  })
  assert.ok(entries.length >= 300)
  for (const { path, type, offset = 0, stored = 0, flags } of entries) {
    if (type !== 'file' || flags?.includes('changed') === true || path.toString() === 'f299') continue
    const data = archive.subarray(offset, offset + stored)
    assert.ok(data.every(byte => byte === data[0]), path.toString())
  }
})
