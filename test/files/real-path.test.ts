import assert from 'node:assert/strict'
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { realPath, realPathSync } from '../../src/files/real-path.ts'
import { tempDir } from '../support/temp-dir.ts'

for (const [how, ask] of [['', realPath], [', at once', async (path: string) => realPathSync(path)]] as const) {
  test(`links of directories and of files are resolved, one after the other, also to a file that does not exist yet${how}`, async t => {
    const home = realpathSync(tempDir(t))
    mkdirSync(join(home, 'real'))
    symlinkSync('real', join(home, 'folder'))
    symlinkSync('second', join(home, 'real/first'))
    symlinkSync(join(home, 'folder/data/shop.db'), join(home, 'real/second'))
    assert.equal(await ask(join(home, 'folder/first')), join(home, 'real/data/shop.db'))
    assert.equal(await ask(join(home, 'folder')), join(home, 'real'))
  })

  test(`links in a circle lead nowhere, and are no endless search${how}`, async t => {
    const home = tempDir(t)
    symlinkSync('b', join(home, 'a'))
    symlinkSync('a', join(home, 'b'))
    assert.equal(await ask(join(home, 'a')), join(home, 'a'))
  })
}
