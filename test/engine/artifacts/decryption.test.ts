import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import type { Keyring } from '../../../src/core/ports/encryption.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import { Secret } from '../../../src/core/secret.ts'
import { isStoredPlain, missingKey, requireOpener } from '../../../src/engine/artifacts/decryption.ts'
import { verifyFile } from '../../../src/engine/verify/verify-file.ts'
import { NO_KEYS } from '../../../src/pipeline/keyring.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { ageKey, keyring, openpgpKey, PASSPHRASE } from '../../support/pipeline/keys.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { shopDatabase } from '../../support/databases/shop.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const
const key = await ageKey()
const pgp = await openpgpKey()

/** Holds only the public key. */
const sealing = await keyring({ sealing: { encryption: 'age', ageRecipients: [key.recipient] } })
const opening = await keyring({
  identities: [key.identity],
  sealing: { encryption: 'age', ageRecipients: [key.recipient] }
})

const WAYS: ReadonlyArray<readonly [string, string, Keyring, Keyring]> = [
  ['age', '.age', sealing, opening],
  [
    'openpgp',
    '.gpg',
    await keyring({ openpgpPublicKeys: pgp.publicKey, sealing: { encryption: 'openpgp' } }),
    await keyring({
      openpgpPublicKeys: pgp.publicKey,
      openpgpPrivateKeys: new Secret(pgp.privateKey),
      sealing: { encryption: 'openpgp' }
    })
  ]
]

/** The same backups and catalog, with other keys. */
function rekeyed (t: TestEngine, keys: Keyring): void {
  Object.assign(t.deps, { keyring: keys })
}

function statuses (checks: readonly Check[]): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]))
}

async function reverified (
  { engine }: TestEngine,
  { id }: Backup
): Promise<{ readonly backup: Backup, readonly valid: boolean, readonly checks: readonly Check[] }> {
  const { backup, verification } = await (await engine.verify(id)).result
  return { backup, ...verification }
}

for (const [encryption, extension, publicOnly, withPrivate] of WAYS) {
  for (const compression of COMPRESSIONS) {
    test(`a backup sealed with ${encryption} (${compression}) is proven to its content where no private key is, and nothing of the image is in it`, async t => {
      const engine = await testEngine(t, { keyring: publicOnly, settings: { compression } })
      const backup = await engine.create()
      assert.equal(backup.encryption, encryption)
      assert.ok(
        backup.key.endsWith(`.db${{ none: '', gzip: '.gz', zstd: '.zst' }[compression]}${extension}`),
        backup.key
      )
      assert.equal(backup.verification.status, 'valid')
      const found = statuses(backup.verification.checks)
      assert.deepEqual([found.checksum, found.decryption, found.decompression, found.opens_read_only], [
        'pass',
        'pass',
        compression === 'none' ? 'skipped' : 'pass',
        'pass'
      ])
      const manifest = parseManifest(readFileSync(`${backup.filePath}.manifest.json`, 'utf8'))
      assert.deepEqual([manifest.version, manifest.encryption, manifest.keys], [
        2,
        encryption,
        publicOnly.cipherOf('shop')?.keys
      ])
      assert.equal(readFileSync(backup.filePath).includes(engine.source.bytes.subarray(0, 32)), false)
    })

    test(`with the private key a backup sealed with ${encryption} (${compression}) is verified to every level, restored and given out as it was`, async t => {
      const engine = await testEngine(t, { keyring: withPrivate, settings: { compression } })
      const backup = await engine.create()
      const { valid, checks } = await reverified(engine, backup)
      assert.equal(valid, true)
      assert.deepEqual([statuses(checks).decryption, statuses(checks).opens_read_only], ['pass', 'pass'])
      const target = join(tempDir(t), 'restored.db')
      await (await engine.engine.restore(backup.id, { target })).result
      assert.deepEqual(engine.restorer.files.get(target), engine.source.bytes)
      // Its name is what is left without what sealing and compressing added.
      const download = await engine.engine.download(backup.id, { decoded: true })
      assert.deepEqual(await buffer(await download.open(undefined, never)), engine.source.bytes)
      assert.ok(backup.key.startsWith(download.fileName) && download.fileName.endsWith('.db'), download.fileName)
    })
  }

  test(`without the private key verification of what was proven ends with the digest, says which key is missing, and stays valid (${encryption})`, async t => {
    const engine = await testEngine(t, { keyring: publicOnly })
    const { backup, valid, checks } = await reverified(engine, await engine.create())
    const [id] = publicOnly.cipherOf('shop')!.keys
    assert.equal(valid, true)
    assert.equal(backup.verification.status, 'valid')
    assert.deepEqual(checks.filter(({ status }) => status === 'pass').map(({ name }) => name), [
      'file_exists',
      'manifest',
      'checksum'
    ])
    assert.match(
      checks.find(({ name }) => name === 'decryption')?.reason ?? '',
      new RegExp(`"${id!}".*is not configured`)
    )
    assert.equal(
      checks.find(({ name }) => name === 'integrity_check')?.reason,
      'not reached, because the backup could not be decrypted here'
    )
  })
}

