import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparePaths, pathProblem, shownPath } from '../../../src/sources/directory/entry-path.ts'
import { entryLine, FILES_HEADER, readEntries, type Entry } from '../../../src/sources/directory/entry.ts'
import { MalformedError } from '../../../src/sources/directory/malformed.ts'
import { Dice } from '../../support/seeded-random.ts'
import { bodyOf, rejection } from '../../support/streams.ts'

const SHA256 = 'a'.repeat(64)

function entry (path: string | Buffer, fields: Partial<Entry> = {}): Entry {
  const isFile = (fields.type ?? 'file') === 'file'
  return {
    path: Buffer.from(path),
    type: 'file',
    size: isFile ? 3 : 0,
    mtime: '-1500000000',
    ctime: '1700000000123456789',
    mode: 0o4755,
    uid: 0,
    gid: 4_000_000_000,
    dev: '65024',
    ino: '18446744073709551615',
    ...isFile ? { sha256: SHA256, offset: 512, stored: 3 } : {},
    in: 0,
    ...fields
  }
}

async function read (text: string | Buffer, chunkSize?: number): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const one of readEntries(bodyOf(text, chunkSize))) entries.push(one)
  return entries
}

const WHOLE: readonly Entry[] = [
  entry('.', { type: 'directory' }),
  entry('-a'),
  entry('a', { type: 'directory', flags: ['unreadable'] }),
  entry('a/"\n\u2028ä', { sparse: true, flags: ['changed', 'recent'] }),
  entry('a/hard', { type: 'hardlink', target: Buffer.from('a/"\n\u2028ä') }),
  entry('a-b', { type: 'symlink', target: Buffer.from([0x2f, 0xff]) }),
  entry(Buffer.from([0x62, 0xff, 0xfe]), { in: 3 })
]

test('entries come back as they were written, names of any bytes included, however the bytes are cut', async () => {
  const text = FILES_HEADER + WHOLE.map(entryLine).join('')
  for (const size of [1, 5, 64, 100_000]) assert.deepEqual(await read(text, size), WHOLE)
  assert.match(text, /"path64":"Yv\/\+"/)
  assert.equal(text.split('\n').length, WHOLE.length + 2)
})

const LINE = entryLine(entry('a'))
const without = (field: string): string =>
  LINE.replace(new RegExp(`"${field}":(?:"[^"]*"|\\d+),?`), '').replace(',}', '}')
const with_ = (field: string, value: unknown): string => `${JSON.stringify({ ...JSON.parse(LINE), [field]: value })}\n`

const MALFORMED: Readonly<Record<string, readonly [RegExp, string]>> = {
  'an empty list': [/list of files is empty/, ''],
  'another format': [/"format" is not/, '{"format":"tar","version":1}\n'],
  'a later version': [/version 2 .* is not known/, '{"format":"holdfast-files","version":2}\n'],
  'a line that is no JSON': [/line 2 .*no JSON object/, `${FILES_HEADER}{"path":\n`],
  'a list of JSON': [/path/, `${FILES_HEADER}[1]\n`],
  'a line without an end': [/line 2 .*no end/, FILES_HEADER + LINE.trimEnd()],
  'a line of 70,000 bytes': [/line 2 .*longer than 65536 bytes/, `${FILES_HEADER}${with_('path', 'a'.repeat(70_000))}`],
  'no path': [/no "path"/, FILES_HEADER + without('path')],
  'two paths': [/"path" is not valid/, FILES_HEADER + with_('path64', 'YQ==')],
  'a path that leads out': [/has "\." or "\.\." in it/, FILES_HEADER + with_('path', 'a/../../b')],
  'an absolute path': [/is absolute/, FILES_HEADER + with_('path', '/etc/passwd')],
  'an unknown type': [/"type"/, FILES_HEADER + with_('type', 'device')],
  'a negative size': [/"size"/, FILES_HEADER + with_('size', -1)],
  'a file without a digest': [/"sha256"/, FILES_HEADER + without('sha256')],
  'a mode with more than 12 bits': [/"mode"/, FILES_HEADER + with_('mode', 0o170644)],
  'a file with a target': [/a file has a "target"/, FILES_HEADER + with_('target', 'b')],
  'a link without a target': [/link has no "target"/, FILES_HEADER + with_('type', 'symlink')],
  'an unknown flag': [/"flags"/, FILES_HEADER + with_('flags', ['lost'])],
  'a hard link to a later entry': [
    /does not come before it/,
    FILES_HEADER + entryLine(entry('a', { type: 'hardlink', target: Buffer.from('b') }))
  ],
  'a hard link that leads out': [
    /has "\." or "\.\."/,
    FILES_HEADER + entryLine(entry('a', { type: 'hardlink', target: Buffer.from('../a') }))
  ],
  'one path twice': [/"a" does not come after "a"/, FILES_HEADER + LINE + LINE],
  'another order': [/"a\/b" does not come after "b"/, FILES_HEADER + entryLine(entry('b')) + entryLine(entry('a/b'))]
}

