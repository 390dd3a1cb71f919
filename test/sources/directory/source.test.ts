import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { once } from 'node:events'
import { test } from 'node:test'
import { childrenAtWork } from '../../support/processes/children.ts'
import { needRoot, needTool } from '../../support/skip-without.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { FULL } from '../../support/sources/images.ts'
import { digestOf, never, noise, until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { extracted, pathsOf, sourceAt, take, treeOf } from './taken.ts'

test('a tree comes back from stock tar as it was, names of any bytes, links, holes, modes and times included', async t => {
  const root = treeOf(t, {
    'a file': 'content',
    '-dash': '1',
    '--checkpoint=1': '2',
    'back\\nslash': '3',
    'line\nfeed': '4',
    'sub/deep/file': noise(100_000),
    'empty/': '',
    zero: ''
  })
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x62, 0xff, 0xfe])]), 'no UTF-8')
  linkSync(join(root, 'a file'), join(root, 'sub/again'))
  symlinkSync('../../etc', join(root, 'sub/link'))
  writeFileSync(join(root, 'sparse'), 'start')
  truncateSync(join(root, 'sparse'), 1_000_000_000)
  chmodSync(join(root, 'zero'), 0o4751)
  chmodSync(root, 0o700)
  utimesSync(join(root, 'zero'), new Date(-1500), new Date(-1500))
  const { archive, entries, details, outcome } = await take(sourceAt(t, root))
  assert.ok(archive.length < 1_000_000, 'the holes were stored')
  const back = extracted(t, archive)
  if (needTool(t, 'rsync')) {
    const differences = execFileSync('rsync', [
      '-aHAXn',
      '--delete',
      '--checksum',
      '--itemize-changes',
      `${root}/`,
      back
    ])
    assert.equal(differences.toString(), '')
  }
  assert.deepEqual(
    pathsOf(entries),
    [
      '.',
      '--checkpoint=1',
      '-dash',
      'a file',
      'back\\nslash',
      'b\xff\xfe',
      'empty',
      'line\nfeed',
      'sparse',
      'sub',
      'sub/again',
      'sub/deep',
      'sub/deep/file',
      'sub/link',
      'zero'
    ].toSorted((a, b) => a === '.' ? -1 : b === '.' ? 1 : a < b ? -1 : 1)
  )
  for (const { path, type, sha256, offset = 0, stored = 0, size, sparse, target, mtime } of entries) {
    const stats = lstatSync(Buffer.concat([Buffer.from(`${root}/`), path]), { bigint: true })
    assert.equal(mtime, String(stats.mtimeNs), path.toString())
    if (target !== undefined) assert.equal(target.toString(), type === 'hardlink' ? 'a file' : '../../etc')
    if (type !== 'file') continue
    assert.equal(BigInt(size), stats.size)
    const data = archive.subarray(offset, offset + stored)
    assert.equal(sha256, digestOf(data).sha256)
    if (sparse !== true) assert.deepEqual(data, readFileSync(Buffer.concat([Buffer.from(`${root}/`), path])))
  }
  assert.deepEqual([details.files, details.directories, details.symlinks, details.hardlinks], [9, 4, 1, 1])
  assert.deepEqual(outcome.facts.tables.map(({ name, rows }) => [name, rows]), [
    ['bytes', details.bytes],
    ['directories', 4],
    ['files', 9]
  ])
})

test('a snapshot that is read only after its process has ended is whole', async t => {
  const home = tempDir(t)
  writeFileSync(join(home, 'small'), 'content')
  const snapshot = await sourceAt(t, home).snapshot(FULL, never)
  t.after(() => snapshot.close())
  await until(() => childrenAtWork('snapshot-child').length === 0)
  const bytes: number[] = []
  for await (const { image } of snapshot.parts()) bytes.push((await buffer(image)).length)
  assert.ok(bytes.every(length => length > 0), bytes.join())
  assert.equal((await snapshot.outcome()).facts.details.files, 1)
})

test('a single file is a source, also through a symbolic link to it', async t => {
  const root = treeOf(t, { 'pipeline.yaml': 'steps: []' })
  symlinkSync('pipeline.yaml', join(root, 'link'))
  for (const name of ['pipeline.yaml', 'link']) {
    const { archive, entries, details } = await take(sourceAt(t, join(root, name)))
    assert.deepEqual([pathsOf(entries), details.root], [['pipeline.yaml'], 'file'])
    assert.deepEqual(readdirSync(extracted(t, archive)), ['pipeline.yaml'])
  }
})

test('a symbolic link to the directory is followed, and none in it', async t => {
  const outside = treeOf(t, { secret: 'x' })
  const root = treeOf(t, { 'data/a': '1' })
  symlinkSync('data', join(root, 'link'))
  symlinkSync(outside, join(root, 'data/out'))
  const { entries } = await take(sourceAt(t, join(root, 'link')))
  assert.deepEqual(pathsOf(entries), ['.', 'a', 'out'])
})

