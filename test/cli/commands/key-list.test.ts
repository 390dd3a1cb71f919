import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { signingKeyId } from '../../../src/core/backup/signature.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { testSigning } from '../../support/engine/signing.ts'

const key = await ageKey()
const sealing = await keyring({ sealing: { encryption: 'age', ageRecipients: [key.recipient] } })

test('key list shows what each key is for', async t => {
  const line = await commandLine(t, { keyring: sealing })
  await line.create()
  await line.create()
  const before = await line.json('key', 'list')
  assert.deepEqual(OUTPUTS['key list'].parse(before), before)
  assert.deepEqual(before.keys, [{
    id: key.recipient,
    encryption: 'age',
    private: false,
    inUse: true,
    backups: 2,
    confirmedAt: null,
    confirmedBy: null,
    expiresAt: null
  }])
  assert.match((await line.holdfast('key', 'list')).out, /age1\w+ +age +public +yes +2 +not confirmed/)
})

test('key list shows that there are none, and with which key manifests are signed', async t => {
  const other = testSigning().keys.publicKey ?? ''
  const signing = testSigning({ trusted: [other], isRequired: true })
  const { publicKey } = signing.keys
  const line = await commandLine(t, { signing })
  const { out } = await line.holdfast('key', 'list')
  assert.equal(
    out,
    [
      'no key is configured, and no backup needs one',
      '',
      `manifests are signed with the key ${signingKeyId(publicKey ?? '')}:`,
      `  ${publicKey ?? ''}`,
      `also trusted is the key ${signingKeyId(other)}:`,
      `  ${other}`,
      'backups not signed by one of these keys are rejected',
      ''
    ].join('\n')
  )
  const printed = await line.json('key', 'list')
  assert.deepEqual(OUTPUTS['key list'].parse(printed), printed)
  assert.deepEqual([printed.signing.key, printed.signing.trusted[0].key, printed.signing.required], [
    publicKey,
    other,
    true
  ])
})
