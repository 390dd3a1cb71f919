import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment } from '../../src/config/read-environment.ts'
import { checkConfig } from '../../src/config/load.ts'
import { describeProblems } from '../../src/config/problem.ts'
import { filesWithSecrets } from '../../src/config/files-with-secrets.ts'
import { ageKey, openpgpKey, PASSPHRASE } from '../support/pipeline/keys.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const [key, other, pgp] = [await ageKey(), await ageKey(), await openpgpKey()]

test('nothing is sealed unless somebody says so', t => {
  const { sources, encryption } = validConfig({}, workDir(t))
  assert.deepEqual(sources[0]?.sealing, { encryption: 'none', ageRecipients: [] })
  assert.deepEqual([encryption.ageIdentities.length, encryption.passphrase], [0, undefined])
})

test('several recipients stand beside each other, in the environment, in a file as age has it, or as a list', t => {
  const both = [key.recipient, other.recipient]
  const cwd = workDir(t, { recipients: `# the first\n${both[0]!}\n\n# the second\n${both[1]!}\n${both[0]!}\n` })
  const found = (environment: Environment, directory = cwd): readonly string[] =>
    validConfig({ BACKUP_ENCRYPTION: 'age', ...environment }, directory).sources[0]!.sealing.ageRecipients
  assert.deepEqual(found({ BACKUP_AGE_RECIPIENTS: both.join(' ') }), both)
  assert.deepEqual(found({ BACKUP_AGE_RECIPIENTS: both.join(', ') }), both)
  assert.deepEqual(found({ BACKUP_AGE_RECIPIENTS_FILE: 'recipients' }), both)
  assert.deepEqual(
    found({}, workDir(t, { 'holdfast.yaml': `ageRecipients:\n  - ${both[0]!}\n  - ${both[1]!}\n` })),
    both
  )
})

test('several identities stand in one file, one a line', t => {
  const cwd = workDir(t, { key: `# old\n${other.identity}\n# new\n${key.identity}\n` })
  const { ageIdentities } = validConfig({ BACKUP_AGE_IDENTITY_FILE: 'key' }, cwd).encryption
  assert.deepEqual(ageIdentities.map(secret => secret.reveal()), [other.identity, key.identity])
})

test('a source has an encryption and recipients of its own, and the rest follows the service', t => {
  const cwd = workDir(t, {
    'holdfast.yaml':
      `encryption: age\nageRecipients: ${key.recipient}\nsources:\n  - { name: shop, path: a.db }\n  - { name: blog, path: b.db, encryption: none }\n  - { name: wiki, path: c.db, ageRecipients: [${other.recipient}] }\n`
  })
  assert.deepEqual(
    validConfig({}, cwd).sources.map(({ name, sealing }) => [name, sealing.encryption, sealing.ageRecipients[0]]),
    [
      ['shop', 'age', key.recipient],
      ['blog', 'none', key.recipient],
      ['wiki', 'age', other.recipient],
      ['holdfast', 'age', key.recipient]
    ]
  )
})

