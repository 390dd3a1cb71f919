import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { mountDisk } from '../../support/files/mounted-disk.ts'
import { needRoot } from '../../support/skip-without.ts'
import { FULL } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { complaints, sourceOf, take } from './support.ts'

/**
 * A database in WAL mode with one row in its main file and one in its `-wal`, on a file system that is read-only by
 * now; `files` says what is there.
 */
function onReadOnlyDisk (t: TestContext, files: readonly string[]): string {
  const from = join(tempDir(t), 'app.db')
  const disk = mountDisk(t, '2m')
  const db = new Database(from)
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.pragma('wal_autocheckpoint = 0')
  db.exec('INSERT INTO t VALUES (2)')
  for (const suffix of files) copyFileSync(from + suffix, join(disk, `app.db${suffix}`))
  // More than a copy of all of it could have.
  truncateSync(join(disk, 'app.db'), 2 ** 40)
  db.close()
  execFileSync('mount', ['-o', 'remount,ro', disk])
  return join(disk, 'app.db')
}

for (const [files, rows] of [[[''], [1]], [['', '-wal'], [1, 2]], [['', '-wal', '-shm'], [1, 2]]] as const) {
  test(`a WAL database on a read-only file system is backed up as it is, with ${files.map(suffix => `app.db${suffix}`).join(', ')}`, async t => {
    if (!needRoot(t)) return
    const path = onReadOnlyDisk(t, files)
    const home = tempDir(t)
    const scratch = join(home, 'scratch')
    mkdirSync(scratch)
    const source = sourceOf(path, scratch)
    const { scratch: needed, size } = await source.probe(FULL, never)
    assert.equal(needed, files.length === 3 ? 0 : size)
    const taken = await take(source, home)
    const image = new Database(taken.path, { readonly: true })
    t.after(() => {
      image.close()
    })
    assert.deepEqual(image.prepare('SELECT a FROM t ORDER BY a').pluck().all(), rows)
    assert.deepEqual(await complaints(taken), [])
    assert.deepEqual(readdirSync(scratch), [], 'the copy is gone')
    assert.equal(readFileSync(taken.path).length, taken.size)
  })
}
