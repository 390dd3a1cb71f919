import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { generateKey } from 'openpgp'
import { examineEncryption } from '../../../src/cli/doctor/encryption.ts'
import { complaintsIn, examined, type Examined } from '../../support/cli/doctor.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'

const key = await ageKey()
const sealing = { encryption: 'age', ageRecipients: [key.recipient] } as const
const publicOnly = await keyring({ sealing })
const withPrivate = await keyring({ identities: [key.identity], sealing })

async function told ({ subject: context, memory: snapshot }: Examined): Promise<readonly string[]> {
  return (await examineEncryption(context, snapshot)).map(({ status, message }) => `${status}: ${message}`)
}

test('where nothing is sealed there is nothing to look after', async t => {
  const service = await examined(t)
  await service.create()
  assert.deepEqual(await told(service), ['ok: backups are not encrypted'])
})

test('a key in use is a warning until somebody confirmed that its card is stored', async t => {
  const service = await examined(t, { keyring: withPrivate })
  await service.create()
  const [warning, ...others] = await told(service)
  assert.match(
    warning ?? '',
    new RegExp(
      `^warn: storage of the recovery card of "${key.recipient}" is not confirmed, and the private key may exist only on this machine; 1 backup needs it`
    )
  )
  assert.deepEqual(others, ['ok: new backups are encrypted, and can be decrypted here'])
  await service.engine.confirmKey(key.recipient, 'ann')
  assert.match((await told(service))[0] ?? '', /^ok: the recovery card .* is stored, confirmed by ann on /)
})

test('a server that cannot read its own backups is told to be one, which is nothing wrong', async t => {
  const service = await examined(t, { keyring: publicOnly })
  await service.create()
  await service.engine.confirmKey(key.recipient, 'ann')
  const found = await told(service)
  assert.match(
    found[1] ?? '',
    /^ok: new backups are encrypted, and this server cannot decrypt them.*drills are inconclusive here/
  )
})

test('an old key that backups still need is looked after as long as they are there', async t => {
  const service = await examined(t, { keyring: publicOnly })
  await service.create()
  Object.assign(service.deps, { keyring: await keyring({}) })
  assert.match(
    (await told(service)).join('\n'),
    /^warn: storage of the recovery card of .*and its private key is not on this machine; 1 backup needs it$/
  )
})

test('a private key beside the backups that it opens is a failure', async t => {
  const service = await examined(t)
  const secretFiles = [{ path: join(service.directory, 'key.txt'), holds: ['BACKUP_AGE_IDENTITY'] }, {
    path: '/run/secrets/key',
    holds: ['BACKUP_AGE_IDENTITY']
  }, { path: join(service.directory, 'jwt'), holds: ['JWT_SECRET'] }]
  const found = complaintsIn(await examineEncryption({ ...service.subject, secretFiles }, service.memory))
  assert.equal(found.length, 1)
  assert.match(found[0] ?? '', /^fail key: ".*key\.txt", which holds BACKUP_AGE_IDENTITY, is in BACKUP_DIR/)
})

test('an OpenPGP key that expires soon, or has, is a warning with its time', async t => {
  const { publicKey } = await generateKey({
    userIDs: [{ name: 'shop' }],
    format: 'armored',
    date: new Date('2025-01-01T00:00:00.000Z'),
    keyExpirationTime: 365 * 86_400
  })
  const service = await examined(t, {
    keyring: await keyring({ openpgpPublicKeys: publicKey, sealing: { encryption: 'openpgp' } })
  })
  const expiry = async (): Promise<readonly string[]> => (await told(service)).filter(line => line.includes('expire'))
  const [early] = await expiry()
  assert.match(early ?? '', /^ok: "[0-9A-F]{40}" expires at 2026-01-01T00:00:00\.000Z$/)
  service.clock.move(10 * 86_400_000)
  assert.match(
    (await expiry())[0] ?? '',
    /^warn: "[0-9A-F]{40}" expires at 2026-01-01T00:00:00\.000Z; new backups are still encrypted with it$/
  )
  service.clock.move(60 * 86_400_000)
  assert.match((await expiry())[0] ?? '', /^warn: .* expired at 2026-01-01/)
})
