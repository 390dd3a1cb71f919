import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Entry } from '../../../src/sources/directory/entry.ts'
import { directoryInspector } from '../../../src/sources/directory/inspect.ts'
import { directoryRestorer } from '../../../src/sources/directory/restore.ts'
import { listText, storedDirectory, type StoredDirectory } from '../../support/sources/directory-backup.ts'
import { rawTar, type RawMember } from '../../support/sources/tar-member.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const BLOCK = 512
const EVIL = 'evil'
const ROOT_MEMBER: RawMember = { name: './', type: '5', mode: 0o755 }
const ROOT_ENTRY = entry('.', { type: 'directory' })

/** `member`: the index of the member that has its data, from which the offset is computed. */
type ForgedEntry = Entry & { readonly member?: number }

/** An entry of a forged list; a file has the content `EVIL`, unless it is given. */
function entry (path: string, given: Partial<ForgedEntry> & { readonly content?: string } = {}): ForgedEntry {
  const { content = EVIL, ...fields } = given
  const type = fields.type ?? 'file'
  return {
    path: Buffer.from(path),
    type,
    size: type === 'file' ? content.length : 0,
    mtime: '0',
    ctime: '0',
    mode: type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    dev: '1',
    ino: '1',
    ...type === 'file' && { sha256: hash('sha256', content), offset: 0, stored: content.length },
    in: 0,
    ...fields
  }
}

interface Attack {
  readonly name: string
  readonly members: readonly RawMember[]
  /** Of the list that the attacker forged, after the root. */
  readonly entries?: readonly ForgedEntry[]
  /** The bytes of the list, in place of the entries. */
  readonly list?: (text: Buffer) => Buffer
  /** The bytes of the archive. */
  readonly tar?: (tar: Buffer) => Buffer
  /** What is restored: the names below the target. Default: the restore is refused. */
  readonly restored?: readonly string[]
}

