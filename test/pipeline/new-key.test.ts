import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newKey } from '../../src/pipeline/new-key.ts'
import { privateKeys } from '../../src/pipeline/private-keys.ts'

const NOW = new Date('2025-11-24T23:30:00.000Z')
const NONE = {
  ageIdentities: [],
  passphrase: undefined,
  openpgpPublicKeys: undefined,
  openpgpPrivateKeysPassphrase: undefined
}

test('a new key of age is a file with when it was made, what is sealed to it, and the identity', async () => {
  const { id, publicKey, privateFile } = await newKey('age', NOW)
  const [created, recipient, identity] = privateFile.reveal().split('\n')
  assert.deepEqual([created, recipient], [`# created: ${NOW.toISOString()}`, `# public key: ${publicKey}`])
  assert.match(identity ?? '', /^AGE-SECRET-KEY-1/)
  assert.equal(id, publicKey)
  assert.notEqual((await newKey('age', NOW)).id, id)
})

test('the private file of a new OpenPGP key belongs to its id, and is no part of the public key', async () => {
  const { id, publicKey, privateFile } = await newKey('openpgp', NOW)
  const [held] = await privateKeys({ ...NONE, openpgpPrivateKeys: privateFile })
  assert.equal(held?.id, id)
  assert.match(publicKey, /^-----BEGIN PGP PUBLIC KEY BLOCK-----/)
})
