import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Placement } from '../../../src/core/restore/restore.ts'
import type { PlainImage } from '../../../src/sources/sqlite/restore-protocol.ts'
import { isOwn, makeFolder, openFolder } from '../../../src/files/folder.ts'
import { placeFile } from '../../../src/sources/sqlite/restore-file.ts'
import { discardAside, replaceFile, undoHalfReplaced } from '../../../src/sources/sqlite/restore-replace.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { needRoot } from '../../support/skip-without.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOBODY = 65534

interface Bench {
  readonly home: string
  readonly folder: string
  readonly victim: string
  readonly placement: Placement
  readonly image: PlainImage
  /**
   * The owner of the folder puts one of theirs, with a link to the victim, in the place of the one that holds the new
   * file.
   */
  exchange(): void
}

/** The folder of an application whose user is `NOBODY`, without its database, and a file of root's. */
function bench (t: TestContext, mode: Placement['mode']): Bench {
  const home = tempDir(t)
  const [folder, victim] = [join(home, 'app'), join(home, 'shadow')]
  mkdirSync(folder)
  chownSync(folder, NOBODY, NOBODY)
  writeFileSync(victim, 'secret', { mode: 0o600 })
  makeMoney(join(home, 'image.db'), { entries: 100 })
  const path = join(folder, 'app.db')
  // The parent that a child which was started by nobody compares with.
  Object.defineProperty(process, 'ppid', { value: 0, configurable: true })
  t.after(() => {
    Reflect.deleteProperty(process, 'ppid')
  })
  return {
    home,
    folder,
    victim,
    placement: { mode, path, overwrite: false, timeout: 1000, aside: `${path}.before-1` },
    image: {
      path: join(home, 'image.db'),
      sha256: createHash('sha256').update(readFileSync(join(home, 'image.db'))).digest('hex')
    },
    exchange () {
      const fresh = `${path}.before-1.new`
      renameSync(fresh, join(folder, 'moved'))
      mkdirSync(fresh)
      symlinkSync(victim, join(fresh, 'image'))
      for (const one of [fresh, join(fresh, 'image')]) lchownSync(one, NOBODY, NOBODY)
    }
  }
}

function rightsOf (path: string): unknown[] {
  const { uid, gid, mode } = lstatSync(path)
  return [uid, gid, (mode & 0o7777).toString(8)]
}

for (const mode of ['replace', 'file'] as const) {
  test(`a folder that is exchanged while the new file is in it gives nothing away, and the file gets to its place (${mode})`, t => {
    if (!needRoot(t)) return
    const { folder, victim, placement, image, exchange } = bench(t, mode)
    let exchanged = 0
    const onBytes = (): void => {
      if (exchanged++ === 0) exchange()
    }
    if (mode === 'replace') replaceFile(image, placement, onBytes)
    else placeFile(image, placement, onBytes)
    assert.equal(exchanged, 1)
    assert.deepEqual([rightsOf(victim), readFileSync(victim, 'utf8')], [[0, 0, '600'], 'secret'])
    assert.deepEqual(rightsOf(placement.path), mode === 'replace' ? [NOBODY, NOBODY, '600'] : [0, 0, '600'])
    assert.deepEqual(readFileSync(placement.path), readFileSync(image.path))
    // What the other user has made is theirs to remove.
    assert.deepEqual(readdirSync(join(folder, 'app.db.before-1.new')), ['image'])
  })
}

test('a folder of the database that is exchanged as the file gets its name is noticed, and nothing is written to the other one', t => {
  if (!needRoot(t)) return
  const { home, folder, placement, image } = bench(t, 'replace')
  writeFileSync(placement.path, 'old')
  mkdirSync(join(home, 'other'))
  assert.throws(() =>
    replaceFile(image, placement, () => {}, (from, to) => {
      linkSync(from, to)
      renameSync(folder, join(home, 'moved'))
      symlinkSync('other', folder)
      lchownSync(folder, NOBODY, NOBODY)
    }), { code: 'RESTORE_TARGET_INVALID', message: /was replaced during the restore/ })
  assert.deepEqual(readdirSync(join(home, 'other')), [])
  assert.deepEqual(readdirSync(join(home, 'moved')).toSorted(), ['app.db', 'app.db.before-1'])
  for (
    const touch of [() => undoHalfReplaced(placement.path, placement.aside), () => {
      discardAside(placement.aside)
    }]
  ) assert.throws(touch, { code: 'RESTORE_TARGET_INVALID' })
})

test('the mode of the old file comes without the rights of a program', t => {
  if (!needRoot(t)) return
  const { placement, image } = bench(t, 'replace')
  writeFileSync(placement.path, '')
  chownSync(placement.path, NOBODY, NOBODY)
  chmodSync(placement.path, 0o6750)
  replaceFile(image, placement, () => {})
  assert.deepEqual(rightsOf(placement.path), [NOBODY, NOBODY, '750'])
})

test('a link in the place of the old file gets no rights of what it leads to', t => {
  if (!needRoot(t)) return
  const { victim, placement, image } = bench(t, 'replace')
  writeFileSync(placement.path, '')
  assert.throws(() =>
    replaceFile(image, placement, () => {
      rmSync(placement.path)
      symlinkSync(victim, placement.path)
    }), { code: 'RESTORE_TARGET_INVALID', message: /is no longer a file/ })
  assert.deepEqual(rightsOf(victim), [0, 0, '600'])
})

test('a new folder is our own with a file that we made in it, and not where another user has exchanged it', t => {
  if (!needRoot(t)) return
  const { home, folder } = bench(t, 'file')
  const held = [folder, home].map(path => openFolder(path))
  const own = makeFolder(held[0]!, 'own')
  const file = openSync(own.at('image'), 'wx', 0o600)
  t.after(() => {
    for (const one of [...held, own]) one.close()
  })
  assert.deepEqual([isOwn(own, file), isOwn(held[0]!, file), isOwn(held[1]!, file)], [
    true,
    false,
    (statSync(home).mode & 0o077) === 0
  ])
})