/** The list agrees with the archive where it can: whoever can write to a store can write both. */
const ATTACKS: readonly Attack[] = [
  {
    name: 'a name that leads upwards',
    members: [{ name: '../outside', data: EVIL }],
    entries: [entry('../outside')]
  },
  {
    name: 'a name that leads upwards, in the archive alone',
    members: [{ name: '../outside', data: EVIL }],
    restored: []
  },
  {
    name: 'a name that leads upwards from inside',
    members: [{ name: 'a', type: '5' }, { name: 'a/../../outside', data: EVIL }],
    entries: [entry('a', { type: 'directory' }), entry('a/../../outside')]
  },
  { name: 'an absolute name', members: [{ name: '/outside', data: EVIL }], entries: [entry('/outside')] },
  { name: 'an absolute name, in the archive alone', members: [{ name: '/outside', data: EVIL }], restored: [] },
  {
    name: 'an absolute name in an extended header',
    members: [{ name: 'harmless', data: EVIL, records: { path: '/outside' } }],
    entries: [entry('harmless')]
  },
  {
    name: 'a symbolic link outwards, then a file through it',
    members: [{ name: 'link', type: '2', linkname: '..' }, { name: 'link/outside', data: EVIL }],
    entries: [entry('link', { type: 'symlink', target: Buffer.from('..') }), entry('link/outside')]
  },
  {
    name: 'an absolute symbolic link, then a directory and a file through it',
    members: [
      { name: 'link', type: '2', linkname: '/tmp' },
      { name: 'link/x', type: '5' },
      { name: 'link/x/outside', data: EVIL }
    ],
    entries: [
      entry('link', { type: 'symlink', target: Buffer.from('/tmp') }),
      entry('link/x', { type: 'directory' }),
      entry('link/x/outside')
    ]
  },
  {
    name: 'a symbolic link in the place of a directory of the list',
    members: [{ name: 'link', type: '2', linkname: '..' }, { name: 'link/outside', data: EVIL }],
    entries: [entry('link', { type: 'directory' }), entry('link/outside', { member: 2 })]
  },
  {
    name: 'two members of one name: first a link, then a file written through it',
    members: [{ name: 'x', type: '2', linkname: '../outside' }, { name: 'x', data: EVIL }],
    entries: [entry('x', { type: 'symlink', target: Buffer.from('../outside') }), entry('x', { member: 2 })]
  },
  {
    name: 'two members of one name, of which the list has the file',
    members: [{ name: 'x', type: '2', linkname: '../outside' }, { name: 'x', data: EVIL }],
    entries: [entry('x', { member: 2 })],
    restored: ['x']
  },
  {
    name: 'a hard link to a file outside',
    members: [{ name: 'hard', type: '1', linkname: '../secret' }],
    entries: [entry('hard', { type: 'hardlink', target: Buffer.from('../secret') })]
  },
  {
    name: 'a hard link to an absolute path',
    members: [{ name: 'hard', type: '1', linkname: '/etc/hostname' }],
    entries: [entry('hard', { type: 'hardlink', target: Buffer.from('/etc/hostname') })]
  },
  {
    name: 'a hard link through a symbolic link',
    members: [{ name: 'a', type: '2', linkname: '..' }, { name: 'hard', type: '1', linkname: 'a/secret' }],
    entries: [
      entry('a', { type: 'symlink', target: Buffer.from('..') }),
      entry('hard', { type: 'hardlink', target: Buffer.from('a/secret') })
    ]
  },
  {
    name: 'a hard link to a directory',
    members: [{ name: 'a', type: '5' }, { name: 'hard', type: '1', linkname: 'a' }],
    entries: [entry('a', { type: 'directory' }), entry('hard', { type: 'hardlink', target: Buffer.from('a') })]
  },
  { name: 'a character device', members: [{ name: 'device', type: '3' }], entries: [entry('device', { content: '' })] },
  { name: 'a block device', members: [{ name: 'device', type: '4' }], restored: [] },
  { name: 'a FIFO', members: [{ name: 'fifo', type: '6' }], restored: [] },
  { name: 'a member of a type that is not known', members: [{ name: 'x', type: 'V' }] },
  {
    name: 'a set-user-ID file that is not in the list',
    members: [{ name: 'a', data: 'good' }, { name: 'suid', data: EVIL, mode: 0o4755 }],
    entries: [entry('a', { content: 'good', member: 1 })],
    restored: ['a']
  },
  {
    name: 'a file with more rights than in the list',
    members: [{ name: 'a', data: EVIL, mode: 0o4755 }],
    entries: [entry('a', { member: 1 })]
  },
  {
    name: 'other content than in the list',
    members: [{ name: 'a', data: 'evil' }],
    entries: [entry('a', { content: 'good', member: 1 })]
  },
  {
    name: 'a size that is smaller than in the list',
    members: [{ name: 'a', data: EVIL }],
    entries: [entry('a', { member: 1, size: 2 ** 40 })]
  },
  {
    name: 'a size that goes beyond the end',
    members: [{ name: 'a', data: EVIL, size: 8 ** 10 }],
    entries: [entry('a', { member: 1 })]
  },
  {
    name: 'a huge extended header',
    members: [{ name: 'a', data: EVIL, extended: Buffer.alloc(5 * 1024 * 1024, '9') }],
    entries: [entry('a', { member: 1 })]
  },
  {
    name: 'an extended header whose records overlap',
    members: [{ name: 'a', data: EVIL, extended: Buffer.from('99999999 path=../outside\n') }],
    entries: [entry('a', { member: 1 })]
  },
  {
    name: 'a global header that renames all members',
    members: [{ name: 'a', data: EVIL, records: { path: '../outside' }, extendedType: 'g' }],
    entries: [entry('a', { member: 1 })]
  },
  {
    name: 'a sparse name that leads outside',
    members: [{
      name: 'a',
      data: `1\n0\n4\n${'\0'.repeat(BLOCK - 6)}${EVIL}`,
      records: {
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': '../outside',
        'GNU.sparse.realsize': '4'
      }
    }],
    entries: [entry('a', { member: 1 })]
  },
  {
    name: 'a map of holes that leads beyond the end of the file',
    members: [{
      name: 'a',
      data: `1\n999999\n4\n${'\0'.repeat(BLOCK - 11)}${EVIL}`,
      records: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'a', 'GNU.sparse.realsize': '4' }
    }],
    entries: [entry('a', {
      member: 1,
      sparse: true,
      stored: BLOCK + 4,
      sha256: hash('sha256', `1\n999999\n4\n${'\0'.repeat(BLOCK - 11)}${EVIL}`)
    })]
  },
  {
    name: 'a header with a wrong checksum',
    members: [{ name: 'a', data: EVIL, checksum: 1 }],
    entries: [entry('a', { member: 1 })]
  },
  {
    name: 'more members after the end mark',
    members: [{ name: 'a', data: EVIL }],
    entries: [entry('a', { member: 1 })],
    tar: tar => Buffer.concat([tar, rawTar({ name: '../outside', data: EVIL })])
  },
  {
    name: 'no end mark',
    members: [{ name: 'a', data: EVIL }],
    entries: [entry('a', { member: 1 })],
    tar: tar => tar.subarray(0, -1024)
  },
  {
    name: 'a list without the directory that a file is in',
    members: [{ name: 'a/b', data: EVIL }],
    entries: [entry('a/b', { member: 1 })]
  },
  {
    name: 'a list whose file is a directory for others',
    members: [{ name: 'a', data: EVIL }, { name: 'a/b', data: EVIL }],
    entries: [entry('a', { member: 1 }), entry('a/b', { member: 2 })]
  },
  {
    name: 'a list out of order, with a path twice',
    members: [{ name: 'a', data: EVIL }, { name: 'a', data: EVIL }],
    entries: [entry('a', { member: 1 }), entry('a', { member: 2 })]
  },
  {
    name: 'a list whose root is a link',
    members: [{ name: './', type: '2', linkname: '..' }],
    entries: [],
    list: text => Buffer.from(text.toString().replace('"type":"directory"', '"type":"symlink","target":".."'))
  },
  {
    name: 'a list that names another link of the chain',
    members: [{ name: 'a', data: EVIL }],
    entries: [entry('a', { member: 1, in: 7 })]
  },
  {
    name: 'a list with a name of 300 bytes',
    members: [{ name: 'a', data: EVIL, records: { path: 'n'.repeat(300) } }],
    entries: [entry('n'.repeat(300), { member: 1 })]
  },
  {
    name: 'a list with one endless line',
    members: [{ name: 'a', data: EVIL }],
    list: text => Buffer.concat([text, Buffer.alloc(1_000_000, 'x')])
  },
  {
    name: 'members in no order, so that the list would be read for each of them',
    members: Array.from({ length: 30 }, (_, i) => ({ name: String(99 - i), data: EVIL })),
    entries: Array.from({ length: 30 }, (_, i) => entry(String(70 + i), { member: 30 - i }))
  }
]

