import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/core/secret.ts'
import { privateKeys } from '../../src/pipeline/private-keys.ts'
import { ageKey, openpgpKey, PASSPHRASE } from '../support/pipeline/keys.ts'
import { rejectsWith } from '../support/rejects.ts'

const NONE = {
  ageIdentities: [],
  passphrase: undefined,
  openpgpPublicKeys: undefined,
  openpgpPrivateKeys: undefined,
  openpgpPrivateKeysPassphrase: undefined
}

test('without keys there is none to write down', async () => {
  assert.deepEqual(await privateKeys(NONE), [])
})

test('each private key is named by its public id, and a passphrase stands for both kinds', async () => {
  const age = await ageKey()
  const { privateKey } = await openpgpKey()
  const [one, other, passphrase] = await privateKeys({
    ...NONE,
    ageIdentities: [new Secret(age.identity)],
    openpgpPrivateKeys: new Secret(privateKey),
    passphrase: new Secret(PASSPHRASE)
  })
  assert.deepEqual([one?.id, one?.encryption, one?.text.reveal()], [age.recipient, 'age', age.identity])
  assert.match(other?.id ?? '', /^[0-9A-F]{40}$/)
  assert.match(other?.text.reveal() ?? '', /^-----BEGIN PGP PRIVATE KEY BLOCK-----/)
  assert.deepEqual([passphrase?.encryption, passphrase?.text.reveal()], [null, PASSPHRASE])
})

test('keys that cannot be used are a fault of the configuration', async () => {
  await rejectsWith('CONFIG_INVALID', privateKeys({ ...NONE, openpgpPrivateKeys: new Secret('no key') }))
})