for (
  const [what, environment, name, problem] of [
    ['age without a key', { BACKUP_ENCRYPTION: 'age' }, 'BACKUP_ENCRYPTION', /no key for encryption is configured/],
    [
      'openpgp without a key',
      { BACKUP_ENCRYPTION: 'openpgp' },
      'BACKUP_ENCRYPTION',
      /no key for encryption is configured/
    ],
    ['an unknown encryption', { BACKUP_ENCRYPTION: 'rot13' }, 'BACKUP_ENCRYPTION', /is not one of none, age, openpgp/],
    [
      'an identity where a recipient belongs',
      { BACKUP_AGE_RECIPIENTS: key.identity },
      'BACKUP_AGE_RECIPIENTS',
      /contains an identity, which is a private key/
    ],
    [
      'a recipient with a letter mistyped',
      { BACKUP_AGE_RECIPIENTS: `${key.recipient.slice(0, -1)}${key.recipient.endsWith('q') ? 'p' : 'q'}` },
      'BACKUP_AGE_RECIPIENTS',
      /is not a valid recipient of age/
    ],
    [
      'something else as a recipient',
      { BACKUP_AGE_RECIPIENTS: 'ssh-ed25519 AAAA' },
      'BACKUP_AGE_RECIPIENTS',
      /is not a recipient of age/
    ],
    ['no recipient at all', { BACKUP_AGE_RECIPIENTS: '# none yet' }, 'BACKUP_AGE_RECIPIENTS', /contains no recipient/],
    [
      'a recipient where an identity belongs',
      { BACKUP_AGE_IDENTITY: key.recipient },
      'BACKUP_AGE_IDENTITY',
      /contains a recipient, which is a public key and cannot decrypt/
    ],
    [
      'something else as an identity',
      { BACKUP_AGE_IDENTITY: `${key.identity}x` },
      'BACKUP_AGE_IDENTITY',
      /is not an identity of age/
    ],
    [
      'an identity file that is not there',
      { BACKUP_AGE_IDENTITY_FILE: 'nowhere' },
      'BACKUP_AGE_IDENTITY_FILE',
      /cannot be read/
    ],
    [
      'a weak passphrase',
      { BACKUP_ENCRYPTION: 'age', BACKUP_ENCRYPTION_PASSPHRASE: 'eleven char' },
      'BACKUP_ENCRYPTION_PASSPHRASE',
      /at least 12 characters/
    ],
    [
      'a private key where the public one belongs',
      { BACKUP_OPENPGP_PUBLIC_KEYS: pgp.privateKey },
      'BACKUP_OPENPGP_PUBLIC_KEYS',
      /contains a private key/
    ],
    [
      'no key in armour',
      { BACKUP_OPENPGP_PUBLIC_KEYS: 'key' },
      'BACKUP_OPENPGP_PUBLIC_KEYS',
      /contains no armored OpenPGP key/
    ],
    [
      'a public key where the private one belongs',
      { BACKUP_OPENPGP_PRIVATE_KEYS: pgp.publicKey },
      'BACKUP_OPENPGP_PRIVATE_KEYS',
      /contains no armored private OpenPGP key/
    ]
  ] as ReadonlyArray<readonly [string, Environment, string, RegExp]>
) {
  test(`${what} is a problem, and no secret is repeated`, t => {
    const problems = problemsOf(environment, workDir(t))
    const found = problems.find(one => one.name === name)
    assert.match(found?.problem ?? '', problem)
    const report = describeProblems(problems)
    for (const secret of [key.identity, key.identity.slice(20, 50), pgp.privateKey.split('\n')[3]!, 'eleven char']) {
      assert.equal(report.includes(secret), false)
    }
  })
}

test('a passphrase alone is enough for either', t => {
  for (const BACKUP_ENCRYPTION of ['age', 'openpgp']) {
    assert.equal(
      validConfig({ BACKUP_ENCRYPTION, BACKUP_ENCRYPTION_PASSPHRASE: PASSPHRASE }, workDir(t)).sources[0]?.sealing
        .encryption,
      BACKUP_ENCRYPTION
    )
  }
})

test('files with private keys are known as places of secrets, and files with public ones are not', t => {
  const cwd = workDir(t, { key: key.identity, recipients: key.recipient })
  const environment = {
    BACKUP_ENCRYPTION: 'age',
    BACKUP_AGE_IDENTITY_FILE: 'key',
    BACKUP_AGE_RECIPIENTS_FILE: 'recipients'
  }
  const checked = checkConfig(environment, cwd)
  assert.ok(checked.ok)
  assert.deepEqual(filesWithSecrets(environment, cwd, checked.config, checked.file).flatMap(({ holds }) => holds), [
    'BACKUP_AGE_IDENTITY',
    'the generated secret',
    'the signing key for manifests'
  ])
})

test('what is in force shows recipients, and of private keys that they are set', t => {
  const checked = checkConfig({
    BACKUP_ENCRYPTION: 'age',
    BACKUP_AGE_RECIPIENTS: key.recipient,
    BACKUP_AGE_IDENTITY: key.identity,
    BACKUP_OPENPGP_PUBLIC_KEYS: pgp.publicKey
  }, workDir(t))
  assert.ok(checked.ok)
  const shown = Object.fromEntries(checked.inForce.map(one => [one.key, one.value]))
  assert.deepEqual([shown.ageRecipients, shown.ageIdentity, shown.openpgpPublicKeys], [
    key.recipient,
    '[redacted]',
    '-----BEGIN PGP PUBLIC KEY BLOCK----- …'
  ])
  assert.equal(JSON.stringify(checked.config).includes(key.identity), false)
})
