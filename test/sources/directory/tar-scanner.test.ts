import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { linkSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { MalformedError } from '../../../src/sources/directory/malformed.ts'
import { TarScanner } from '../../../src/sources/directory/tar-scanner.ts'
import type { Member } from '../../../src/sources/directory/tar-member.ts'
import { Dice } from '../../support/seeded-random.ts'
import { chunks, noise } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { END, header, pax } from './tar-blocks.ts'

interface Seen {
  readonly member: Member
  readonly sha256: string | null
  readonly data: Buffer
}

function scan (archive: Buffer, chunkSize = archive.length): Seen[] {
  const seen: Seen[] = []
  let data: Buffer[] = []
  const scanner = new TarScanner({
    onData (piece) {
      data.push(Buffer.from(piece))
    },
    onEnd (member, sha256) {
      seen.push({ member, sha256, data: Buffer.concat(data) })
      data = []
    }
  })
  for (const chunk of chunks(archive, chunkSize)) {
    // Its buffer is used again by the next read.
    const own = Buffer.from(chunk)
    scanner.write(own)
    own.fill(0xff)
  }
  scanner.end()
  return seen
}

/** An archive with everything that GNU tar stores. */
function realArchive (t: TestContext, format: string, ...options: readonly string[]): Buffer {
  const tree = tempDir(t)
  const long = 'd'.repeat(120)
  mkdirSync(join(tree, long, 'e'.repeat(120)), { recursive: true })
  writeFileSync(join(tree, long, 'e'.repeat(120), 'f'.repeat(200)), noise(1500))
  writeFileSync(join(tree, 'a'), 'first')
  writeFileSync(join(tree, 'empty'), '')
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0x62, 0xff, 0x0a])]), 'odd name')
  linkSync(join(tree, 'a'), join(tree, 'b'))
  symlinkSync(`../${'x'.repeat(200)}`, join(tree, 'link'))
  writeFileSync(join(tree, 'large'), noise(70_000))
  writeFileSync(join(tree, 'sparse'), 'start')
  truncateSync(join(tree, 'sparse'), 5_000_000)
  if (format === 'posix') utimesSync(join(tree, 'empty'), new Date(-1500), new Date(-1500))
  return execFileSync(
    'tar',
    ['-C', tree, `--format=${format}`, '--sort=name', '--numeric-owner', ...options, '-cf', '-', '.'],
    { maxBuffer: 64 * 1024 * 1024 }
  )
}

test('an archive of GNU tar gives its members with their data, at every size of the chunks', t => {
  const archive = realArchive(t, 'posix', '--sparse')
  const whole = scan(archive)
  const paths = whole.map(({ member }) => member.path.toString('latin1'))
  const long = 'd'.repeat(120)
  assert.deepEqual(paths, [
    '.',
    './a',
    './b',
    './b\xff\n',
    `./${long}`,
    `./${long}/${'e'.repeat(120)}`,
    `./${long}/${'e'.repeat(120)}/${'f'.repeat(200)}`,
    './empty',
    './large',
    './link',
    './sparse'
  ])
  const of = (path: string): Seen => whole.find(({ member }) => member.path.toString('latin1') === path)!
  assert.deepEqual([of('./a').member.type, of('./b').member.type, of('./link').member.type, of('.').member.type], [
    'file',
    'hardlink',
    'symlink',
    'directory'
  ])
  assert.equal(of('./b').member.target?.toString(), './a')
  assert.equal(of('./link').member.target?.toString(), `../${'x'.repeat(200)}`)
  assert.deepEqual([of('./large').data, of('./a').data.toString()], [noise(70_000), 'first'])
  assert.equal(of('./empty').member.mtime, -1_500_000_000n)
  const sparse = of('./sparse').member
  assert.deepEqual([sparse.isSparse, sparse.size], [true, 5_000_000])
  assert.ok(sparse.stored < 10_000)
  for (const { member, sha256, data } of whole) {
    if (member.type !== 'file') continue
    assert.deepEqual(data, archive.subarray(member.offset, member.offset + member.stored))
    assert.equal(sha256, createHash('sha256').update(data).digest('hex'))
  }
  for (const size of [1, 7, 511, 512, 513, 10_240]) assert.deepEqual(scan(archive, size), whole, `chunks of ${size}`)
})

