import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReferencePaths } from '../../../src/sources/set/reference-path.ts'

function located (path: string | Buffer, location = '/srv/app/payloads'): string {
  const found = new ReferencePaths(location).locate(Buffer.from(path))
  return 'path' in found ? found.path.toString('latin1') : `? ${found.problem}`
}

for (
  const [path, expected] of [
    ['a/b.json', 'a/b.json'],
    ['./a//b.json', 'a/b.json'],
    ['a/./b/', 'a/b'],
    ['/srv/app/payloads/a', 'a'],
    ['//srv/./app//payloads/a/', 'a'],
    ['/srv/app/payloads', '.'],
    ['.', '.'],
    ['...', '...'],
    ['a/..b', 'a/..b'],
    ['../payloads/a', '? contains ".."'],
    ['a/../b', '? contains ".."'],
    ['/srv/app/payloads/../../../etc/passwd', '? contains ".."'],
    ['/srv/app/payloads2/a', '? is outside the directory'],
    ['/srv/app', '? is outside the directory'],
    ['/', '? is outside the directory'],
    ['', '? is empty'],
    ['a\0b', '? contains the byte 0']
  ] as const
) {
  test(`${JSON.stringify(path)} is ${expected}`, () => {
    assert.equal(located(path), expected)
  })
}

test('bytes that are no UTF-8 stay as they are', () => {
  assert.equal(located(Buffer.from('/srv/app/payloads/caf\xe9', 'latin1')), 'caf\xe9')
})

test('every absolute path is in a directory that is the root', () => {
  assert.deepEqual([located('/a', '/'), located('/', '/'), located('/../a', '/')], ['a', '.', '? contains ".."'])
})
