import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { signingKeyId } from '../../../src/core/backup/signature.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { newMachine, trusting } from '../../support/cli/forged-backup.ts'
import { testSigning } from '../../support/engine/signing.ts'

test('--latest takes the newest signed backup where a signature is required, also of those that the catalog knows', async t => {
  const options = { trusted: [''], isRequired: false }
  const { holdfast, json, target, keyId } = await newMachine(t, key => {
    options.trusted = [key]
    return testSigning(options)
  })
  assert.equal((await holdfast('rebuild')).code, 0)
  options.isRequired = true
  const { code, out, err } = await holdfast('restore', '--latest', '--source', 'shop', '--output', target)
  assert.equal(code, 0)
  assert.match(out, new RegExp(`Restored backup 1 to[^]*Manifest +signed \\(key ${keyId}\\)`))
  assert.match(
    err,
    /skipped backup 99 \(2025-11-24T23:30:20.000Z\): not signed by a trusted key, which is required/
  )
  const [forged, signed] = await json('list')
  assert.deepEqual([forged.signature, signed.signature.state, signed.signature.keyId, signed.signature.refused], [
    { state: 'unsigned', key: null, keyId: null, refused: true },
    'signed',
    keyId,
    false
  ])
  assert.match((await holdfast('list')).out, /^99 .*valid, refused[^]*^ 1 .*valid {2}/m)
  assert.match(
    (await holdfast('show', '99')).out,
    /manifest +not signed\n *refused +a signature by a trusted key is required/
  )
})

test('--latest prefers a signed backup to a newer one that is not, also where no signature is required', async t => {
  const { holdfast, target } = await newMachine(t, trusting(false))
  await holdfast('rebuild')
  const { code, out, err } = await holdfast('restore', '--latest', '--source', 'shop', '--output', target)
  assert.equal(code, 0)
  assert.match(out, /Restored backup 1 to/)
  assert.match(
    err,
    /skipped backup 99 \(2025-11-24T23:30:20.000Z\): not signed by a trusted key, unlike the older one/
  )
  assert.match((await holdfast('restore', '99', '--output', `${target}.99`)).out, /Restored backup 99 to/)
})

test('where no backup is signed by a trusted key --latest takes the newest, and restore warns of it', async t => {
  const { holdfast, target } = await newMachine(t, () => testSigning({ isRequired: false }))
  await holdfast('rebuild')
  const { code, out } = await holdfast('restore', '--latest', '--source', 'shop', '--output', target)
  assert.equal(code, 0)
  assert.match(out, /Restored backup 99 to[^]*its origin is not proven/)
})

test('where nothing but refused backups is there --latest names them, and how to trust their key', async t => {
  const options = { isRequired: false }
  const { holdfast, target } = await newMachine(t, () => testSigning(options))
  await holdfast('rebuild')
  options.isRequired = true
  const { code, err } = await holdfast('restore', '--latest', '--source', 'shop', '--output', target)
  assert.equal(code, 4)
  assert.match(
    err,
    /there is no valid backup of "shop"; skipped backup 99 .*, backup 1 .*: not signed by a trusted key/
  )
  assert.match(err, /BACKUP_TRUSTED_SIGNING_KEYS/)
})

test('without the requirement an unsigned backup is restored, and the question, the answer and verify tell that it is unsigned', async t => {
  const { holdfast, json, target } = await newMachine(t, trusting(false))
  await holdfast('rebuild')
  const restored = await json('restore', '99', '--output', target)
  assert.deepEqual(OUTPUTS['restore'].parse(restored), restored)
  assert.deepEqual([restored.signature.state, restored.restore.status], ['unsigned', 'completed'])
  assert.match(restored.warning, /The manifest of backup 99 is not signed: its origin is not proven/)
  assert.match(
    (await holdfast('restore', '99', '--output', `${target}.2`)).out,
    /Manifest +not signed\n(.*\n)*.*Warning +The manifest of backup 99/
  )
  const verified = await json('verify', '99')
  assert.deepEqual([verified.results[0].valid, verified.results[0].signature.state], [true, 'unsigned'])
  assert.match((await holdfast('verify', '99')).out, /the manifest is not signed/)
  assert.match((await holdfast('list')).out, /^99 .*valid, unsigned/m)
})

test('the question before a restore names the key', async t => {
  const asked: string[] = []
  const signing = testSigning()
  const line = await commandLine(t, {
    signing,
    columns: 100,
    deps: {
      ask: async question => {
        asked.push(question)
        return false
      }
    }
  })
  await line.create()
  const { out } = await line.holdfast('restore', '1')
  assert.match(
    stripVTControlCharacters(out),
    new RegExp(`Manifest +signed \\(key ${signingKeyId(signing.keys.publicKey ?? '')}\\)`)
  )
  assert.equal(asked.length, 1)
})