test('without the private key a changed byte is found all the same', async t => {
  const engine = await testEngine(t, { keyring: sealing })
  const backup = await engine.create()
  appendFileSync(backup.filePath, 'x')
  const { valid, checks } = await reverified(engine, backup)
  assert.deepEqual([valid, statuses(checks).checksum], [false, 'fail'])
})

test('without the private key nothing that needs the content is begun, and the error names key and option', async t => {
  const engine = await testEngine(t, { keyring: sealing })
  const { id } = await engine.create()
  const target = join(tempDir(t), 'restored.db')
  for (const attempt of [engine.engine.restore(id, { target }), engine.engine.download(id, { decoded: true })]) {
    const error = await rejectsWith('KEY_MISSING', attempt)
    assert.ok(error.message.includes(key.recipient), error.message)
    assert.match(error.hint ?? '', /BACKUP_AGE_IDENTITY_FILE/)
  }
  assert.deepEqual((await engine.engine.restores({ limit: 5 })).restores, [])
  assert.equal(
    (await buffer(await (await engine.engine.download(id, { decoded: false })).open(undefined, never))).length > 0,
    true
  )
})

test('a drill without the private key is inconclusive, and with it passes', async t => {
  const engine = await testEngine(t, { keyring: sealing })
  const { id } = await engine.create()
  const without = await (await engine.engine.drill({ id, actor: null })).result
  assert.deepEqual([without.status, without.errorCode], ['inconclusive', 'KEY_MISSING'])
  rekeyed(engine, opening)
  assert.equal((await (await engine.engine.drill({ id, actor: null })).result).status, 'passed')
})

test('a backup that was never proven and cannot be opened stays unverified', async t => {
  const engine = await testEngine(t, { keyring: sealing, settings: { verifyAfterBackup: false } })
  const { id } = await engine.create()
  await rejectsWith('KEY_MISSING', (await engine.engine.verify(id)).result)
  assert.equal((await engine.engine.backup(id)).verification.status, 'unverified')
  const { results, failures } = await (await engine.engine.verifyAll({})).result
  assert.deepEqual([results, failures.every(({ error }) => error.code === 'KEY_MISSING'), failures.length > 0], [
    [],
    true,
    true
  ])
})

test('after a rotation new backups are sealed to the new key, and old ones open as long as the old identity is there', async t => {
  const next = await ageKey()
  const engine = await testEngine(t, { keyring: opening })
  const old = await engine.create()
  const both = await keyring({
    identities: [next.identity, key.identity],
    sealing: { encryption: 'age', ageRecipients: [next.recipient] }
  })
  rekeyed(engine, both)
  const fresh = await engine.create()
  assert.deepEqual((await engine.deps.catalog.backups.manifest(fresh.id))?.keys, [next.recipient])
  for (const backup of [old, fresh]) {
    assert.equal(statuses((await reverified(engine, backup)).checks).opens_read_only, 'pass')
  }
  rekeyed(
    engine,
    await keyring({ identities: [next.identity], sealing: { encryption: 'age', ageRecipients: [next.recipient] } })
  )
  assert.equal(statuses((await reverified(engine, old)).checks).decryption, 'skipped')
  assert.deepEqual(
    await engine.deps.catalog.keys.needed(),
    [{ id: key.recipient, encryption: 'age', backups: 1 }, { id: next.recipient, encryption: 'age', backups: 1 }]
      .toSorted((a, b) => a.id < b.id ? -1 : 1)
  )
})

