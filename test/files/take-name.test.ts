import assert from 'node:assert/strict'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { takeName, type Link } from '../../src/files/take-name.ts'
import { tempDir } from '../support/temp-dir.ts'

function failing (code: string): Link {
  return () => {
    throw Object.assign(new Error(code), { code })
  }
}

for (
  const [where, link] of [['with hard links', linkSync], ['without hard links', failing('EPERM')], [
    'where links are not implemented',
    failing('ENOSYS')
  ], ['where links are not supported', failing('EOPNOTSUPP')]] as const
) {
  test(`a file takes a free name, and never that of another (${where})`, t => {
    const home = tempDir(t)
    const [from, to] = [join(home, 'from'), join(home, 'to')]
    writeFileSync(from, 'one')
    takeName(from, to, link)
    assert.equal(readFileSync(to, 'utf8'), 'one')
    rmSync(from, { force: true })
    writeFileSync(from, 'two')
    assert.throws(() => {
      takeName(from, to, link)
    }, { code: 'EEXIST' })
    assert.deepEqual([readFileSync(to, 'utf8'), existsSync(from)], ['one', true])
  })
}

test('what else keeps a name from being taken is thrown, and leaves no empty file', t => {
  const home = tempDir(t)
  assert.throws(() => {
    takeName(join(home, 'from'), join(home, 'to'), failing('EIO'))
  }, { code: 'EIO' })
  assert.throws(() => {
    takeName(join(home, 'gone'), join(home, 'to'), failing('EPERM'))
  }, { code: 'ENOENT' })
  assert.equal(existsSync(join(home, 'to')), false)
})
