import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import { needRoot } from '../../support/skip-without.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOBODY = 65_534
const CHILD = join(import.meta.dirname, '../../support/processes/rights-child.ts')

interface Places {
  readonly home: string
  readonly backupDir: string
  readonly dataDir: string
  readonly database: string
}

/**
 * Two directories of the service's user, who is nobody, and a database of somebody else's in WAL mode that every user
 * may read.
 */
function places (t: TestContext): Places {
  const home = tempDir(t)
  chmodSync(home, 0o755)
  const [backupDir, dataDir, folder] = ['backups', 'data', 'application'].map(name => join(home, name)) as [
    string,
    string,
    string
  ]
  for (const path of [backupDir, dataDir, folder]) mkdirSync(path, { mode: 0o755 })
  for (const path of [backupDir, dataDir]) chownSync(path, NOBODY, NOBODY)
  const database = join(folder, 'shop.db')
  const db = new Database(database)
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE customer (id INTEGER PRIMARY KEY)')
  db.close()
  chmodSync(database, 0o644)
  return { home, backupDir, dataDir, database }
}

/** What nobody's rights come to; undefined: that user cannot even read the checkout. */
function findings (t: TestContext, { backupDir, dataDir, database }: Places): string[] | undefined {
  const context = {
    backupDir,
    dataDir,
    scratchDir: join(dataDir, 'scratch')
  }
  const { stdout, stderr } = spawnSync(process.execPath, [CHILD, JSON.stringify(context), database], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    env: {},
    encoding: 'utf8'
  })
  if (stdout !== '') return (JSON.parse(stdout) as Finding[]).map(({ status, message }) => `${status}: ${message}`)
  t.skip(`another user cannot run this from here: ${stderr.split('\n').find(line => line.includes('Error')) ?? stderr}`)
  return undefined
}

function check (name: string, arrange: (places: Places, t: TestContext) => void, expected: readonly RegExp[]): void {
  test(name, t => {
    if (!needRoot(t)) return
    const given = places(t)
    arrange(given, t)
    const found = findings(t, given)
    if (found === undefined) return
    assert.equal(found.length, 5)
    const complaints = found.filter(finding => !finding.startsWith('ok: '))
    assert.equal(complaints.length, expected.length, complaints.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(complaints[index] ?? '', pattern)
  })
}

check('who may do everything hears nothing', ({ database }) => {
  chmodSync(join(database, '..'), 0o777)
}, [])

check('a database in WAL mode in a closed folder cannot be read while nobody has it open', () => {}, [
  /^fail: the database ".*" is in WAL mode, and this user has no permission to use or create the "-shm" file of it/
])

check('a "-shm" that can only be read serves while the application runs', ({ database }, t) => {
  const db = new Database(database)
  t.after(() => {
    db.close()
  })
  db.exec('INSERT INTO customer VALUES (1)')
  for (const suffix of ['-shm', '-wal']) chmodSync(database + suffix, 0o644)
}, [/^warn: the "-shm" file of ".*" is readable but not writable/])

check('a database that is closed to the user is said', ({ database }) => {
  chmodSync(database, 0o600)
}, [/^fail: this user has no permission to read the database ".*"/])

check('directories of somebody else fail', ({ backupDir, dataDir, database }) => {
  chmodSync(join(database, '..'), 0o777)
  for (const path of [backupDir, dataDir]) chownSync(path, 0, 0)
}, [
  /^warn: the command runs as user 65534, but DATA_DIR belongs to user 0/,
  /^fail: BACKUP_DIR ".*" is not accessible to this user/,
  /^fail: DATA_DIR ".*" is not accessible to this user/,
  /^fail: SCRATCH_DIR ".*" does not exist, and this user has no permission to create it in/
])
