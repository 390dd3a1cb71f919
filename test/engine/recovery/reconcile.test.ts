import assert from 'node:assert/strict'
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { serializeManifest, withSignature } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { reconcile } from '../../../src/engine/recovery/reconcile.ts'
import { addJob, openBeside } from '../../support/catalog/catalog.ts'
import { filesOf, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testSigning } from '../../support/engine/signing.ts'

interface Crashed extends TestEngine {
  /** The row that says `in_progress`, and what a whole backup under its name would be. */
  readonly row: Backup
  readonly manifest: Manifest
  readonly older: Backup
}

/** One whole backup, and the row of another that was being made when the process ended. */
async function crashed (t: TestContext, signing = testSigning()): Promise<Crashed> {
  const bench = await testEngine(t, { signing })
  const older = await bench.create()
  const model = (await bench.deps.catalog.backups.manifest(older.id))!
  const key = 'shop-backup-2025-11-24T23-30-09.db'
  const row = await bench.deps.catalog.backups.start({
    source: 'shop',
    type: 'manual',
    method: 'full',
    schedule: null,
    key,
    filePath: join(bench.directory, key),
    description: null,
    compression: 'none',
    encryption: 'none',
    startedAt: bench.clock.now(),
    parts: []
  })
  const gone = await openBeside(t, bench.catalogPath, 'gone')
  await addJob(gone, {
    kind: 'create',
    source: 'shop',
    backupId: null,
    leases: ['source:shop'],
    createdAt: bench.clock.now()
  })
  return {
    ...bench,
    row,
    older,
    manifest: bench.deps.signing.sign({ ...model, id: row.id, object: { ...model.object, name: key } })
  }
}

const crashes: ReadonlyArray<readonly [string, (crash: Crashed) => void]> = [
  ['before anything was stored', () => {}],
  ['with the object alone', ({ row }) => {
    writeFileSync(row.filePath, 'half of it')
  }],
  ['with a manifest alone', ({ row, manifest }) => {
    writeFileSync(`${row.filePath}.manifest.json`, serializeManifest(manifest))
  }],
  ['with an object and half a manifest', ({ row, source }) => {
    writeFileSync(row.filePath, source.bytes)
    writeFileSync(`${row.filePath}.manifest.json`, '{"format": "holdfast')
  }],
  ['with an object that is shorter than its manifest says', ({ row, manifest, source }) => {
    writeFileSync(row.filePath, source.bytes)
    truncateSync(row.filePath, 100)
    writeFileSync(`${row.filePath}.manifest.json`, serializeManifest(manifest))
  }],
  ['with the object set aside', ({ row, directory }) => {
    mkdirSync(join(directory, 'quarantine'))
    writeFileSync(join(directory, 'quarantine', row.key), 'failed its verification')
  }]
]
for (const [what, crash] of crashes) {
  test(`a crash ${what} is a failed row, and nothing of it is left`, async t => {
    const crash0 = await crashed(t)
    crash(crash0)
    const { jobs, completed, failed } = await reconcile(crash0.deps)
    assert.deepEqual([jobs, completed, failed.map(({ id, status, errorCode }) => [id, status, errorCode])], [1, [], [[
      crash0.row.id,
      'failed',
      'INTERRUPTED'
    ]]])
    assert.deepEqual(crash0.files(), filesOf(crash0.older))
    assert.equal((await crash0.engine.job(2)).errorCode, 'INTERRUPTED')
  })
}

test('a crash is a failed row where the object belongs to a backup of another source, which stays', async t => {
  const { row, manifest, source, older, deps, files } = await crashed(t)
  writeFileSync(row.filePath, source.bytes)
  writeFileSync(
    `${row.filePath}.manifest.json`,
    serializeManifest(deps.signing.sign({ ...manifest, source: { ...manifest.source, name: 'bank' } }))
  )
  const { completed, failed } = await reconcile(deps)
  assert.deepEqual([completed, failed.map(({ id, status, errorCode }) => [id, status, errorCode])], [[], [[
    row.id,
    'failed',
    'INTERRUPTED'
  ]]])
  assert.deepEqual(files(), filesOf(older, row))
})

for (const [verifiedAt, status] of [['2025-11-24T23:30:09.000Z', 'valid'], [null, 'unverified']] as const) {
  test(`a crash after the manifest of a backup that is ${status} is a completed row`, async t => {
    const { deps, engine, row, manifest, source, older, files } = await crashed(t)
    writeFileSync(row.filePath, source.bytes)
    writeFileSync(`${row.filePath}.manifest.json`, serializeManifest(deps.signing.sign({ ...manifest, verifiedAt })))
    const { completed, failed } = await reconcile(deps)
    assert.deepEqual([completed.map(({ id }) => id), failed], [[row.id], []])
    const backup = await engine.backup(row.id)
    assert.deepEqual([backup.status, backup.verification.status, backup.size, backup.copies.length], [
      'completed',
      status,
      source.bytes.length,
      1
    ])
    assert.deepEqual(files(), filesOf(older, row))
    assert.equal((await (await engine.verify(row.id)).result).verification.valid, true)
  })
}

