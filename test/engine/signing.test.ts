import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseManifest, serializeManifest, withSignature, type Manifest } from '../../src/core/backup/manifest.ts'
import { rebuild } from '../../src/engine/recovery/rebuild.ts'
import { refreshManifest } from '../../src/engine/replication/copy-backup.ts'
import { testEngine, type TestEngine } from '../support/engine/engine.ts'
import { testOffsite } from '../support/stores/offsite.ts'
import { rejectsWith } from '../support/rejects.ts'
import { testSigning } from '../support/engine/signing.ts'
import { never, prose } from '../support/streams.ts'

const manifestAt = (path: string): Manifest => parseManifest(readFileSync(`${path}.manifest.json`, 'utf8'))

/** What someone with write access to the store makes of a backup: no signature, and a date in the past. */
function forge (path: string): void {
  const { instance: _, ...manifest } = withSignature(manifestAt(path), undefined)
  writeFileSync(`${path}.manifest.json`, serializeManifest({ ...manifest, startedAt: '2020-01-01T00:00:00.000Z' }))
}

async function refusedBy ({ deps }: TestEngine) {
  const { stores } = await rebuild(deps, { stores: [deps.store], isListing: false }, never)
  return stores.flatMap(({ refused }) => refused.map(({ reason }) => reason))
}

test('a new backup is signed, and edits keep it so in the store and in the catalog', async t => {
  const { engine, deps, create } = await testEngine(t)
  const { id, filePath } = await create()
  assert.equal(deps.signing.judge(manifestAt(filePath)).state, 'signed')
  for (const change of [{ pinned: true }, { description: 'keep' }, { description: null }]) {
    await engine.edit(id, change)
    assert.equal(deps.signing.judge(manifestAt(filePath)).state, 'signed')
    assert.equal((await engine.backup(id)).signature?.state, 'signed')
    assert.equal((await (await engine.verify(id)).result).verification.valid, true)
  }
})

test('a forged manifest is shown as unsigned, and an edit does not vouch for it', async t => {
  const first = await testEngine(t)
  const { filePath } = await first.create()
  forge(filePath)
  const second = await testEngine(t, { directory: first.directory, signing: first.deps.signing })
  assert.deepEqual(await refusedBy(second), [])
  const { backups: [adopted] } = await second.engine.backups({ limit: 1 })
  assert.deepEqual([adopted!.signature?.state], ['unsigned'])
  await second.engine.edit(adopted!.id, { pinned: true })
  assert.equal((await second.engine.backup(adopted!.id)).signature?.state, 'unsigned')
})

test('the key of another installation is trusted where it is named, also after the key was exchanged', async t => {
  const first = await testEngine(t)
  const { id } = await first.create()
  const key = first.deps.signing.keys.publicKey ?? ''
  const unknown = await testEngine(t, { directory: first.directory, signing: testSigning() })
  await refusedBy(unknown)
  assert.equal((await unknown.engine.backup(id)).signature?.state, 'unknown-key')
  const trusting = await testEngine(t, {
    directory: first.directory,
    signing: testSigning({ trusted: [key], isRequired: true })
  })
  assert.deepEqual(await refusedBy(trusting), [])
  assert.equal((await trusting.engine.backup(id)).signature?.state, 'signed')
})

test('a signature that was taken out of a manifest in the store fails its verification', async t => {
  const { engine, create } = await testEngine(t)
  const { id, filePath } = await create()
  writeFileSync(`${filePath}.manifest.json`, serializeManifest(withSignature(manifestAt(filePath), undefined)))
  const { verification } = await (await engine.verify(id)).result
  assert.match(verification.checks.find(({ name }) => name === 'manifest')?.reason ?? '', /signature was removed/)
})

test('copies in other stores are signed as the backup is, before and after an edit and a release', async t => {
  const far = await testOffsite(t, { far: {} })
  const { engine, deps, create, source } = await testEngine(t, { offsite: far.offsite, type: 'scheduled' })
  for (let n = 0; n < 3; n++) await create()
  source.bytes = prose(20_000)
  const { id, key, suspicion } = await create()
  assert.notEqual(suspicion, null)
  await (await engine.upload(id, {})).result
  const copied = (): Manifest => manifestAt(join(far.directories.far!, key))
  assert.equal(deps.signing.judge(copied()).state, 'signed')
  const { signature } = await engine.edit(id, { pinned: true, description: 'before the move' })
  await engine.release(id, 'ann')
  await refreshManifest(deps, id, far.offsite.get('far')!, never)
  assert.deepEqual([
    copied().pinned,
    copied().suspicion?.releasedBy,
    deps.signing.judge(copied()).state,
    signature?.state
  ], [true, 'ann', 'signed', 'signed'])
  assert.deepEqual(copied(), await deps.catalog.backups.manifest(id))
})

test('the manifest of another backup in the place of one is refused, also where both have the same size', async t => {
  const first = await testEngine(t)
  const [one, other] = [await first.create(), await first.create()]
  assert.equal(one.size, other.size)
  copyFileSync(`${one.filePath}.manifest.json`, `${other.filePath}.manifest.json`)
  assert.match(
    (await refusedBy(await testEngine(t, { directory: first.directory, signing: first.deps.signing }))).join(),
    /it was signed for "shop-backup/
  )
  const { verification } = await (await first.engine.verify(other.id)).result
  assert.equal(verification.checks.find(({ name }) => name === 'manifest')?.status, 'fail')
  await rejectsWith(
    'BACKUP_INVALID',
    (await first.engine.restore(other.id, { target: join(first.directory, '../x.db') })).result
  )
})

test('a signed backup that was renamed with its manifest is refused with the way back, and taken over once it has its name again', async t => {
  const first = await testEngine(t)
  const { key, filePath } = await first.create()
  const names = ['', '.manifest.json'].map(suffix =>
    [filePath + suffix, join(first.directory, `renamed.db${suffix}`)] as const
  )
  for (const [from, to] of names) renameSync(from, to)
  const second = await testEngine(t, { directory: first.directory, signing: first.deps.signing })
  assert.deepEqual(await refusedBy(second), [
    `it was signed for "${key}", but is stored next to "renamed.db": if both were renamed, restore their old names and run "holdfast rebuild" again`
  ])
  for (const [from, to] of names) renameSync(to, from)
  assert.deepEqual(await refusedBy(second), [])
  assert.equal((await second.engine.backups({ limit: 9 })).count, 1)
})

test('a manifest that was changed after it was signed is refused by a rebuild, and fails its verification', async t => {
  const first = await testEngine(t)
  const { id, filePath } = await first.create()
  writeFileSync(
    `${filePath}.manifest.json`,
    serializeManifest({ ...manifestAt(filePath), startedAt: '2020-01-01T00:00:00.000Z' })
  )
  const second = await testEngine(t, { directory: first.directory, signing: first.deps.signing })
  assert.match((await refusedBy(second)).join(), /changed after it was signed/)
  assert.equal((await second.engine.backups({ limit: 9 })).count, 0)
  const { verification } = await (await first.engine.verify(id)).result
  assert.match(verification.checks.find(({ name }) => name === 'manifest')?.reason ?? '', /changed after it was signed/)
})
