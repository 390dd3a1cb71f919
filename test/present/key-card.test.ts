import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { keyCardPage, keyCardText, type KeyCard } from '../../src/present/key-card.ts'
import { STARTED } from '../support/builders/backup.ts'

const AGE: KeyCard = {
  id: 'age1abc',
  encryption: 'age',
  text: `AGE-SECRET-KEY-1${'Q7'.repeat(29)}\n`,
  signingKey: 'holdfast-sign1-abc',
  madeAt: STARTED,
  commands: ['open backup.db']
}
const ARMOURED =
  '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlIYEZ3SCABYJKwYBBAHaRw8BAQdA\n-----END PGP PRIVATE KEY BLOCK-----'

/** The lines of the key as they are printed, each with its check. */
function printed (card: KeyCard): Array<readonly [line: string, check: string]> {
  return [...keyCardText(card).matchAll(/^ +\d+ {2}(.*) {2}\[([0-9a-f]{4})\]$/gm)].map(([, line = '', check = '']) =>
    [line, check] as const
  )
}

const checkOf = (line: string): string => createHash('sha256').update(line).digest('hex').slice(0, 4)

test('who types the lines of an age key without their spaces has the key, and each check tells a wrong line', () => {
  const lines = printed(AGE).map(([line, check]) => [line.replaceAll(' ', ''), check] as const)
  assert.equal(lines.map(([line]) => line).join(''), AGE.text.trim())
  assert.equal(lines.length, 2)
  for (const [line, check] of lines) assert.equal(check, checkOf(line))
})

test('an armoured key is grouped for reading, but its frame and its blank line stand as they are', () => {
  const lines = printed({ ...AGE, encryption: 'openpgp', text: ARMOURED }).map(([line]) => line)
  assert.deepEqual(lines, [
    '-----BEGIN PGP PRIVATE KEY BLOCK-----',
    '',
    'lIYE Z3SC ABYJ KwYB BAHa Rw8B AQdA',
    '-----END PGP PRIVATE KEY BLOCK-----'
  ])
})

test('a passphrase keeps its spaces, on one line', () => {
  const text = ' correct horse  battery '
  assert.deepEqual(printed({ ...AGE, id: 'passphrase', encryption: null, text }), [[text, checkOf(text)]])
})

test('on the page a passphrase is text, whatever is in it', () => {
  const page = keyCardPage({ ...AGE, id: 'passphrase', encryption: null, text: '<b>&"' })
  assert.ok(page.includes('<td>&lt;b&gt;&amp;&quot;</td>'))
})

test('where the key that signs is not known, the card tells how to find it', () => {
  assert.match(keyCardText(AGE), /holdfast-sign1-abc {2}\[[0-9a-f]{4}\]/)
  assert.match(keyCardText({ ...AGE, signingKey: null }), /unknown here.*holdfast key list/)
})
