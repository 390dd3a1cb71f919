import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { tarHeader, tarSize, tarStream, type TarMember } from '../../src/pipeline/tar.ts'
import { rejectsWith } from '../support/rejects.ts'
import { bodyOf, never, noise } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const modified = new Date('2025-11-24T23:30:01.900Z')

function member (name: string, bytes: Buffer): TarMember {
  return { name, size: bytes.length, modified, open: async () => bodyOf(bytes, 1000) }
}

test('tar takes out every file with its bytes, its time and the rights of its owner alone', async t => {
  const directory = tempDir(t)
  const files = new Map<string, Buffer>([
    ['shop.db.zst', noise(100_001)],
    ['empty', Buffer.alloc(0)],
    ['one-block', noise(512)],
    ['a'.repeat(100), noise(1)],
    ['b'.repeat(101), noise(2)],
    [`long-${'c'.repeat(200)}.globals.sql`, noise(511)],
    ['größe.json', noise(513)]
  ])
  const members = [...files].map(([name, bytes]) => member(name, bytes))
  const archive = await buffer(tarStream(members, never))
  assert.equal(archive.length, tarSize(members))
  execFileSync('tar', ['-xf', '-', '-C', directory], { input: archive, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  assert.deepEqual(readdirSync(directory).sort(), [...files.keys()].sort())
  for (const [name, bytes] of files) {
    const { mode, mtime } = statSync(join(directory, name))
    assert.ok(readFileSync(join(directory, name)).equals(bytes), name)
    assert.deepEqual([mode & 0o777, mtime.toISOString()], [0o600, '2025-11-24T23:30:01.000Z'])
  }
})

test('a file of 8 GiB and more has its size in an extended header, and tar reads it there', () => {
  const size = 8 ** 11
  assert.equal(tarHeader({ name: 'large', size: size - 1, modified }).length, 512)
  const header = tarHeader({ name: 'large', size, modified })
  assert.equal(header.length, 3 * 512)
  assert.equal(header.toString('utf8', 512, 512 + 19), '19 size=8589934592\n')
  const listed = execFileSync('sh', ['-c', 'tar -tvf - 2>/dev/null || true'], { input: header, encoding: 'utf8' })
  assert.match(listed, / 8589934592 .* large\n/)
})

test('the length of a record counts its own digits, however many they become', () => {
  for (let length = 101; length < 1100; length++) {
    const header = tarHeader({ name: 'n'.repeat(length), size: 0, modified })
    const [record = ''] = header.toString('latin1', 512).split('\n')
    assert.equal(parseInt(record, 10), record.length + 1)
  }
})

test('a time before 1970 is that of 1970, so that every tar reads it', () => {
  assert.equal(
    tarHeader({ name: 'old', size: 0, modified: new Date(-5000) }).toString('latin1', 136, 147),
    '0'.repeat(11)
  )
})

test('an archive has no end where a file of it errors, and the files after it are not opened', async () => {
  const opened: string[] = []
  const failing: TarMember = {
    name: 'second',
    size: 1000,
    modified,
    async open () {
      opened.push('second')
      return Readable.from((async function* () {
        yield noise(500)
        throw new BackupError('CHECKSUM_MISMATCH', 'it is another')
      })())
    }
  }
  const third = { ...member('third', noise(9)), open: async () => assert.fail('it was opened') }
  const members = [member('first', noise(9)), failing, third]
  let size = 0
  await rejectsWith(
    'CHECKSUM_MISMATCH',
    (async () => {
      for await (const chunk of tarStream(members, never) as AsyncIterable<Buffer>) size += chunk.length
    })()
  )
  assert.deepEqual([opened, size < tarSize(members)], [['second'], true])
})

test('a reader that leaves lets the file go that is open', async () => {
  const image = bodyOf(noise(1_000_000), 1001)
  const stream = tarStream([{ name: 'first', size: 1_000_000, modified, open: async () => image }], never)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (chunk.length > 512) break
  }
  assert.equal(image.destroyed, true)
})