test('a crash after a manifest that nobody signed is a failed row where a signature is required', async t => {
  const { deps, row, manifest, source } = await crashed(t, testSigning({ isRequired: true }))
  writeFileSync(row.filePath, source.bytes)
  writeFileSync(`${row.filePath}.manifest.json`, serializeManifest(withSignature(manifest, undefined)))
  const { completed, failed } = await reconcile(deps)
  assert.deepEqual([completed, failed.map(({ id }) => id)], [[], [row.id]])
})

test('where nothing was under way nothing changes', async t => {
  const { deps, engine, create, files } = await testEngine(t)
  const backup = await create()
  assert.deepEqual(await reconcile(deps), { jobs: 0, completed: [], failed: [], restores: [] })
  assert.deepEqual([await engine.backup(backup.id), files()], [backup, filesOf(backup)])
})

test('a store that cannot be read decides nothing, and the rest goes on', async t => {
  const { deps, engine, events, faults, row, older, clock, directory } = await crashed(t)
  await deps.catalog.backups.trash(older.id, `trash/${older.key}`, join(directory, 'trash', older.key), clock.now())
  faults.fail('store.stat', { error: new BackupError('STORE_FAILED', 'not mounted') })
  assert.deepEqual((await reconcile(deps)).failed, [])
  assert.equal((await engine.backup(row.id)).status, 'in_progress')
  assert.deepEqual(events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []), [[
    'housekeeping',
    'STORE_FAILED'
  ]])
  assert.ok(existsSync(join(directory, 'trash', older.key)), 'what was half moved into the trash is there')
  assert.equal((await reconcile(deps)).failed[0]?.id, row.id)
})

test('a catalog that fails stops a start', async t => {
  const { deps, faults } = await crashed(t)
  faults.fail('backups.fail', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await rejectsWith('CATALOG_BUSY', reconcile(deps))
})

/** A backup whose row is in the trash, and whose files are still where they were. */
async function beingTrashed (t: TestContext): Promise<
  TestEngine & { readonly backup: Backup, readonly trashed: Backup, readonly path: string, readonly trashPath: string }
> {
  const bench = await testEngine(t)
  const backup = await bench.create()
  const key = `trash/${backup.key}`
  const trashed = await bench.deps.catalog.backups.trash(
    backup.id,
    key,
    bench.deps.store.location(key),
    bench.clock.now()
  )
  mkdirSync(join(bench.directory, 'trash'))
  return { ...bench, backup, trashed, path: backup.filePath, trashPath: trashed.filePath }
}

const MANIFEST = '.manifest.json'
const halfTrashed: ReadonlyArray<readonly [string, (path: string, trashPath: string) => void]> = [
  ['before its files were moved', () => {}],
  ['between the two names of its manifest', (path, trashPath) => {
    linkSync(path + MANIFEST, trashPath + MANIFEST)
  }],
  ['between manifest and object', (path, trashPath) => {
    renameSync(path + MANIFEST, trashPath + MANIFEST)
  }],
  ['between the two names of its object', (path, trashPath) => {
    renameSync(path + MANIFEST, trashPath + MANIFEST)
    linkSync(path, trashPath)
  }],
  ['after its files were moved', (path, trashPath) => {
    renameSync(path + MANIFEST, trashPath + MANIFEST)
    renameSync(path, trashPath)
  }],
  ['while it was brought back, after the object', (path, trashPath) => {
    renameSync(path + MANIFEST, trashPath + MANIFEST)
  }]
]
for (const [when, crash] of halfTrashed) {
  test(`a removal that ended ${when} is brought to its end, and can be taken back`, async t => {
    const { deps, engine, backup, trashed, path, trashPath, files } = await beingTrashed(t)
    crash(path, trashPath)
    await reconcile(deps)
    assert.deepEqual(files(), filesOf(trashed))
    await reconcile(deps)
    await (await engine.undelete(backup.id)).result
    assert.deepEqual([await engine.backup(backup.id), files()], [backup, filesOf(backup)])
  })
}

test('emptying the trash that ended between manifest and object is brought to its end', async t => {
  const { deps, engine, backup, path, trashPath, files } = await beingTrashed(t)
  rmSync(path + MANIFEST)
  renameSync(path, trashPath)
  await reconcile(deps)
  assert.deepEqual([files(), (await engine.backup(backup.id)).deletedAt !== null], [[], true])
})

for (
  const [when, crash] of [
    ['before its files were removed', () => {}],
    ['between manifest and object', (path: string) => {
      rmSync(path + MANIFEST)
    }],
    ['after its files were removed', (path: string) => {
      rmSync(path + MANIFEST)
      rmSync(path)
    }]
  ] as const
) {
  test(`a rotation that ended ${when} is brought to its end`, async t => {
    const { deps, engine, clock, create, files } = await testEngine(t)
    const [old, kept] = [await create(), await create()]
    await deps.catalog.backups.trash(old.id, old.key, old.filePath, clock.now())
    crash(old.filePath)
    await reconcile(deps)
    assert.deepEqual([files(), (await engine.backup(old.id)).deletedAt !== null], [filesOf(kept), true])
  })
}
