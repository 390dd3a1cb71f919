import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  openSync,
  closeSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Source } from '../../../src/core/ports/source.ts'
import { directoryInspector } from '../../../src/sources/directory/inspect.ts'
import { directoryRehearser } from '../../../src/sources/directory/rehearse.ts'
import { directoryRestorer } from '../../../src/sources/directory/restore.ts'
import { directorySource } from '../../../src/sources/directory/source.ts'
import { needRoot, needTool } from '../../support/skip-without.ts'
import { takenBackup, type StoredDirectory } from '../../support/sources/directory-backup.ts'
import { deepTempDir, differences, makeOddTree, SPARSE_SIZE } from '../../support/sources/odd-tree.ts'
import { never, noise } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

function sourceOf (t: TestContext, path: string): Source {
  return directorySource({
    name: 'tree',
    path,
    exclude: '',
    oneFileSystem: false,
    xattrs: true,
    onUnreadable: 'fail',
    onChange: 'report',
    scratchDir: tempDir(t)
  })
}

async function restored (
  chain: readonly [StoredDirectory, ...StoredDirectory[]],
  path: string
): Promise<readonly string[]> {
  const placement = { mode: 'file', path, overwrite: false, timeout: 0, aside: `${path}.before-1` } as const
  const { warnings } = await directoryRestorer().place({ links: chain }, placement, () => {}, never)
  return warnings
}

async function assertSound (backup: StoredDirectory): Promise<void> {
  const checks = await directoryInspector().inspect(backup.images, backup.manifest.facts, never)
  assert.deepEqual(checks.filter(({ status }) => status !== 'pass'), [])
}

test('what the source reads comes back exactly, also through a chain of increments', async t => {
  if (!needTool(t, 'rsync') || !needRoot(t)) return
  const home = deepTempDir(t)
  const tree = join(home, 'tree')
  mkdirSync(tree)
  makeOddTree(tree)
  spawnSync('setfattr', ['-n', 'user.origin', '-v', 'scan', join(tree, 'a-b')])
  const source = sourceOf(t, tree)
  const full = await takenBackup(t, source)
  await assertSound(full)
  assert.deepEqual(await restored([full], join(home, 'copy 0')), [])
  assert.equal(differences(tree, join(home, 'copy 0')), '')
  assertSparse(join(tree, 'sparse'), join(home, 'copy 0/sparse'))

  rmSync(join(tree, 'payloads/2024'), { recursive: true })
  renameSync(join(tree, 'a'), join(tree, 'renamed'))
  rmSync(join(tree, 'empty'), { recursive: true })
  symlinkSync('zero', join(tree, 'empty'))
  writeFileSync(join(tree, 'zero'), noise(70_000))
  spawnSync('chmod', ['0400', join(tree, 'hard')])
  truncateSync(join(tree, 'sparse'), SPARSE_SIZE - 1)
  const first = await takenBackup(t, source, full)
  await assertSound(first)
  assert.ok(first.manifest.image.size < full.manifest.image.size, 'the increment has everything')
  assert.deepEqual(await restored([full, first], join(home, 'copy 1')), [])
  assert.equal(differences(tree, join(home, 'copy 1')), '')
  assertSparse(join(tree, 'sparse'), join(home, 'copy 1/sparse'))

  const second = await takenBackup(t, source, first)
  await assertSound(second)
  assert.deepEqual(await restored([full, first, second], join(home, 'copy 2')), [])
  assert.equal(differences(tree, join(home, 'copy 2')), '')

  const scratch = deepTempDir(t)
  const rehearsal = await directoryRehearser(scratch).rehearse({ links: [full, first, second] }, never)
  const checks = await rehearsal.checks(never)
  await rehearsal.close()
  assert.deepEqual(checks.filter(({ status }) => status !== 'pass'), [])
})

test('a single file comes back', async t => {
  const home = tempDir(t)
  writeFileSync(join(home, 'pipeline.yaml'), 'steps: []')
  const backup = await takenBackup(t, sourceOf(t, join(home, 'pipeline.yaml')))
  await assertSound(backup)
  assert.deepEqual(await restored([backup], join(home, 'copy.yaml')), [])
  assert.equal(statSync(join(home, 'copy.yaml')).mtimeMs, statSync(join(home, 'pipeline.yaml')).mtimeMs)
})

/** The holes are holes, and what is between them is the same. */
function assertSparse (original: string, copy: string): void {
  const [wanted, found] = [statSync(original), statSync(copy)]
  assert.deepEqual([found.size, found.mtimeMs], [wanted.size, wanted.mtimeMs])
  assert.ok(found.blocks * 512 < 1024 ** 2, `${found.blocks} blocks`)
  for (const at of [0, 1024 ** 3, 40 * 1024 ** 3]) assert.ok(piece(copy, at).equals(piece(original, at)), String(at))
}

function piece (path: string, at: number): Buffer {
  const bytes = Buffer.alloc(8192)
  const fd = openSync(path, 'r')
  readSync(fd, bytes, 0, bytes.length, at)
  closeSync(fd)
  return bytes
}
