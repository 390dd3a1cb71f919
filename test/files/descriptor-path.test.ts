import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { descriptorPath, pathOf } from '../../src/files/descriptor-path.ts'
import { tempDir } from '../support/temp-dir.ts'

test('the path of a descriptor leads to its file whatever becomes of the name, and its name is the present one', {
  skip: existsSync('/proc/self/fd') ? false : 'descriptors have no names here'
}, t => {
  const home = realpathSync(tempDir(t))
  const [first, second] = [join(home, 'first'), join(home, 'second')]
  writeFileSync(first, 'the ledger')
  const fd = openSync(first, 'r')
  t.after(() => {
    closeSync(fd)
  })
  assert.equal(pathOf(fd), first)
  renameSync(first, second)
  writeFileSync(first, 'something else')
  assert.deepEqual([pathOf(fd), readFileSync(descriptorPath(fd)!, 'utf8')], [second, 'the ledger'])
  unlinkSync(second)
  assert.deepEqual([pathOf(fd), readFileSync(descriptorPath(fd)!, 'utf8')], [`${second} (deleted)`, 'the ledger'])
})