test("the format of GNU tar's own gives the same members", t => {
  const posix = scan(realArchive(t, 'posix'))
  const gnu = scan(realArchive(t, 'gnu'))
  assert.deepEqual(
    gnu.map(({ member: { path, type, size, target }, sha256 }) => ({ path, type, size, target, sha256 })),
    posix.map(({ member: { path, type, size, target }, sha256 }) => ({ path, type, size, target, sha256 }))
  )
})

const FILE = header({ name: 'a', size: 3 })
const DATA = Buffer.concat([Buffer.from('abc'), Buffer.alloc(509)])

const MALFORMED: Readonly<Record<string, readonly [RegExp, Buffer]>> = {
  'no archive at all': [/no header of a tar archive/, Buffer.alloc(1024, 'text ')],
  'an empty stream': [/cut off/, Buffer.alloc(0)],
  'an end without the end mark': [/cut off/, Buffer.concat([FILE, DATA])],
  'an end within the data': [/cut off/, Buffer.concat([FILE, DATA.subarray(0, 2)])],
  'half an end mark': [/cut off/, Buffer.concat([FILE, DATA, END.subarray(0, 512)])],
  'one block of zeros between members': [
    /one block of zeros/,
    Buffer.concat([FILE, DATA, END.subarray(0, 512), FILE, DATA, END])
  ],
  'a member after the end': [/after the end/, Buffer.concat([END, FILE, DATA, END])],
  'a wrong checksum': [/checksum/, changed(Buffer.concat([FILE, DATA, END]), 0)],
  'a size that is no number': [/size of the header/, Buffer.concat([header({ name: 'a', rawSize: '12x' }), END])],
  'a negative size': [/-1 as its size/, Buffer.concat([header({ name: 'a', rawSize: Buffer.alloc(12, 0xff) }), END])],
  'a size beyond every disk': [
    /as its size/,
    Buffer.concat([header({ name: 'a', rawSize: Buffer.from('80ffffffffffffffffffffff', 'hex') }), END])
  ],
  'a type that is not known': [/type "Z"/, Buffer.concat([header({ name: 'a', type: 'Z' }), END])],
  'a volume of several': [/type "M"/, Buffer.concat([header({ name: 'a', type: 'M', size: 3 }), DATA, END])],
  'an old sparse file': [/type "S"/, Buffer.concat([header({ name: 'a', type: 'S', size: 3 }), DATA, END])],
  'a directory with data': [
    /directory has data/,
    Buffer.concat([header({ name: 'a/', type: '5', size: 3 }), DATA, END])
  ],
  'a symbolic link with data': [
    /symlink has data/,
    Buffer.concat([header({ name: 'a', type: '2', size: 3, link: 'b' }), DATA, END])
  ],
  'a hard link with data': [
    /hardlink has data/,
    Buffer.concat([header({ name: 'a', type: '1', size: 3, link: 'b' }), DATA, END])
  ],
  'a file whose name makes it a directory, with data': [
    /directory has data/,
    Buffer.concat([header({ name: 'a/', size: 3 }), DATA, END])
  ],
  'a link to nothing': [/target of a link is empty/, Buffer.concat([header({ name: 'a', type: '2' }), END])],
  'a member without a name': [/name is empty/, Buffer.concat([header({ name: '' }), END])],
  'a name with the byte 0': [/byte 0/, Buffer.concat([pax('11 path=a\0\n'), FILE, DATA, END])],
  'a huge extended header': [
    /may have 4194304/,
    Buffer.concat([header({ name: 'x', type: 'x', size: 2 ** 32 }), END])
  ],
  'an empty extended header': [/is empty/, Buffer.concat([header({ name: 'x', type: 'x' }), FILE, DATA, END])],
  'a record of a wrong length': [/length of a record/, Buffer.concat([pax('99 path=a\n'), FILE, DATA, END])],
  'a record without a line end': [/length of a record/, Buffer.concat([pax('9 path=ab'), FILE, DATA, END])],
  'a record of no length': [/length of a record/, Buffer.concat([pax('path=a\n'), FILE, DATA, END])],
  'a record of length 0': [/length of a record/, Buffer.concat([pax('0 path=a\n'), FILE, DATA, END])],
  'a record without a key': [/no key/, Buffer.concat([pax('5 =a\n'), FILE, DATA, END])],
  'two values of one key': [/two values of "path"/, Buffer.concat([pax('9 path=b\n9 path=c\n'), FILE, DATA, END])],
  'two extended headers': [
    /two extended headers/,
    Buffer.concat([pax('9 path=b\n'), pax('9 path=c\n'), FILE, DATA, END])
  ],
  'extended headers of both kinds': [
    /of POSIX and of GNU/,
    Buffer.concat([pax('13 comment=c\n'), longName('b'), FILE, DATA, END])
  ],
  'a path for all members': [/for all members/, Buffer.concat([pax('9 path=b\n', 'g'), FILE, DATA, END])],
  'an extended header at the end': [/after an extended header/, Buffer.concat([pax('9 path=b\n'), END])],
  'a size of letters': [/wrong "size"/, Buffer.concat([pax('9 size=x\n'), FILE, DATA, END])],
  'a time of letters': [/wrong "mtime"/, Buffer.concat([pax('11 mtime=x\n'), FILE, DATA, END])],
  'a sparse file of another version': [
    /other than 1\.0/,
    Buffer.concat([pax('22 GNU.sparse.major=0\n22 GNU.sparse.minor=1\n'), FILE, DATA, END])
  ],
  'a sparse file without a size': [
    /no name or no size/,
    Buffer.concat([pax('22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n'), FILE, DATA, END])
  ]
}

