import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { parseManifest, serializeManifest, withSignature, type Manifest } from '../../src/core/backup/manifest.ts'
import { BackupError } from '../../src/core/errors.ts'
import { rebuild } from '../../src/engine/recovery/rebuild.ts'
import { performCopyTask } from '../../src/engine/replication/copy-task.ts'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { testEngine, type TestEngine } from '../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../support/stores/offsite.ts'
import { rejectsWith } from '../support/rejects.ts'
import { testSigning } from '../support/engine/signing.ts'
import { never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const manifestAt = (path: string): Manifest => parseManifest(readFileSync(`${path}.manifest.json`, 'utf8'))

interface Bench extends TestEngine {
  readonly far: TestOffsite
  readonly target: string
}

/**
 * A real database with two backups, of which the newer, with id 2, lost its signature before the requirement came
 * about: the catalog knows it already.
 */
async function bench (t: TestContext, isRequired = true): Promise<Bench> {
  const home = tempDir(t)
  const path = join(home, 'people.db')
  const live = new Database(path)
  live.exec("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO person VALUES (1, 'Ann')")
  t.after(() => live.close())
  const sources = [sqliteSource({ name: 'people', path, busyTimeout: 1000, scratchDir: home })]
  const signing = testSigning()
  const first = await testEngine(t, { sources, signing })
  await first.create()
  const { filePath } = await first.create()
  writeFileSync(`${filePath}.manifest.json`, serializeManifest(withSignature(manifestAt(filePath), undefined)))

  const far = await testOffsite(t, { far: {} })
  const options = { isRequired: false }
  const second = await testEngine(t, {
    sources,
    directory: first.directory,
    offsite: far.offsite,
    signing: signing.with(options)
  })
  await rebuild(second.deps, { stores: [second.deps.store], isListing: false }, never)
  options.isRequired = isRequired
  assert.deepEqual(
    (await second.engine.backups({ limit: 9 })).backups.map(({ id, signature }) => [id, signature?.state]),
    [[2, 'unsigned'], [1, 'signed']]
  )
  return { ...second, far, target: join(home, 'target.db') }
}

type Use = (bench: Bench, id: number) => Promise<unknown>
const USES: ReadonlyArray<readonly [string, Use]> = [
  ['restore', async ({ engine, target }, id) => (await engine.restore(id, { target })).result],
  ['download', ({ engine }, id) => engine.download(id, { decoded: false })],
  ['download of the image', ({ engine }, id) => engine.download(id, { decoded: true })],
  ['verify', async ({ engine }, id) => (await engine.verify(id)).result],
  ['diff', async ({ engine }, id) => (await engine.diff(id, { with: 'live' })).result],
  ['diff on the other side', async ({ engine }, id) => (await engine.diff(1, { with: id })).result],
  [
    'rescue',
    async ({ engine }, id) => (await engine.rescue(id, { selections: [{ table: 'person' }], dryRun: false })).result
  ],
  [
    'extract',
    async ({ engine, target }, id) => (await engine.extract(id, { table: 'person' }, `${target}.csv`)).result
  ],
  ['thaw', ({ engine }, id) => engine.thaw(id, 3)],
  ['copy', async ({ engine }, id) => (await engine.upload(id, {})).result]
]
test('no way to use an unsigned backup is open where a signature is required', async t => {
  const strict = await bench(t)
  for (const [what, use] of USES) {
    await assert.rejects(
      use(strict, 2),
      (error: unknown) => error instanceof BackupError && error.code === 'MANIFEST_UNSIGNED',
      what
    )
  }
  assert.deepEqual(strict.far.files('far'), [])
  await (await strict.engine.restore(1, { target: strict.target })).result
})

test('the copier puts a copy of an unsigned backup off, with the reason', async t => {
  const { engine, deps, far, clock } = await bench(t)
  await deps.catalog.copies.promise(2, [{ store: 'far', location: 'x' }], clock.now())
  const { source, key } = await engine.backup(2)
  const task = { backupId: 2, source, key, status: 'pending', attempts: 0, nextAttemptAt: null } as const
  await rejectsWith('MANIFEST_UNSIGNED', performCopyTask(deps, engine, far.offsite.get('far')!, task, never))
  const copy = (await engine.backup(2)).copies.find(({ store }) => store === 'far')
  assert.equal(copy?.status, 'failed')
  assert.match(copy.error ?? '', /is not signed/)
  assert.ok((copy.nextAttemptAt?.getTime() ?? 0) > clock.now().getTime())
})

test('every way is open to an unsigned backup where no signature is required', async t => {
  const lenient = await bench(t, false)
  for (const [, use] of USES) await use(lenient, 2)
  assert.equal(lenient.far.files('far').length, 2)
})

test('a drill of an unsigned backup is inconclusive, and the next one takes a signed backup', async t => {
  const { engine } = await bench(t)
  const asked = await (await engine.drill({ id: 2, actor: 'ann' })).result
  assert.deepEqual([asked.status, asked.errorCode], ['inconclusive', 'MANIFEST_UNSIGNED'])
  const next = await (await engine.drill({ source: 'people', actor: null })).result
  assert.deepEqual([next.backupId, next.status], [1, 'passed'])
})

test('verification of all names an unsigned backup among the failures, and goes on', async t => {
  const { engine } = await bench(t)
  const { results, failures } = await (await engine.verifyAll({})).result
  assert.deepEqual(results.map(({ backup, verification }) => [backup.id, verification.valid]), [[1, true]])
  assert.deepEqual(failures.map(({ backupId, error }) => [backupId, error.code]), [[2, 'MANIFEST_UNSIGNED']])
})

test('a rebuild names a manifest that it refuses, and takes the others over', async t => {
  const { deps, directory } = await bench(t)
  const fresh = await testEngine(t, { directory, signing: deps.signing })
  const { stores: [store], adopted } = await rebuild(
    fresh.deps,
    { stores: [fresh.deps.store], isListing: false },
    never
  )
  assert.equal(adopted, 1)
  assert.match(
    store?.refused.map(({ key, reason }) => `${key}: ${reason}`).join() ?? '',
    /manifest.json: .* is not signed, and a signature by a trusted key is required. If you know that the backup is yours, add its key to BACKUP_TRUSTED_SIGNING_KEYS/
  )
})

test('an unsigned backup can still be edited, removed and brought back', async t => {
  const { engine } = await bench(t)
  assert.equal((await engine.edit(2, { description: 'old' })).signature?.state, 'unsigned')
  await (await engine.remove(2, { force: true })).result
  assert.equal((await (await engine.undelete(2)).result).signature?.isRefused, true)
})