for (const [what, [problem, text]] of Object.entries(MALFORMED)) {
  test(`refused: ${what}`, async () => {
    const error = await rejection(read(text))
    assert.ok(error instanceof MalformedError, String(error))
    assert.match(error.message, problem)
  })
}

test('paths are in the order of a walk: a directory, its content, and then names that only begin like it', () => {
  const names = ['.', '-', 'a', 'a/-', 'a/b', 'a/b/c', 'a-', 'a.b', 'aa', 'b', '\xff']
  const paths = names.map(name => Buffer.from(name, 'latin1'))
  for (let i = 0; i < paths.length; i++) {
    for (let j = 0; j < paths.length; j++) {
      assert.equal(Math.sign(comparePaths(paths[i]!, paths[j]!)), Math.sign(i - j), `${names[i]} and ${names[j]}`)
    }
  }
})

test('the order of paths is that of their names, one after the other', () => {
  const dice = new Dice(7)
  const make = (): Buffer =>
    Buffer.from(
      Array.from({ length: dice.between(1, 4) }, () =>
        String.fromCharCode(...Array.from({ length: dice.between(1, 2) }, () =>
          dice.pick([0x01, 0x2d, 0x2e, 0x61, 0xff])))).join('/'),
      'latin1'
    )
  const namesOf = (path: Buffer): string[] => path.toString('latin1').split('/')
  for (let i = 0; i < 2000; i++) {
    const [a, b] = [make(), make()]
    if (a.toString() === '.' || b.toString() === '.') continue
    const [left, right] = [namesOf(a), namesOf(b)]
    const at = left.findIndex((name, k) => name !== right[k])
    const expected = at === -1
      ? left.length - right.length
      : right[at] === undefined || left[at]! > right[at]
      ? 1
      : -1
    assert.equal(Math.sign(comparePaths(a, b)), Math.sign(expected), `${a.toString('latin1')} ${b.toString('latin1')}`)
  }
})

test('only a path that stays below the root is the path of an entry', () => {
  for (const path of ['.', 'a', 'a/b', '...', '..a', 'a/.b']) {
    assert.equal(pathProblem(Buffer.from(path)), undefined, path)
  }
  for (const path of ['', '/', '/a', 'a/', 'a//b', '..', '../a', 'a/..', './a', 'a/.', 'a\0b']) {
    assert.notEqual(pathProblem(Buffer.from(path)), undefined, path)
  }
})

test('a path is shown on one line, whatever it contains', () => {
  assert.equal(shownPath(Buffer.from('ordner/größe')), 'ordner/größe')
  assert.equal(shownPath(Buffer.from('a\n\u202eb')), 'a\\x0a\\xe2\\x80\\xaeb')
  assert.equal(shownPath(Buffer.from([0x61, 0xff])), 'a\\xff')
})
