import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/core/secret.ts'
import { NO_KEYS } from '../../src/pipeline/keyring.ts'
import { ageKey, keyring, PASSPHRASE } from '../support/pipeline/keys.ts'

const passphrase = new Secret(PASSPHRASE)

test('a source is sealed to recipients where there are any, otherwise with the passphrase', async () => {
  const { recipient } = await ageKey()
  const both = await keyring({ passphrase, sealing: { encryption: 'age', ageRecipients: [recipient] } })
  assert.deepEqual(both.cipherOf('shop')?.keys, [recipient])
  const secret = await keyring({ passphrase, sealing: { encryption: 'age' } })
  assert.deepEqual(secret.cipherOf('shop')?.keys, ['passphrase'])
})

test('a source that is not sealed has no cipher, and neither has one that is not known', async () => {
  const keys = await keyring({ passphrase })
  assert.deepEqual([keys.cipherOf('shop'), keys.cipherOf('other'), NO_KEYS.cipherOf('shop')], [null, null, null])
})

test('a source sealed with a passphrase that is not here fails when it is to be sealed, and not before', async () => {
  const keys = await keyring({ sealing: { encryption: 'age' } })
  assert.deepEqual(keys.keys, [])
  assert.throws(() => keys.cipherOf('shop'), { code: 'SECRET_MISSING', message: /"shop"/ })
})

test('keys are listed with whether they open and whether they seal', async () => {
  const [old, used] = [await ageKey(), await ageKey()]
  const { keys } = await keyring({
    identities: [old.identity],
    passphrase,
    sealing: { encryption: 'age', ageRecipients: [used.recipient] }
  })
  assert.deepEqual(keys.map(({ id, isPrivate, isInUse }) => [id, isPrivate, isInUse]), [
    [used.recipient, false, true],
    [old.recipient, true, false],
    ['passphrase', true, false]
  ])
})

test('what was sealed to a key is opened with that key alone, and without it with none', async () => {
  const [held, other] = [await ageKey(), await ageKey()]
  const keys = await keyring({ identities: [held.identity] })
  assert.ok(keys.openerOf('age', [held.recipient]) !== undefined)
  assert.equal(keys.openerOf('age', [other.recipient]), undefined)
  assert.equal(keys.openerOf('openpgp', undefined), undefined)
})