test('patterns leave out names as in a .gitignore, and directories with all that is in them', async t => {
  const root = treeOf(t, {
    'a.tmp': '',
    'keep.tmp': '',
    'sub/b.tmp': '',
    'sub/B.TMP': '',
    'cache/x': '',
    'sub/cache/y': '',
    'logs/z.log': '',
    'logs/note': ''
  })
  const { entries, outcome } = await take(
    sourceAt(t, root, { exclude: '# comment\n*.tmp\n!keep.tmp\n/cache/\nlogs/*.log' })
  )
  assert.deepEqual(pathsOf(entries), [
    '.',
    'keep.tmp',
    'logs',
    'logs/note',
    'sub',
    'sub/B.TMP',
    'sub/cache',
    'sub/cache/y'
  ])
  assert.equal(outcome.facts.properties.excluded, 4)
})

test('more names than the library of patterns may remember are still matched', async t => {
  const root = treeOf(
    t,
    Object.fromEntries(Array.from({ length: 10_500 }, (_, i) => [`${i}.${i % 2 === 0 ? 'a' : 'b'}`, '']))
  )
  const { details } = await take(sourceAt(t, root, { exclude: '*.b' }))
  assert.equal(details.files, 5250)
})

test('sockets, FIFOs and devices are left out and named, and stop nothing', async t => {
  const root = treeOf(t, { a: '1', 'sub/b': '2' })
  execFileSync('mkfifo', [join(root, 'pipe')])
  const server = createServer().listen(join(root, 'sub/socket'))
  await once(server, 'listening')
  t.after(() => server.close())
  const { entries, details, outcome } = await take(sourceAt(t, root))
  assert.deepEqual(pathsOf(entries), ['.', 'a', 'sub', 'sub/b'])
  assert.deepEqual(details.leftOut, { count: 2, paths: ['pipe (FIFO)', 'sub/socket (socket)'] })
  assert.equal(outcome.facts.properties.leftOut, 2)
})

test('another file system in the tree is an empty directory where only one is wanted, and named', async t => {
  if (!needRoot(t)) return
  const root = treeOf(t, { a: '1', 'mounted/': '' })
  const mount = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'mounted')])
  if (mount.status !== 0) {
    t.skip('nothing can be mounted here')
    return
  }
  try {
    writeFileSync(join(root, 'mounted/inside'), 'x')
    const one = await take(sourceAt(t, root, { oneFileSystem: true }))
    assert.deepEqual(pathsOf(one.entries), ['.', 'a', 'mounted'])
    assert.deepEqual(one.details.leftOut.paths, ['mounted (other file system)'])
    const all = await take(sourceAt(t, root))
    assert.deepEqual(pathsOf(all.entries), ['.', 'a', 'mounted', 'mounted/inside'])
  } finally {
    spawnSync('umount', ['-l', join(root, 'mounted')])
  }
})

test('a path of 4,000 bytes is stored, below a directory of any length', async t => {
  const root = tempDir(t)
  const cwd = process.cwd()
  try {
    process.chdir(root)
    for (let i = 0; i < 16; i++) {
      mkdirSync('d'.repeat(249))
      process.chdir('d'.repeat(249))
    }
    writeFileSync('end', 'deep')
  } finally {
    process.chdir(cwd)
  }
  const { entries, archive } = await take(sourceAt(t, root))
  const last = entries.at(-1)!
  assert.equal(last.path.length, 16 * 250 + 3)
  assert.equal(archive.toString('latin1', last.offset, last.offset! + 4), 'deep')
})

test('extended attributes are stored where that is wanted, and not otherwise', async t => {
  if (!needTool(t, 'setfattr')) return
  const root = treeOf(t, { a: '1' })
  if (spawnSync('setfattr', ['-n', 'user.origin', '-v', 'till 4', join(root, 'a')]).status !== 0) {
    t.skip('the file system has no extended attributes')
    return
  }
  for (const xattrs of [true, false]) {
    const { archive, details } = await take(sourceAt(t, root, { xattrs }))
    assert.equal(archive.includes('SCHILY.xattr.user.origin=till 4'), xattrs)
    assert.equal(details.xattrs, xattrs)
  }
})

test('databases inside are named, for their copy may be useless', async t => {
  const root = treeOf(t, {
    'app.db': Buffer.concat([Buffer.from('SQLite format 3\0'), noise(8000)]),
    'pg/PG_VERSION': '17\n',
    'not.db': 'SQLite format 4'
  })
  const { details, outcome } = await take(sourceAt(t, root))
  assert.deepEqual(details.databases.paths, ['app.db', 'pg/PG_VERSION'])
  assert.equal(outcome.facts.properties.databases, 2)
})

