import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const SECRET = 'a secret that is long enough to be one'
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' })
const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
const ec = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
const ed25519 = generateKeyPairSync('ed25519')
const ed = pem(ed25519.publicKey)

test('a secret means HS256', t => {
  assert.equal(validConfig({ JWT_SECRET: SECRET }, workDir(t)).tokenKey?.algorithm, 'HS256')
  assert.equal(validConfig({ JWT_SECRET: SECRET, JWT_ALGORITHM: 'HS256' }, workDir(t)).tokenKey?.algorithm, 'HS256')
})

test('a public key means the algorithm that fits it', t => {
  const algorithm = (JWT_PUBLIC_KEY: string): string | undefined =>
    validConfig({ JWT_PUBLIC_KEY }, workDir(t)).tokenKey?.algorithm
  assert.deepEqual([rsa, ec, ed].map(algorithm), ['RS256', 'ES256', 'EdDSA'])
})

test('a public key may have its line breaks written as \\n', t => {
  const { tokenKey } = validConfig({ JWT_PUBLIC_KEY: ed.replaceAll('\n', '\\n') }, workDir(t))
  assert.equal(tokenKey?.key.reveal().trim(), ed.trim())
})

test('a public key comes from a file', t => {
  assert.equal(
    validConfig({ JWT_PUBLIC_KEY_FILE: 'key.pem' }, workDir(t, { 'key.pem': rsa })).tokenKey?.algorithm,
    'RS256'
  )
})

for (
  const [what, environment, name] of [
    ['an algorithm that does not fit the key', { JWT_PUBLIC_KEY: ec, JWT_ALGORITHM: 'RS256' }, 'JWT_PUBLIC_KEY'],
    ['HS256 with a public key', { JWT_PUBLIC_KEY: rsa, JWT_ALGORITHM: 'HS256' }, 'JWT_PUBLIC_KEY'],
    [
      'an algorithm that needs a public key, without one',
      { JWT_SECRET: SECRET, JWT_ALGORITHM: 'RS256' },
      'JWT_ALGORITHM'
    ],
    ['the algorithm none', { JWT_SECRET: SECRET, JWT_ALGORITHM: 'none' }, 'JWT_ALGORITHM'],
    ['a secret and a public key together', { JWT_SECRET: SECRET, JWT_PUBLIC_KEY: rsa }, 'JWT_PUBLIC_KEY'],
    ['a public key as the secret', { JWT_SECRET: rsa }, 'JWT_SECRET'],
    [
      'a private key',
      { JWT_PUBLIC_KEY: ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }) },
      'JWT_PUBLIC_KEY'
    ],
    ['text that is no key', { JWT_PUBLIC_KEY: 'no key' }, 'JWT_PUBLIC_KEY'],
    [
      'an RSA key of 1024 bits',
      { JWT_PUBLIC_KEY: pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) },
      'JWT_PUBLIC_KEY'
    ],
    [
      'a key on another curve',
      { JWT_PUBLIC_KEY: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey) },
      'JWT_PUBLIC_KEY'
    ]
  ] as const
) {
  test(`${what} is a problem`, t => {
    assert.deepEqual(problemsOf(environment, workDir(t)).map(problem => problem.name), [name])
  })
}
