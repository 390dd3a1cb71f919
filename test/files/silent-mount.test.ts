import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Mount } from '../../src/files/mounts.ts'
import { silentMount, silentMountSync } from '../../src/files/silent-mount.ts'
import { tempDir } from '../support/temp-dir.ts'

/** No process answers within a millisecond: this is what a mount that stands still comes to. */
const patience = 1
const mounted = (point: string, type: string): Mount => ({ device: '0:99', root: '/', point, type })

for (const [ask, how] of [[silentMount, ''], [silentMountSync, ', asked at once']] as const) {
  test(`a mount on the way that does not answer is named, also behind links${how}`, async t => {
    const home = tempDir(t)
    const point = join(home, 'nas')
    mkdirSync(join(point, 'backups'), { recursive: true })
    symlinkSync('nas/backups', join(home, 'relative'))
    symlinkSync(join(home, 'relative'), join(home, 'absolute'))
    const mounts = [mounted('/', 'ext4'), mounted(point, 'nfs4')]
    for (
      const path of [
        point,
        join(point, 'a/b.db'),
        join(home, 'relative/a.db'),
        join(home, 'absolute'),
        `${home}/relative/../a`
      ]
    ) {
      assert.equal(await ask(path, { mounts, patience }), point, path)
    }
    for (const path of [home, join(home, 'nasx'), '/']) {
      assert.equal(await ask(path, { mounts, patience }), undefined, path)
    }
  })

  test(`a mount that answers is used${how}`, async t => {
    const point = tempDir(t)
    assert.equal(await ask(join(point, 'a.db'), { mounts: [mounted(point, 'fuse.sshfs')] }), undefined)
  })

  test(`a file system of the machine is not asked${how}`, async t => {
    const point = tempDir(t)
    assert.equal(await ask(join(point, 'a.db'), { mounts: [mounted(point, 'xfs')], patience }), undefined)
  })

  test(`links that lead in a circle lead to no mount${how}`, async t => {
    const home = tempDir(t)
    symlinkSync('loop', join(home, 'loop'))
    assert.equal(await ask(join(home, 'loop'), { mounts: [] }), undefined)
  })
}