for (const encryption of ['age', 'openpgp'] as const) {
  test(`another passphrase leaves a proven backup valid and opens nothing (${encryption})`, async t => {
    const sealed = (passphrase: string): Promise<Keyring> =>
      keyring({ passphrase: new Secret(passphrase), sealing: { encryption } })
    const engine = await testEngine(t, { keyring: await sealed(PASSPHRASE) })
    const backup = await engine.create()
    assert.deepEqual((await engine.deps.catalog.backups.manifest(backup.id))?.keys, ['passphrase'])
    rekeyed(engine, await sealed(`another ${PASSPHRASE}`))
    const { valid, checks } = await reverified(engine, backup)
    assert.deepEqual([valid, statuses(checks).decryption], [true, 'skipped'])
    const drill = await (await engine.engine.drill({ id: backup.id, actor: null })).result
    assert.notEqual(drill.status, 'passed')
    rekeyed(engine, await sealed(PASSPHRASE))
    assert.equal(statuses((await reverified(engine, backup)).checks).opens_read_only, 'pass')
  })
}

test('of a sealed file without its manifest it is told whether the content is sound, damaged, or sealed to others', async t => {
  const { source } = shopDatabase(t)
  const engine = await testEngine(t, { sources: [source], keyring: opening, settings: { compression: 'zstd' } })
  const { filePath } = await engine.create()
  const file = join(tempDir(t), 'found.db.zst.age')
  copyFileSync(filePath, file)
  const storeAt = (directory: string) =>
    localStore({ directory, instanceId: 'none', presence: ALONE, now: () => engine.clock.now() })
  const verify = (keys: Keyring) =>
    verifyFile({ ...engine.deps, keyring: keys, storeAt }, file, { phase () {}, bytes () {}, signal: never })
  const { verdict, verification: { checks } } = await verify(opening)
  assert.deepEqual([verdict, statuses(checks).decryption, statuses(checks).decompression], ['sound', 'pass', 'pass'])
  await rejectsWith('KEY_MISSING', verify(NO_KEYS))
  const stranger = await ageKey()
  await rejectsWith('KEY_MISSING', verify(await keyring({ identities: [stranger.identity] })))
  appendFileSync(file, 'x')
  const damaged = await verify(opening)
  assert.deepEqual([damaged.verdict, statuses(damaged.verification.checks).decryption], ['damaged', 'fail'])
})

test('sources that are not to be sealed are written exactly as before', async t => {
  const engine = await testEngine(t, { keyring: NO_KEYS })
  const { filePath } = await engine.create()
  const text = readFileSync(`${filePath}.manifest.json`, 'utf8')
  assert.match(text, /"version": 1,/)
  assert.match(text, /"encryption": "none",\n {2}"facts"/)
})

test('an object is the image itself where it is neither compressed nor encrypted', () => {
  assert.equal(isStoredPlain({ compression: 'none', encryption: 'none' }), true)
  for (
    const other of [{ compression: 'gzip', encryption: 'none' }, { compression: 'none', encryption: 'age' }] as const
  ) assert.equal(isStoredPlain(other), false)
})

test('what is not sealed needs no key, and what is sealed one of those that the manifest names', () => {
  assert.equal(requireOpener(NO_KEYS, { encryption: 'none' }), null)
  assert.notEqual(requireOpener(opening, { encryption: 'age', keys: ['another', key.recipient] }), null)
  assert.throws(() => requireOpener(opening, { encryption: 'age', keys: ['another'] }), { code: 'KEY_MISSING' })
})

test('the error for a missing key names every key that would do, and the option that gives it', () => {
  const told = (...given: Parameters<typeof missingKey>) => [missingKey(...given).message, missingKey(...given).hint]
  assert.deepEqual(told('age', ['k1']), [
    'the backup is encrypted for "k1", whose private key is not configured',
    'Set its identity with BACKUP_AGE_IDENTITY_FILE.'
  ])
  assert.deepEqual(told('age', ['k1', 'k2']), [
    'the backup is encrypted for "k1", "k2", and none of their private keys is configured',
    'Set the identity of one with BACKUP_AGE_IDENTITY_FILE.'
  ])
  assert.deepEqual(told('openpgp', ['f1', 'f2']), [
    'the backup is encrypted for "f1", "f2", and none of their private keys is configured',
    'Set one of them with BACKUP_OPENPGP_PRIVATE_KEYS_FILE.'
  ])
  assert.deepEqual(told('age', ['passphrase']), [
    'the backup is encrypted with a passphrase that is not configured',
    'Set it with BACKUP_ENCRYPTION_PASSPHRASE_FILE.'
  ])
  assert.deepEqual(told('openpgp'), [
    'no private key for "openpgp" is configured',
    'Set it with BACKUP_OPENPGP_PRIVATE_KEYS_FILE, or a passphrase with BACKUP_ENCRYPTION_PASSPHRASE_FILE.'
  ])
})