test('the same tree gives the same bytes', async t => {
  const root = treeOf(t, { a: noise(3000), 'b/c': 'x' })
  const [first, second] = [await take(sourceAt(t, root)), await take(sourceAt(t, root))]
  assert.ok(first.archive.equals(second.archive))
})

test('a source that is not there, or no file or directory, is reported before anything is read', async t => {
  const root = treeOf(t, { a: '1' })
  execFileSync('mkfifo', [join(root, 'pipe')])
  const missing = sourceAt(t, join(root, 'none'))
  await rejectsWith('SOURCE_MISSING', missing.probe(FULL, never))
  await rejectsWith('SOURCE_MISSING', missing.snapshot(FULL, never))
  await rejectsWith('SOURCE_UNREADABLE', sourceAt(t, join(root, 'pipe')).probe(FULL, never))
})

test('another tar than that of GNU, an old one and none are reported with the remedy', async t => {
  const root = treeOf(t, {
    bsd: '#!/bin/sh\necho "bsdtar 3.7.2 - libarchive 3.7.2"\n',
    old: '#!/bin/sh\necho "tar (GNU tar) 1.28"\n',
    busybox: '#!/bin/sh\nexit 1\n'
  })
  for (const name of ['bsd', 'old', 'busybox']) chmodSync(join(root, name), 0o755)
  for (
    const [name, message] of [['bsd', /not GNU tar/], ['old', /1\.28, and 1\.29/], ['busybox', /not GNU tar/], [
      'none',
      /not installed/
    ]] as const
  ) {
    const source = sourceAt(t, root, { tar: join(root, name) })
    for (const call of [() => source.probe(FULL, never), () => take(source)]) {
      const error = await rejectsWith('SOURCE_TOOL_MISSING', call())
      assert.match(error.message, message)
      assert.match(error.hint ?? '', /Install GNU tar 1\.29/)
    }
  }
})

test('a tar that fails, that is killed and that writes nonsense fail the backup, and leave nothing', async t => {
  const root = treeOf(t, { a: noise(200_000) })
  const scratchDir = tempDir(t)
  const version = 'if [ "$1" = --version ]; then exec tar --version; fi\n'
  for (
    const [script, message] of [
      ['tar "$@"; exit 2', /exit code 2/],
      ['tar "$@" | head -c 5000; exit 2', /exit code 2/],
      ['tar "$@" | head -c 5000', /cut off/],
      ['kill -9 $$', /SIGKILL/],
      ['cat; yes nonsense | head -c 2000', /cannot be used/],
      ['cd /; printf "etc/hostname\\0" | tar "$@"; cat > /dev/null', /was not given/]
    ] as const
  ) {
    const program = join(tempDir(t), 'tar')
    writeFileSync(program, `#!/bin/sh\n${version}${script}\n`, { mode: 0o755 })
    const error = await rejectsWith('SOURCE_FAILED', take(sourceAt(t, root, { tar: program, scratchDir })))
    assert.match(error.message, message, script)
    assert.deepEqual(readdirSync(scratchDir), [])
  }
})

test('a directory without a file is backed up', async t => {
  const { entries, archive } = await take(sourceAt(t, tempDir(t)))
  assert.deepEqual(pathsOf(entries), ['.'])
  assert.deepEqual(readdirSync(extracted(t, archive)), [])
})

test('a full scratch disk is reported as such', async t => {
  if (!needRoot(t)) return
  const scratchDir = tempDir(t)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', scratchDir]).status !== 0) {
    t.skip('nothing can be mounted here')
    return
  }
  try {
    const root = treeOf(t, Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`file-${i}`, ''])))
    const error = await rejectsWith('DISK_FULL', take(sourceAt(t, root, { scratchDir })))
    assert.match(error.hint ?? '', /SCRATCH_DIR/)
    assert.deepEqual(readdirSync(scratchDir), [])
  } finally {
    spawnSync('umount', ['-l', scratchDir])
  }
})

test('the list is checked before it is handed over', async t => {
  const root = treeOf(t, Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`file-${i}`, ''])))
  const scratchDir = tempDir(t)
  const snapshot = await sourceAt(t, root, { scratchDir }).snapshot(FULL, never)
  t.after(() => snapshot.close())
  await rejectsWith(
    'SOURCE_FAILED',
    (async () => {
      for await (const { name, image } of snapshot.parts()) {
        if (name === 'files') appendFileSync(join(scratchDir, readdirSync(scratchDir)[0]!, 'files.ndjson'), '\n')
        for await (const chunk of image as AsyncIterable<Buffer>) assert.ok(chunk.length > 0)
      }
    })()
  )
})