function changed (archive: Buffer, at: number): Buffer {
  archive[at] = archive[at]! ^ 1
  return archive
}

function longName (name: string): Buffer {
  const content = Buffer.alloc(512)
  content.write(name)
  return Buffer.concat([header({ name: '././@LongLink', type: 'L', size: name.length + 1 }), content])
}

for (const [what, [problem, archive]] of Object.entries(MALFORMED)) {
  test(`refused: ${what}`, () => {
    for (const size of [Math.max(1, archive.length), 512, 100]) {
      assert.throws(() => scan(archive, size), (error: unknown) => {
        assert.ok(error instanceof MalformedError, String(error))
        assert.match(error.message, /^the tar archive, at byte \d+/)
        assert.match(error.message, problem)
        return true
      })
    }
  })
}

test('devices and FIFOs, and paths that lead out, are for the caller to refuse', () => {
  const seen = scan(Buffer.concat([
    header({ name: 'dev', type: '3' }),
    header({ name: 'pipe', type: '6' }),
    header({ name: '../../etc/passwd' }),
    header({ name: '/etc/passwd' }),
    END
  ]))
  assert.deepEqual(seen.map(({ member: { type, path } }) => [type, path.toString()]), [
    ['device', 'dev'],
    ['fifo', 'pipe'],
    ['file', '../../etc/passwd'],
    ['file', '/etc/passwd']
  ])
})

test('a comment for all members changes none of them', () => {
  const [{ member } = assert.fail()] = scan(Buffer.concat([pax('13 comment=c\n', 'g'), FILE, DATA, END]))
  assert.deepEqual([member.path.toString(), [...member.records]], ['a', []])
})

test('changed anywhere, an archive is refused as malformed or read as another one, and never more', t => {
  const archive = realArchive(t, 'posix', '--sparse')
  const dice = new Dice(15)
  let refused = 0
  for (let round = 0; round < 3000; round++) {
    let bytes = Buffer.from(archive)
    // Most of an archive is data: changes are among the headers.
    for (let i = dice.between(1, 4); i > 0; i--) {
      bytes[dice.between(0, Math.min(16_000, bytes.length - 1))] = dice.between(0, 255)
    }
    if (dice.chance(0.2)) bytes = bytes.subarray(0, dice.between(0, bytes.length))
    if (dice.chance(0.1)) bytes = Buffer.concat([bytes, noise(dice.between(1, 2000), round + 1)])
    try {
      const total = scan(bytes, dice.pick([512, 1000, 65_536])).reduce((sum, { data }) => sum + data.length, 0)
      assert.ok(total <= bytes.length)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      refused++
    }
  }
  assert.ok(refused > 1500, `${refused} of 3000`)
})
