import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ageOpener } from '../../src/pipeline/age.ts'
import { PASSPHRASE } from '../support/pipeline/keys.ts'
import { rejectsWith } from '../support/rejects.ts'
import { chunks, through } from '../support/streams.ts'

const AGE = ageOpener({ identities: [], passphrases: [PASSPHRASE], isSureToFit: false })
const base64 = (size: number): string => randomBytes(size).toString('base64').replace(/=+$/, '')
const recipients = (count: number): string =>
  Array.from({ length: count }, () => `-> X25519 ${base64(32)}\n${base64(32)}\n`).join('')
const ageFile = (stanzas: string): Buffer =>
  Buffer.concat([Buffer.from(`age-encryption.org/v1\n${stanzas}--- ${base64(32)}\n`), randomBytes(80)])

for (
  const [what, bytes, reason] of [
    ['age with 300 recipients', ageFile(recipients(300)), /more than 256 recipients/],
    ['age with a header of a megabyte', ageFile(`-> X ${'x '.repeat(500_000)}\n\n`), /does not begin with a header/]
  ] as const
) {
  test(`${what} is damage, before any key is derived`, async () => {
    for (const size of [7, 65_536]) {
      if (size === 7 && bytes.length > 10_000) continue
      const error = await rejectsWith('DECODE_FAILED', through(AGE.decode(), chunks(bytes, size)))
      assert.match(error.message, reason)
    }
  })
}