/** Where the data of each member begins: what is before it is added up. */
function offsets (members: readonly RawMember[]): readonly number[] {
  return members.map((_, index) => rawTar(...members.slice(0, index + 1)).length - 2 * BLOCK).map((end, index) => {
    const { data = '' } = members[index] ?? {}
    return end - Math.ceil(Buffer.byteLength(data) / BLOCK) * BLOCK
  })
}

function forged (t: TestContext, { members, entries = [], list, tar = whole => whole }: Attack): StoredDirectory {
  const all = members[0]?.name === './' ? members : [ROOT_MEMBER, ...members]
  const at = offsets(all)
  const listed = [ROOT_ENTRY, ...entries].map(({ member, ...one }: ForgedEntry) =>
    member === undefined ? one : { ...one, offset: at[member] ?? 0 }
  )
  const text = listText(listed)
  return storedDirectory(t, { tar: tar(rawTar(...all)), entries: listed }, { list: list?.(text) ?? text })
}

/** Everything below a directory, with the content of files. */
function everything (directory: string): readonly unknown[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).map(found => {
    const path = join(found.parentPath, found.name)
    return [path, found.isFile() ? readFileSync(path, 'latin1') : '']
  }).toSorted()
}

describe('archives and lists that were made to do harm', () => {
  for (const attack of ATTACKS) {
    test(`${attack.name}: nothing outside of the target is changed`, async t => {
      const home = tempDir(t)
      writeFileSync(join(home, 'secret'), 'secret')
      mkdirSync(join(home, 'inner'))
      symlinkSync('secret', join(home, 'inner/link'))
      const before = everything(home)
      const backup = forged(t, attack)
      const path = join(home, 'inner/target')
      const placement = { mode: 'file', path, overwrite: false, timeout: 0, aside: `${path}.before-1` } as const
      const outcome = await directoryRestorer().place({ links: [backup] }, placement, () => {}, never).catch(
        (thrown: unknown) => thrown
      )
      if (attack.restored === undefined) {
        assert.ok(outcome instanceof BackupError, `it was restored: ${JSON.stringify(outcome)}`)
        assert.ok(['BACKUP_INVALID', 'CHECKSUM_MISMATCH'].includes(outcome.code), `${outcome.code}: ${outcome.message}`)
        assert.deepEqual(everything(home), before)
      } else {
        assert.ok(!(outcome instanceof Error), String(outcome))
        assert.deepEqual(readdirSync(path).toSorted(), attack.restored)
        assert.deepEqual(everything(home).filter(one => !String(one).startsWith(path)), before)
      }
    })

    test(`${attack.name}: the verification ends with a result`, async t => {
      const backup = forged(t, attack)
      const checks = await directoryInspector().inspect(backup.images, backup.manifest.facts, never)
      const failed = checks.filter(({ status }) => status === 'fail')
      assert.equal(failed.length > 0, attack.restored === undefined, JSON.stringify(checks))
    })
  }
})
