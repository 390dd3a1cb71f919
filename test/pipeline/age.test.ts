import assert from 'node:assert/strict'
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ageCipher, ageOpener } from '../../src/pipeline/age.ts'
import { makeHeader } from '../../src/pipeline/age-header.ts'
import { cipherSuite } from '../suites/cipher-suite.ts'
import { ageKey, PASSPHRASE } from '../support/keys.ts'
import { rejectsWith } from '../support/rejects.ts'
import { noise, through } from '../support/streams.ts'

const [first, second, third] = [await ageKey(), await ageKey(), await ageKey()]
const by = (...identities: string[]) => ageOpener({ identities, passphrases: [], isSureToFit: true })
const unsure = (...identities: string[]) => ageOpener({ identities, passphrases: [], isSureToFit: false })
const withPassphrase = (passphrase: string) => ageOpener({ identities: [], passphrases: [passphrase], isSureToFit: false })

cipherSuite({
  name: 'age',
  cipher: ageCipher({ recipients: [first.recipient] }),
  opener: by(first.identity),
  stranger: unsure(second.identity),
  piece: 64 * 1024,
  runs: 100,
  growth: 150_000_000,
  tool: 'age',
  opens (home, file) {
    writeFileSync(join(home, 'key'), first.identity)
    return ['-d', '-i', 'key', file]
  },
  seals: (_home, file) => ['-r', first.recipient, file]
})

test('each of several recipients opens it, and nobody else does', async () => {
  const bytes = noise(1000)
  const stored = await through(ageCipher({ recipients: [first.recipient, second.recipient] }).seal().encode(), [bytes])
  for (const { identity } of [first, second]) assert.deepEqual(await through(unsure(third.identity, identity).decode(), [stored]), bytes)
  const error = await rejectsWith('KEY_MISSING', through(unsure(third.identity).decode(), [stored]))
  assert.match(error.hint ?? '', /BACKUP_AGE_IDENTITY_FILE/)
  await rejectsWith('DECODE_FAILED', through(by(third.identity).decode(), [stored]))
})

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
  const { Decrypter, Encrypter } = await import('age-encryption')
  const bytes = noise(100_000)
  const decrypter = new Decrypter()
  decrypter.addPassphrase(PASSPHRASE)
  assert.deepEqual(Buffer.from(await decrypter.decrypt(await through(ageCipher({ passphrase: PASSPHRASE }).seal().encode(), [bytes]))), bytes)
  const encrypter = new Encrypter()
  encrypter.setPassphrase(PASSPHRASE)
  encrypter.setScryptWorkFactor(10)
  assert.deepEqual(await through(withPassphrase(PASSPHRASE).decode(), [Buffer.from(await encrypter.encrypt(bytes))]), bytes)
})

test('work that nobody would ask for is not done', async () => {
  const stored = await through(ageCipher({ passphrase: PASSPHRASE }).seal().encode(), [noise(10)])
  const dear = Buffer.from(stored.toString('latin1').replace(' 17\n', ' 30\n'), 'latin1')
  assert.match((await rejectsWith('DECODE_FAILED', through(withPassphrase(PASSPHRASE).decode(), [dear]))).message, /has the work factor 30, and 18 is the most$/)
})

test('a file that ends with an empty piece after others was not made by age', async () => {
  const { header, fileKey } = await makeHeader({ recipients: [first.recipient] })
  const nonce = randomBytes(16)
  const key = Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
  const piece = (plain: Buffer, number: number, isLast: boolean): Buffer => {
    const cipher = createCipheriv('chacha20-poly1305', key, Buffer.from([...Buffer.alloc(10), number, Number(isLast)]), { authTagLength: 16 })
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }
  const full = noise(64 * 1024)
  const file = (...pieces: Buffer[]): Buffer[] => [header, nonce, ...pieces]
  assert.deepEqual(await through(by(first.identity).decode(), file(piece(full, 0, true))), full)
  await rejectsWith('DECODE_FAILED', through(by(first.identity).decode(), file(piece(full, 0, false), piece(Buffer.alloc(0), 1, true))))
})

test('a recipient that is none fails the stage, and nothing else', async () => {
  await assert.rejects(through(ageCipher({ recipients: ['age1nobody'] }).seal().encode(), [noise(10)]))
})
