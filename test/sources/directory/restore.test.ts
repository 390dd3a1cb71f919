import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import type { Link } from '../../../src/core/restore/restorable.ts'
import type { Placed, Placement } from '../../../src/core/restore/restore.ts'
import { directoryRestorer } from '../../../src/sources/directory/restore.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { needRoot, needTool } from '../../support/skip-without.ts'
import { backedUp, incrementOn, listOfTar, storedDirectory, tarOf } from '../../support/sources/directory-backup.ts'
import { deepTempDir, differences, makeOddTree, SPARSE_SIZE } from '../../support/sources/odd-tree.ts'
import { never, noise, rejection, until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const restorer = directoryRestorer()

function placementOf (path: string, given: Partial<Placement> = {}): Placement {
  return { mode: 'file', path, overwrite: false, timeout: 0, aside: `${path}.before-12345678`, ...given }
}

async function restore (links: readonly [Link, ...Link[]], placement: Placement): Promise<Placed> {
  const [last] = links.slice(-1)
  await restorer.check((last ?? links[0]).manifest, placement, never)
  return await restorer.place({ links }, placement, () => {}, never)
}

/** A small tree, and another one in the same place. */
function smallTree (t: TestContext): { readonly home: string, readonly tree: string } {
  const home = tempDir(t)
  const tree = join(home, 'tree')
  mkdirSync(join(tree, 'deep/er'), { recursive: true })
  writeFileSync(join(tree, 'deep/er/file'), 'before')
  writeFileSync(join(tree, 'top'), 'top')
  return { home, tree }
}

describe('a whole tree', () => {
  test('comes back as it was: names of any bytes, links, owners, modes, times, holes', async t => {
    if (!needTool(t, 'rsync') || !needRoot(t)) return
    const home = deepTempDir(t)
    const tree = join(home, 'tree')
    mkdirSync(tree)
    makeOddTree(tree)
    const backup = backedUp(t, tree)
    const copy = join(home, 'copy')
    const { warnings, isOldKept } = await restore([backup], placementOf(copy))
    assert.deepEqual([warnings, isOldKept], [[], false])
    assert.equal(differences(tree, copy), '')
    const [original, restored] = [statSync(join(tree, 'sparse')), statSync(join(copy, 'sparse'))]
    assert.deepEqual([restored.size, restored.mtimeMs], [SPARSE_SIZE, original.mtimeMs])
    assert.ok(restored.blocks * 512 < 1024 ** 2, `${restored.blocks} blocks`)
    assert.equal(lstatSync(join(copy, 'fifo'), { throwIfNoEntry: false }), undefined)
    assert.deepEqual(readdirSync(home).toSorted(), ['copy', 'tree'])
  })
})

describe('a chain', () => {
  test('gives back each link exactly: what was changed, added, removed, and made something else', async t => {
    if (!needTool(t, 'rsync')) return
    const { home, tree } = smallTree(t)
    writeFileSync(join(tree, 'gone'), 'gone in the first increment')
    writeFileSync(join(tree, 'deep/turns'), 'a file that becomes a directory')
    linkSync(join(tree, 'top'), join(tree, 'second name'))
    const full = backedUp(t, tree)
    spawnSync('cp', ['-a', tree, join(home, 'state 0')])

    rmSync(join(tree, 'gone'))
    rmSync(join(tree, 'deep/turns'))
    mkdirSync(join(tree, 'deep/turns'))
    writeFileSync(join(tree, 'deep/turns/inner'), 'new')
    writeFileSync(join(tree, 'deep/er/file'), 'after')
    const first = incrementOn(t, full.entries, tree)
    spawnSync('cp', ['-a', tree, join(home, 'state 1')])

    symlinkSync('top', join(tree, 'link'))
    rmSync(join(tree, 'deep/er'), { recursive: true })
    const second = incrementOn(t, first.entries, tree, 2)
    spawnSync('cp', ['-a', tree, join(home, 'state 2')])

    const chain = [full, first, second] as const
    assert.ok(second.manifest.image.size < full.manifest.image.size)
    for (const [depth] of chain.entries()) {
      const [, ...increments] = chain.slice(0, depth + 1)
      const { warnings } = await restore([full, ...increments], placementOf(join(home, `copy ${depth}`)))
      assert.deepEqual(warnings, [])
      assert.equal(differences(join(home, `state ${depth}`), join(home, `copy ${depth}`)), '', `link ${depth}`)
    }
  })
})

describe('replace', () => {
  test('puts the tree in the place of the old one, which stays aside and comes back by a rename', async t => {
    const { home, tree } = smallTree(t)
    const backup = backedUp(t, tree)
    writeFileSync(join(tree, 'top'), 'changed')
    writeFileSync(join(tree, 'newer'), 'newer')
    const placement = placementOf(tree, { mode: 'replace' })
    const { isOldKept, bytes, warnings } = await restore([backup], placement)
    assert.deepEqual([isOldKept, bytes, warnings], [true, 9, []])
    assert.deepEqual(readdirSync(tree).toSorted(), ['deep', 'top'])
    assert.equal(readFileSync(join(tree, 'top'), 'utf8'), 'top')
    assert.equal(readFileSync(join(placement.aside, 'newer'), 'utf8'), 'newer')
    assert.deepEqual(readdirSync(home).toSorted(), ['tree', 'tree.before-12345678'])
    assert.equal(await restorer.settle(tree, placement.aside), true)
    await restorer.discard(placement.aside)
    assert.deepEqual(readdirSync(home), ['tree'])
  })

  test('is undone by a revert: the old tree has its name again, and nothing of the new one stays', async t => {
    const { home, tree } = smallTree(t)
    const backup = backedUp(t, tree)
    writeFileSync(join(tree, 'top'), 'changed')
    const placement = placementOf(tree, { mode: 'replace' })
    await restore([backup], placement)
    for (const time of ['first', 'second']) {
      await restorer.revert(tree, placement.aside, true)
      assert.deepEqual([readdirSync(home), readFileSync(join(tree, 'top'), 'utf8')], [['tree'], 'changed'], time)
    }
  })

  test('puts a tree where nothing is; a revert removes it, and completes one that was interrupted', async t => {
    const { home, tree } = smallTree(t)
    const backup = backedUp(t, tree)
    rmSync(tree, { recursive: true })
    const placement = placementOf(tree, { mode: 'replace' })
    const { isOldKept } = await restore([backup], placement)
    assert.deepEqual([isOldKept, readFileSync(join(tree, 'top'), 'utf8')], [false, 'top'])
    // As a kill between the two renames would leave it.
    mkdirSync(`${placement.aside}.new`, { mode: 0o700 })
    renameSync(tree, join(`${placement.aside}.new`, 'tree'))
    for (const hadContent of [false, false, true]) {
      await restorer.revert(tree, placement.aside, hadContent)
      assert.deepEqual(readdirSync(home), [])
    }
    await restore([backup], placement)
    await restorer.revert(tree, placement.aside, false)
    assert.deepEqual(readdirSync(home), [])
  })

  test('a revert works for a single file, for a tree that its owner may not write to, and where the folder is gone', async t => {
    const { home, tree } = smallTree(t)
    const file = join(tree, 'top')
    const tar = tarOf(tree)
    const entries = listOfTar(tar).filter(({ path }) => path.toString() === 'top')
    writeFileSync(file, 'changed')
    const placement = placementOf(file, { mode: 'replace' })
    await restore([storedDirectory(t, { tar, entries })], placement)
    assert.equal(readFileSync(file, 'utf8'), 'top')
    await restorer.revert(file, placement.aside, true)
    assert.deepEqual([readdirSync(tree).toSorted(), readFileSync(file, 'utf8')], [['deep', 'top'], 'changed'])
    chmodSync(tree, 0o500)
    const whole = placementOf(tree, { mode: 'replace' })
    await restore([backedUp(t, tree)], whole)
    await restorer.revert(tree, whole.aside, true)
    assert.deepEqual([readdirSync(home), statSync(tree).mode & 0o777], [['tree'], 0o500])
    chmodSync(tree, 0o700)
    rmSync(home, { recursive: true })
    await restorer.revert(tree, whole.aside, true)
  })

  test('is refused while a process has a file of the tree open, and names it', async t => {
    const { tree } = smallTree(t)
    const backup = backedUp(t, tree)
    const holder = spawn('tail', ['-f', join(tree, 'deep/er/file')], { stdio: 'ignore' })
    t.after(() => holder.kill())
    await until(async () => (await restorer.holders(tree, never)).length > 0)
    const { message } = await rejectsWith(
      'RESTORE_TARGET_OPEN',
      restore([backup], placementOf(tree, { mode: 'replace' }))
    )
    assert.match(message, new RegExp(`are open: ${holder.pid} \\(tail -f `))
  })

  test('is refused for a mount point, and for a tree with one in it', async t => {
    if (!needRoot(t)) return
    const { tree } = smallTree(t)
    const backup = backedUp(t, tree)
    for (
      const [point, what] of [[join(tree, 'deep'), /contains the mount point/], [tree, /is a mount point/]] as const
    ) {
      const mounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', point])
      if (mounted.status !== 0) {
        t.skip('this user may not mount file systems')
        return
      }
      try {
        const placement = placementOf(tree, { mode: 'replace' })
        const { message } = await rejectsWith('RESTORE_TARGET_INVALID', restore([backup], placement))
        assert.match(message, what)
      } finally {
        spawnSync('umount', [point])
      }
    }
  })

  test('changes nothing where the backup is damaged', async t => {
    const { home, tree } = smallTree(t)
    const tar = tarOf(tree)
    const entries = listOfTar(tar)
    const offset = entries.find(({ path }) => path.toString() === 'top')?.offset ?? 0
    const changed = Buffer.from(tar)
    changed[offset] = 0x58
    writeFileSync(join(tree, 'top'), 'now')
    const backup = storedDirectory(t, { tar: changed, entries })
    const { message } = await rejectsWith(
      'CHECKSUM_MISMATCH',
      restore([backup], placementOf(tree, { mode: 'replace' }))
    )
    assert.match(message, /the content of "top" is not what was backed up/)
    assert.deepEqual([readdirSync(home), readFileSync(join(tree, 'top'), 'utf8')], [['tree'], 'now'])
  })

  test('an abort on the way leaves nothing behind', async t => {
    const { home, tree } = smallTree(t)
    writeFileSync(join(tree, 'large'), noise(5_000_000))
    const backup = backedUp(t, tree)
    const abort = new AbortController()
    const reason = new Error('enough')
    const placement = placementOf(tree, { mode: 'replace' })
    const placed = restorer.place({ links: [backup] }, placement, () => {
      abort.abort(reason)
    }, abort.signal)
    assert.equal(await rejection(placed), reason)
    assert.deepEqual(readdirSync(home), ['tree'])
  })
})

describe('after a crash', () => {
  test('settle removes what is not finished, and gives the old tree its name back', async t => {
    const { home, tree } = smallTree(t)
    const aside = `${tree}.before-12345678`
    const unfinished = join(home, 'tree.before-12345678.new')
    mkdirSync(unfinished, { mode: 0o700 })
    mkdirSync(join(unfinished, 'tree/half'), { recursive: true })
    assert.equal(await restorer.settle(tree, aside), false)
    assert.deepEqual(readdirSync(home), ['tree'])

    renameSync(tree, aside)
    mkdirSync(unfinished, { mode: 0o700 })
    assert.equal(await restorer.settle(tree, aside), false)
    assert.deepEqual([readdirSync(home), readFileSync(join(tree, 'top'), 'utf8')], [['tree'], 'top'])
    assert.equal(await restorer.settle(tree, aside), false)
    assert.equal(await restorer.settle('/nowhere/tree', '/nowhere/tree.before-12345678'), false)
  })

  test('settle leaves a directory that is not its own', async t => {
    const { home, tree } = smallTree(t)
    const aside = `${tree}.before-12345678`
    mkdirSync(`${aside}.new`, { mode: 0o755 })
    mkdirSync(join(`${aside}.new`, 'tree'))
    await restorer.settle(tree, aside)
    assert.deepEqual(readdirSync(home).toSorted(), ['tree', 'tree.before-12345678.new'])
  })
})

describe('to another path', () => {
  test('never takes the place of anything but an empty directory', async t => {
    const { home, tree } = smallTree(t)
    const backup = backedUp(t, tree)
    const before = readFileSync(join(tree, 'top'))
    for (const overwrite of [false, true]) {
      await rejectsWith('RESTORE_TARGET_EXISTS', restore([backup], placementOf(tree, { overwrite })))
      await rejectsWith(
        'RESTORE_TARGET_EXISTS',
        restorer.place({ links: [backup] }, placementOf(tree, { overwrite }), () => {}, never)
      )
    }
    writeFileSync(join(home, 'a file'), 'kept')
    await rejectsWith('RESTORE_TARGET_EXISTS', restore([backup], placementOf(join(home, 'a file'))))
    await rejectsWith('RESTORE_TARGET_INVALID', restore([backup], placementOf(join(home, 'a file/inside'))))
    mkdirSync(join(home, 'empty'))
    await restore([backup], placementOf(join(home, 'empty')))
    assert.deepEqual(readdirSync(home).toSorted(), ['a file', 'empty', 'tree'])
    assert.deepEqual([readFileSync(join(home, 'empty/top')), readFileSync(join(home, 'a file'), 'utf8')], [
      before,
      'kept'
    ])
  })

  test('a place that what is restored cannot take is refused before anything is extracted', async t => {
    const { home, tree } = smallTree(t)
    const directory = backedUp(t, tree)
    const { stdout: tar } = spawnSync('tar', ['-C', tree, '--format=posix', '-cf', '-', 'top'])
    const file = storedDirectory(t, { tar, entries: listOfTar(tar) })
    const [aFile, empty] = [join(home, 'a file'), join(home, 'empty')]
    writeFileSync(aFile, 'kept')
    mkdirSync(empty)
    const refused: ReadonlyArray<readonly [Link, Placement]> = [
      [directory, placementOf(aFile, { overwrite: true })],
      [file, placementOf(aFile, { overwrite: true, only: ['top'] })],
      [file, placementOf(aFile)],
      [file, placementOf(empty)],
      [file, placementOf(empty, { overwrite: true })]
    ]
    for (const [backup, placement] of refused) {
      await rejectsWith('RESTORE_TARGET_EXISTS', restorer.check(backup.manifest, placement, never))
      await rejectsWith('RESTORE_TARGET_EXISTS', restorer.place({ links: [backup] }, placement, () => {}, never))
    }
    assert.equal(readFileSync(aFile, 'utf8'), 'kept')
    await restore([file], placementOf(empty, { only: ['top'] }))
    await restore([file], placementOf(aFile, { overwrite: true }))
    assert.deepEqual([readdirSync(empty), readFileSync(aFile, 'utf8')], [['top'], 'top'])
  })

  test('a source that is a single file comes back as a file', async t => {
    const { home } = smallTree(t)
    writeFileSync(join(home, 'pipeline.yaml'), 'steps: []')
    const { stdout: tar } = spawnSync('tar', ['-C', home, '--format=posix', '-cf', '-', 'pipeline.yaml'])
    const backup = storedDirectory(t, { tar, entries: listOfTar(tar) })
    await restore([backup], placementOf(join(home, 'copy.yaml')))
    assert.equal(readFileSync(join(home, 'copy.yaml'), 'utf8'), 'steps: []')
    await rejectsWith('RESTORE_TARGET_EXISTS', restore([backup], placementOf(join(home, 'copy.yaml'))))
    writeFileSync(join(home, 'copy.yaml'), 'other')
    const { isOldKept } = await restore([backup], placementOf(join(home, 'copy.yaml'), { mode: 'replace' }))
    assert.deepEqual([isOldKept, readFileSync(join(home, 'copy.yaml'), 'utf8')], [true, 'steps: []'])
    await restore([backup], placementOf(join(home, 'selected'), { only: ['*.yaml'] }))
    assert.deepEqual(readdirSync(join(home, 'selected')), ['pipeline.yaml'])
  })

  test('extended attributes come back where they were backed up', async t => {
    if (!needTool(t, 'setfattr') || !needTool(t, 'rsync')) return
    const { home, tree } = smallTree(t)
    if (spawnSync('setfattr', ['-n', 'user.origin', '-v', 'scan', join(tree, 'top')]).status !== 0) {
      t.skip('the file system has no extended attributes')
      return
    }
    const backup = backedUp(t, tree, '--xattrs')
    await restore([backup], placementOf(join(home, 'copy')))
    assert.equal(differences(tree, join(home, 'copy')), '')
  })

  test('what another user would own belongs to this one, and the restore reports it', async t => {
    if (!needRoot(t)) return
    const { home, tree } = smallTree(t)
    chownSync(join(tree, 'top'), 12_345, 12_345)
    chmodSync(join(tree, 'top'), 0o4755)
    const backup = backedUp(t, tree)
    chownSync(home, 1, 1)
    for (const path of ['main', 'files', '.']) chmodSync(join(backup.directory, path), 0o755)
    const { status, stdout, stderr } = spawnSync(process.execPath, [
      join(import.meta.dirname, '../../support/sources/restore-child.ts'),
      backup.directory,
      JSON.stringify(backup.manifest),
      JSON.stringify(placementOf(join(home, 'copy')))
    ], { uid: 1, gid: 1, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const { warnings } = JSON.parse(stdout) as { readonly warnings: readonly string[] }
    assert.match(
      warnings.join('\n'),
      /5 of the files and directories do not have their owner or group, .*"deep".* and 2 more/
    )
    assert.match(warnings.join('\n'), /1 of the files and directories do not have their mode: "top"/)
    assert.equal(lstatSync(join(home, 'copy/top')).mode & 0o7777, 0o755)
  })
})

describe('selected paths', () => {
  async function selected (t: TestContext, only: readonly string[]): Promise<readonly string[]> {
    const home = deepTempDir(t)
    const tree = join(home, 'tree')
    mkdirSync(tree)
    makeOddTree(tree)
    await restore([backedUp(t, tree)], placementOf(join(home, 'copy'), { only }))
    const { stdout } = spawnSync('find', ['.', '-mindepth', '1', '-printf', '%P %y %n\n'], {
      cwd: join(home, 'copy'),
      encoding: 'utf8'
    })
    return stdout.split('\n').filter(line => line !== '').toSorted()
  }

  test('come with the directories that they are in, and with nothing else', async t => {
    assert.deepEqual(await selected(t, ['payloads/2025/**/two.json', 'a-b', 'inner']), [
      'a-b f 1',
      'inner l 1',
      'payloads d 3',
      'payloads/2025 d 3',
      'payloads/2025/11 d 2',
      'payloads/2025/11/two.json f 1'
    ])
  })

  test('of hard links, those that are selected stay one file, also without the name that has the content', async t => {
    assert.deepEqual(await selected(t, ['payloads']), [
      'payloads d 4',
      'payloads/2024 d 2',
      'payloads/2024/hard too f 2',
      'payloads/2024/old.json f 1',
      'payloads/2025 d 3',
      'payloads/2025/11 d 2',
      'payloads/2025/11/one.json f 2',
      'payloads/2025/11/two.json f 1'
    ])
    assert.deepEqual(await selected(t, ['payloads/2025/11/one.json']), [
      'payloads d 3',
      'payloads/2025 d 3',
      'payloads/2025/11 d 2',
      'payloads/2025/11/one.json f 1'
    ])
  })

  test('a pattern that matches nothing, or is not one, is refused by name, and nothing is made', async t => {
    const { home, tree } = smallTree(t)
    const backup = backedUp(t, tree)
    const copy = join(home, 'copy')
    const { message } = await rejectsWith(
      'PATH_NOT_FOUND',
      restore([backup], placementOf(copy, { only: ['top', 'deep/other'] }))
    )
    assert.match(message, /"deep\/other"/)
    await rejectsWith('VALIDATION_FAILED', restore([backup], placementOf(copy, { only: ['../tree'] })))
    assert.deepEqual(readdirSync(home), ['tree'])
  })

  test('one file is read from the store as a range, and compared with its digest', async t => {
    const { home, tree } = smallTree(t)
    writeFileSync(join(tree, 'large'), noise(1_000_000))
    const backup = backedUp(t, tree)
    const ranges: unknown[] = []
    const images: Link['images'] = {
      file: backup.images.file,
      open: async () => assert.fail('the whole archive was read'),
      range: async (part, range, signal) => {
        ranges.push(range)
        return await backup.images.range?.(part, range, signal) ?? null
      }
    }
    const placement = placementOf(join(home, 'copy'), { only: ['deep/er/*'] })
    await restore([{ manifest: backup.manifest, images }], placement)
    assert.equal(readFileSync(join(home, 'copy/deep/er/file'), 'utf8'), 'before')
    const entry = backup.entries.find(({ path }) => path.toString() === 'deep/er/file')
    assert.deepEqual(ranges.at(-1), { start: entry?.offset, end: (entry?.offset ?? 0) + 5 })

    rmSync(join(home, 'copy'), { recursive: true })
    const other: Link['images'] = { ...images, range: async () => Readable.from([Buffer.from('befoRE')]) }
    await rejectsWith('CHECKSUM_MISMATCH', restore([{ manifest: backup.manifest, images: other }], placement))
  })
})
