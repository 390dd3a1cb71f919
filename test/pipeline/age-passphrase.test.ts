import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Decrypter, Encrypter } from 'age-encryption'
import { ageCipher, ageOpener } from '../../src/pipeline/age.ts'
import { derivationTurn } from '../../src/pipeline/derivation.ts'
import { PASSPHRASE } from '../support/pipeline/keys.ts'
import { rejectsWith } from '../support/rejects.ts'
import { noise, through } from '../support/streams.ts'

const withPassphrase = (passphrase: string) =>
  ageOpener({ identities: [], passphrases: [passphrase], isSureToFit: false })
const base64 = (size: number): string => randomBytes(size).toString('base64').replace(/=+$/, '')
const fileOfWork = (work: number): Buffer =>
  Buffer.concat([
    Buffer.from(`age-encryption.org/v1\n-> scrypt ${base64(16)} ${work}\n${base64(32)}\n--- ${base64(32)}\n`),
    randomBytes(80)
  ])

test('a passphrase opens what it sealed, and another one does not', async () => {
  const bytes = noise(1000)
  const seal = ageCipher({ passphrase: PASSPHRASE }).seal()
  const stored = await through(seal.encode(), [bytes])
  assert.match(stored.toString('latin1'), /^age-encryption\.org\/v1\n-> scrypt \S{22} 17\n/)
  assert.deepEqual(await through(withPassphrase(PASSPHRASE).decode(), [stored]), bytes)
  assert.deepEqual(await through(seal.decode(), [stored]), bytes)
  await rejectsWith('KEY_MISSING', through(withPassphrase(`${PASSPHRASE}!`).decode(), [stored]))
})

test('the library reads what a passphrase sealed, and the other way round', async () => {
  const bytes = noise(100_000)
  const decrypter = new Decrypter()
  decrypter.addPassphrase(PASSPHRASE)
  assert.deepEqual(
    Buffer.from(await decrypter.decrypt(await through(ageCipher({ passphrase: PASSPHRASE }).seal().encode(), [bytes]))),
    bytes
  )
  const encrypter = new Encrypter()
  encrypter.setPassphrase(PASSPHRASE)
  encrypter.setScryptWorkFactor(10)
  assert.deepEqual(
    await through(withPassphrase(PASSPHRASE).decode(), [Buffer.from(await encrypter.encrypt(bytes))]),
    bytes
  )
})

test('work that nobody would ask for is not done', async () => {
  const stored = await through(ageCipher({ passphrase: PASSPHRASE }).seal().encode(), [noise(10)])
  const dear = Buffer.from(stored.toString('latin1').replace(' 17\n', ' 30\n'), 'latin1')
  assert.match(
    (await rejectsWith('DECODE_FAILED', through(withPassphrase(PASSPHRASE).decode(), [dear]))).message,
    /has the work factor 30, and the maximum is 18$/
  )
})

for (const work of [19, 20, 30, 100]) {
  test(`no key is derived with the work factor ${work} of age`, async () => {
    const over = await derivationTurn()
    try {
      const { message, hint } = await rejectsWith(
        'DECODE_FAILED',
        through(withPassphrase(PASSPHRASE).decode(), [fileOfWork(work)])
      )
      assert.match(message, new RegExp(`work factor ${work}, and the maximum is 18`))
      assert.match(hint ?? '', /age --decrypt/)
    } finally {
      over()
    }
  })
}

test('a file with the work factor 18, as age itself writes it, is opened', async () => {
  const encrypter = new Encrypter()
  encrypter.setPassphrase(PASSPHRASE)
  encrypter.setScryptWorkFactor(18)
  const sealed = Buffer.from(await encrypter.encrypt(Buffer.from('the ledger')))
  assert.equal((await through(withPassphrase(PASSPHRASE).decode(), [sealed])).toString(), 'the ledger')
})
