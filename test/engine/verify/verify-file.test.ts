import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import Database from 'better-sqlite3'
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { COMPRESSIONS, type Compression } from '../../../src/core/ports/codec.ts'
import { verifyFile, type FileProofDeps, type VerifiedFile } from '../../../src/engine/verify/verify-file.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { needTool } from '../../support/skip-without.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { shopDatabase } from '../../support/databases/shop.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Kept {
  /** A backup in a directory that no engine knows, with its manifest. */
  readonly path: string
  readonly manifestPath: string
  readonly deps: FileProofDeps
  readonly verify: () => Promise<VerifiedFile>
}

async function kept (t: TestContext, compression: Compression): Promise<Kept> {
  const { source } = shopDatabase(t)
  const { deps, create } = await testEngine(t, { sources: [source] })
  const backup = await create({ compression })
  const path = join(tempDir(t), backup.key)
  copyFileSync(backup.filePath, path)
  copyFileSync(`${backup.filePath}.manifest.json`, `${path}.manifest.json`)
  const proof = {
    ...deps,
    storeAt: (directory: string) =>
      localStore({ directory, instanceId: 'test', presence: ALONE, now: () => deps.clock.now() })
  }
  return {
    path,
    manifestPath: `${path}.manifest.json`,
    deps: proof,
    verify: () => verifyFile(proof, path, { phase () {}, bytes () {}, signal: never })
  }
}

function checksOf ({ verification }: VerifiedFile, status: string): string[] {
  return verification.checks.filter(check => check.status === status).map(({ name }) => name)
}

for (const compression of COMPRESSIONS) {
  test(`a ${compression} backup that was carried away is valid by the manifest beside it, and nothing is written there`, async t => {
    const { path, verify } = await kept(t, compression)
    const before = readdirSync(join(path, '..'))
    const found = await verify()
    assert.deepEqual([found.verdict, found.message, found.manifest?.source.name], ['valid', 'Backup is valid', 'shop'])
    assert.deepEqual(
      checksOf(found, 'skipped'),
      compression === 'none' ? ['decryption', 'decompression'] : ['decryption']
    )
    assert.deepEqual(readdirSync(join(path, '..')), before)
  })

  test(`a ${compression} backup without its manifest is sound, and what could not be compared is skipped`, async t => {
    const { manifestPath, verify } = await kept(t, compression)
    rmSync(manifestPath)
    const found = await verify()
    assert.deepEqual([found.verdict, found.verification.valid, found.manifest], ['sound', false, null])
    assert.deepEqual(checksOf(found, 'skipped'), [
      'manifest',
      'checksum',
      'decryption',
      ...compression === 'none' ? ['decompression'] : [],
      'schema',
      'row_counts'
    ])
    assert.match(found.verification.checks.at(-1)?.reason ?? '', /2 tables, 1200 rows$/)
  })

  test(`a ${compression} backup that was cut short is damaged, with its manifest and without`, async t => {
    const { path, manifestPath, verify } = await kept(t, compression)
    truncateSync(path, readFileSync(path).length - 5000 * Number(compression === 'none') - 40)
    assert.deepEqual(checksOf(await verify(), 'fail'), ['checksum'])
    rmSync(manifestPath)
    const found = await verify()
    assert.equal(found.verdict, 'damaged')
    assert.deepEqual(checksOf(found, 'fail'), [compression === 'none' ? 'opens_read_only' : 'decompression'])
  })
}

test('a manifest that is not valid is a failed check, and the content is looked at all the same', async t => {
  const { manifestPath, verify } = await kept(t, 'gzip')
  writeFileSync(manifestPath, '{}')
  const found = await verify()
  assert.deepEqual([found.verdict, checksOf(found, 'fail'), found.manifest], ['damaged', ['manifest'], null])
  assert.ok(checksOf(found, 'pass').includes('integrity_check'))
})

test('a backup that was renamed together with its manifest is valid, and the check says what it was called', async t => {
  const { path, manifestPath, deps } = await kept(t, 'zstd')
  const renamed = join(path, '..', 'monday.db.zst')
  renameSync(path, renamed)
  renameSync(manifestPath, `${renamed}.manifest.json`)
  const found = await verifyFile(deps, renamed, { phase () {}, bytes () {}, signal: never })
  assert.equal(found.verdict, 'valid')
  assert.match(
    found.verification.checks.find(({ name }) => name === 'manifest')?.reason ?? '',
    /^it was written for "shop-backup-/
  )
})

test('rows that break a foreign key say nothing where nobody knows how it was in the source', async t => {
  const { path, manifestPath, verify } = await kept(t, 'none')
  rmSync(manifestPath)
  const db = new Database(path)
  db.pragma('journal_mode = DELETE')
  db.pragma('foreign_keys = OFF')
  db.exec('DELETE FROM customer WHERE id = 7')
  db.close()
  const found = await verify()
  assert.deepEqual(
    [found.verdict, found.verification.checks.find(({ name }) => name === 'foreign_key_check')?.status],
    ['sound', 'skipped']
  )
})

test('what gzip itself made of a database can be looked at', async t => {
  if (!needTool(t, 'gzip')) return
  const { path, manifestPath, deps } = await kept(t, 'none')
  rmSync(manifestPath)
  assert.equal(spawnSync('gzip', [path]).status, 0)
  assert.equal((await verifyFile(deps, `${path}.gz`, { phase () {}, bytes () {}, signal: never })).verdict, 'sound')
})

test('a database in use is refused: its newest rows are not in the file', async t => {
  const { path, verify } = await kept(t, 'none')
  const db = new Database(path)
  t.after(() => {
    db.close()
  })
  db.pragma('journal_mode = WAL')
  db.exec('DELETE FROM invoice')
  await rejectsWith('VALIDATION_FAILED', verify())
})

test('what is not there, and what is no file, is told apart from damage', async t => {
  const { path, deps, verify } = await kept(t, 'none')
  for (const other of [`${path}.old`, join(path, '..', 'folder', 'a.db'), join(path, 'a.db'), join(path, '..')]) {
    const error = await rejectsWith(
      'OBJECT_NOT_FOUND',
      verifyFile(deps, other, { phase () {}, bytes () {}, signal: never })
    )
    assert.ok(error.message.startsWith(`"${other}"`))
  }
  rmSync(path)
  mkdirSync(path)
  await rejectsWith('OBJECT_NOT_FOUND', verify())
})

test('a file that must not be read is no verdict on it', async t => {
  const { path, deps } = await kept(t, 'none')
  const closed = (directory: string) => ({
    ...deps.storeAt(directory),
    stat: () => Promise.reject(new BackupError('STORE_UNAVAILABLE', 'must not be used'))
  })
  const error = await rejectsWith(
    'STORE_UNAVAILABLE',
    verifyFile({ ...deps, storeAt: closed }, path, { phase () {}, bytes () {}, signal: never })
  )
  assert.equal(error.message, `this user has no permission to read "${path}"`)
})

test('a cancelled proof is no verdict either', async t => {
  const { path, manifestPath, deps } = await kept(t, 'gzip')
  rmSync(manifestPath)
  const abort = new AbortController()
  const cancelled = new BackupError('CANCELLED', 'the job was cancelled')
  const progress = {
    phase () {
      abort.abort(cancelled)
    },
    bytes () {},
    signal: abort.signal
  }
  await rejectsWith('CANCELLED', verifyFile(deps, path, progress))
})
