import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { generateKey, revokeKey } from 'openpgp'
import { Secret } from '../../src/core/secret.ts'
import { readPublicKeys } from '../../src/pipeline/openpgp-keys.ts'
import { keyring } from '../support/pipeline/keys.ts'
import { rejectsWith } from '../support/rejects.ts'

const DAY = 86_400
const BEGIN = new Date('2020-01-01T00:00:00.000Z')

/**
 * Made in 2020, and expired since long ago where it expires at all. `ends`: seconds after that, of the key or of its
 * part for encryption.
 */
async function made (ends: { readonly key?: number, readonly part?: number }) {
  return await generateKey({
    userIDs: [{ name: 'shop' }],
    format: 'armored',
    date: BEGIN,
    ...ends.key !== undefined && { keyExpirationTime: ends.key },
    ...ends.part !== undefined && { subkeys: [{ keyExpirationTime: ends.part }] }
  })
}

for (
  const [what, ends, days] of [['key', { key: 2 * DAY }, 2], ['part for encryption', { part: 3 * DAY }, 3]] as const
) {
  test(`a ${what} that has expired seals and opens, and its expiry is known`, async () => {
    const { publicKey, privateKey } = await made(ends)
    const { keys, cipherOf, openerOf } = await keyring({
      openpgpPublicKeys: publicKey,
      openpgpPrivateKeys: new Secret(privateKey),
      sealing: { encryption: 'openpgp' }
    })
    assert.deepEqual(keys.map(({ isInUse, isPrivate, expiresAt }) => [isInUse, isPrivate, expiresAt]), [[
      true,
      true,
      new Date(BEGIN.getTime() + days * DAY * 1000)
    ]])
    const sealed = await buffer(Readable.from([Buffer.from('the backup')]).compose(cipherOf('shop')!.seal().encode()))
    const opened = await buffer(
      Readable.from([sealed]).compose(openerOf('openpgp', keys.map(({ id }) => id))!.decode())
    )
    assert.equal(opened.toString(), 'the backup')
  })
}

test('a key without an expiry has none', async () => {
  const { publicKey } = await made({})
  assert.equal((await readPublicKeys(publicKey))[0]?.expiresAt, undefined)
})

test('a key that was revoked is refused', async () => {
  const { publicKey, revocationCertificate } = await generateKey({ userIDs: [{ name: 'shop' }], format: 'object' })
  const revoked = await revokeKey({ key: publicKey, revocationCertificate, format: 'armored' })
  await rejectsWith('CONFIG_INVALID', readPublicKeys(revoked.publicKey))
})
