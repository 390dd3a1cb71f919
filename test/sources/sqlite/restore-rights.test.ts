import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Placement } from '../../../src/core/restore/restore.ts'
import type { PlainImage } from '../../../src/sources/sqlite/restore-protocol.ts'
import { placeFile } from '../../../src/sources/sqlite/restore-file.ts'
import { replaceFile, undoHalfReplaced } from '../../../src/sources/sqlite/restore-replace.ts'
import { sqliteRestorer } from '../../../src/sources/sqlite/restore.ts'
import { manifestOf } from '../../support/catalog/catalog.ts'
import { makeMoney, readMoney, TOTAL } from '../../support/databases/money.ts'
import { needRoot } from '../../support/skip-without.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { restorableOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench {
  readonly folder: string
  readonly placement: Placement
  readonly image: PlainImage
}

/**
 * A database that belongs to 1001:3000 with the mode 0640, in a folder of 1001:3000; the image may be read by
 * everybody.
 */
function bench (t: TestContext, mode: Placement['mode']): Bench {
  const home = tempDir(t)
  const folder = join(home, 'app')
  mkdirSync(folder)
  const path = join(folder, 'app.db')
  makeMoney(path, { entries: 2000 })
  makeMoney(join(home, 'image.db'), { entries: 1000 })
  chmodSync(join(home, 'image.db'), 0o644)
  chmodSync(path, 0o640)
  const sha256 = createHash('sha256').update(readFileSync(join(home, 'image.db'))).digest('hex')
  return {
    folder,
    placement: { mode, path, overwrite: false, timeout: 5000, aside: `${path}.aside` },
    image: { path: join(home, 'image.db'), sha256, properties: { fileUid: 1001, fileGid: 3000, fileMode: '0666' } }
  }
}

function give ({ folder, placement }: Bench): void {
  for (const path of [folder, placement.path]) chownSync(path, 1001, 3000)
}

function rightsOf (path: string): unknown[] {
  const { uid, gid, mode } = statSync(path)
  return [uid, gid, (mode & 0o7777).toString(8)]
}

async function place ({ folder, placement, image: { path, properties = {} } }: Bench): Promise<readonly string[]> {
  const { facts } = manifestOf({ id: 1 })
  const backup = restorableOf(path, { facts: { ...facts, properties } })
  return (await sqliteRestorer(join(folder, '..')).place(backup, placement, () => {}, never)).warnings
}

test('restored by root, a replaced database belongs to the owner of the old one, with its mode', async t => {
  if (!needRoot(t)) return
  const here = bench(t, 'replace')
  give(here)
  assert.deepEqual([await place(here), rightsOf(here.placement.path)], [[], [1001, 3000, '640']])
})

test('where the database is gone, the new one belongs to the owner of the folder, and is open to no more than its group', async t => {
  if (!needRoot(t)) return
  const here = bench(t, 'replace')
  give(here)
  rmSync(here.placement.path)
  assert.deepEqual([await place(here), rightsOf(here.placement.path)], [[], [1001, 3000, '660']])
  rmSync(here.placement.path)
  assert.deepEqual(
    [await place({ ...here, image: { ...here.image, properties: {} } }), rightsOf(here.placement.path)],
    [[], [1001, 3000, '600']]
  )
})

test('an owner from a manifest alone is a suggestion: the command is named, and nothing is given away', async t => {
  if (!needRoot(t)) return
  const here = bench(t, 'replace')
  rmSync(here.placement.path)
  const [warning] = await place(here)
  assert.match(warning ?? '', /run "chown 1001:3000 .*app\.db"/)
  assert.deepEqual(rightsOf(here.placement.path), [0, 0, '660'])
})

test('a restored file at another path is for its owner alone, whatever the stored one and the umask allow', async t => {
  const { folder, placement, image } = bench(t, 'file')
  const umask = process.umask(0o000)
  t.after(() => process.umask(umask))
  await place({ folder, image, placement: { ...placement, path: join(folder, 'copy.db') } })
  assert.deepEqual(rightsOf(join(folder, 'copy.db')), [process.getuid?.(), process.getgid?.(), '600'])
})

test('a live restore by root leaves owner and mode of the database and of its log', async t => {
  if (!needRoot(t)) return
  const here = bench(t, 'live')
  give(here)
  const { path } = here.placement
  const reader = await sqliteProcess(t, path, 'SELECT count(*) FROM entry')
  for (const suffix of ['-wal', '-shm']) if (existsSync(path + suffix)) chownSync(path + suffix, 1001, 3000)
  assert.deepEqual(await place(here), [])
  for (const suffix of ['', '-wal', '-shm']) assert.deepEqual(rightsOf(path + suffix), [1001, 3000, '640'], suffix)
  await reader.stop()
})

const noLinks = (): never => {
  throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' })
}

test('on a file system without hard links a file is placed, never over another, and a database is replaced', t => {
  const { folder, placement, image } = bench(t, 'file')
  // The parent that a child which was started by nobody compares with.
  Object.defineProperty(process, 'ppid', { value: 0, configurable: true })
  t.after(() => {
    Reflect.deleteProperty(process, 'ppid')
  })
  const path = join(folder, 'copy.db')
  placeFile(image, { ...placement, path }, () => {}, noLinks)
  assert.deepEqual(readMoney(path), { sum: TOTAL, integrity: 'ok' })
  assert.throws(() => placeFile(image, { ...placement, path }, () => {}, noLinks), { code: 'RESTORE_TARGET_EXISTS' })
  assert.equal(replaceFile(image, { ...placement, mode: 'replace' }, () => {}, noLinks).isOldKept, true)
  assert.deepEqual(readFileSync(placement.path), readFileSync(image.path))
  assert.equal(readMoney(placement.aside).integrity, 'ok')
  assert.deepEqual(readdirSync(folder).filter(name => name.endsWith('.new')), [])
})

test('a replacement without hard links that was cut short gives the old file its name back', t => {
  const { placement: { path, aside } } = bench(t, 'replace')
  copyFileSync(path, aside)
  rmSync(path)
  assert.equal(undoHalfReplaced(path, aside), false)
  assert.equal(undoHalfReplaced(path, aside), false)
  assert.deepEqual([existsSync(aside), readMoney(path).integrity], [false, 'ok'])
})
