import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import {
  BLOCK,
  END_OF_ARCHIVE,
  headerBlock,
  LARGEST_ID,
  LARGEST_SIZE,
  padded,
  padding,
  paxRecord
} from '../../src/files/tar-blocks.ts'

test('a record begins with its own length, also where the length has one digit more than the rest', () => {
  for (const length of [1, 2, 3, 88, 89, 90, 91, 985, 986, 987, 988]) {
    const record = paxRecord('path', 'ä'.repeat(length))
    assert.equal(Number.parseInt(record.toString(), 10), record.length)
    assert.ok(record.toString().endsWith(` path=${'ä'.repeat(length)}\n`))
  }
})

test('GNU tar reads a header with its owner, mode and time', () => {
  const header = headerBlock({
    name: 'a',
    type: '0',
    size: 3,
    mode: 0o4751,
    uid: 1000,
    gid: LARGEST_ID,
    mtime: 1_764_000_000
  })
  const listed = execFileSync('tar', ['-tvf', '-', '--numeric-owner'], {
    input: Buffer.concat([header, Buffer.from('abc'), padding(3), END_OF_ARCHIVE]),
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    encoding: 'utf8'
  })
  assert.match(listed, /^-rwsr-x--x 1000\/2097151 +3 2025-11-24 16:00 a\n$/)
})

test('a number that has no room in a header is written as the largest one', () => {
  const header = headerBlock({ name: 'a', type: '0', size: LARGEST_SIZE + 1, mode: 0, uid: 9e9, gid: 0, mtime: -5 })
  assert.deepEqual(
    [header.toString('latin1', 124, 136), header.toString('latin1', 108, 116), header.toString('latin1', 136, 148)],
    ['77777777777\0', '7777777\0', '00000000000\0']
  )
})

test('data ends with its block', () => {
  assert.deepEqual([0, 1, BLOCK, BLOCK + 1].map(padded), [0, BLOCK, BLOCK, 2 * BLOCK])
  assert.deepEqual([0, 1, BLOCK].map(size => padding(size).length), [0, BLOCK - 1, 0])
})
