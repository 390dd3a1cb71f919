import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ageCipher, ageOpener } from '../../src/pipeline/age.ts'
import { cipherSuite } from '../suites/cipher-suite.ts'
import { ageKey } from '../support/pipeline/keys.ts'
import { rejectsWith } from '../support/rejects.ts'
import { noise, through } from '../support/streams.ts'

const [first, second, third] = [await ageKey(), await ageKey(), await ageKey()]
const by = (...identities: string[]) => ageOpener({ identities, passphrases: [], isSureToFit: true })
const unsure = (...identities: string[]) => ageOpener({ identities, passphrases: [], isSureToFit: false })

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
  for (const { identity } of [first, second]) {
    assert.deepEqual(await through(unsure(third.identity, identity).decode(), [stored]), bytes)
  }
  const error = await rejectsWith('KEY_MISSING', through(unsure(third.identity).decode(), [stored]))
  assert.match(error.hint ?? '', /BACKUP_AGE_IDENTITY_FILE/)
  await rejectsWith('DECODE_FAILED', through(by(third.identity).decode(), [stored]))
})

test('a recipient that is none fails the stage, and nothing else', async () => {
  await assert.rejects(through(ageCipher({ recipients: ['age1nobody'] }).seal().encode(), [noise(10)]))
})
