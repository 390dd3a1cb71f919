import assert from 'node:assert/strict'
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ageOpener } from '../../src/pipeline/age.ts'
import { makeHeader } from '../../src/pipeline/age-header.ts'
import { ageKey } from '../support/pipeline/keys.ts'
import { rejectsWith } from '../support/rejects.ts'
import { noise, through } from '../support/streams.ts'

test('a file that ends with an empty piece after others was not made by age', async () => {
  const { recipient, identity } = await ageKey()
  const opener = ageOpener({ identities: [identity], passphrases: [], isSureToFit: true })
  const { header, fileKey } = await makeHeader({ recipients: [recipient] })
  const nonce = randomBytes(16)
  const key = Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
  const piece = (plain: Buffer, number: number, isLast: boolean): Buffer => {
    const cipher = createCipheriv(
      'chacha20-poly1305',
      key,
      Buffer.from([...Buffer.alloc(10), number, Number(isLast)]),
      { authTagLength: 16 }
    )
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }
  const full = noise(64 * 1024)
  const file = (...pieces: Buffer[]): Buffer[] => [header, nonce, ...pieces]
  assert.deepEqual(await through(opener.decode(), file(piece(full, 0, true))), full)
  await rejectsWith(
    'DECODE_FAILED',
    through(opener.decode(), file(piece(full, 0, false), piece(Buffer.alloc(0), 1, true)))
  )
})
