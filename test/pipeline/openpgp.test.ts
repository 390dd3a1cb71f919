import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openpgpCipher, openpgpOpener } from '../../src/pipeline/openpgp.ts'
import { readPublicKeys } from '../../src/pipeline/openpgp-keys.ts'
import { cipherSuite } from '../suites/cipher-suite.ts'
import { openpgpKey, PASSPHRASE } from '../support/pipeline/keys.ts'
import { needTool } from '../support/skip-without.ts'
import { rejectsWith } from '../support/rejects.ts'
import { noise, prose, through } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const [first, second, third] = [await openpgpKey(), await openpgpKey(), await openpgpKey()]
const GPG = [
  '--homedir',
  '.',
  '--batch',
  '--quiet',
  '--no-tty',
  '--pinentry-mode',
  'loopback',
  '--trust-model',
  'always'
]
/**
 * As the key of a passphrase is derived here. Without a count gpg first measures how fast the machine is, for each home
 * anew.
 */
const DERIVED = ['--s2k-count', '65011712']
const by = (...privateKeys: string[]) => openpgpOpener({ privateKeys, passphrase: null, isSureToFit: true })
const unsure = (...privateKeys: string[]) => openpgpOpener({ privateKeys, passphrase: null, isSureToFit: false })
const withPassphrase = (passphrase: string) => openpgpOpener({ privateKeys: [], passphrase, isSureToFit: false })

/** A keyring of `gpg` with this key in it. */
function imported (home: string, armour: string): void {
  writeFileSync(join(home, 'key.asc'), armour)
  execFileSync('gpg', [...GPG, '--import', 'key.asc'], { cwd: home, stdio: 'pipe' })
}

const fingerprints = (await readPublicKeys(first.publicKey)).map(({ fingerprint }) => fingerprint)

cipherSuite({
  name: 'openpgp with a key',
  cipher: openpgpCipher({ publicKeys: [first.publicKey], fingerprints }),
  opener: by(first.privateKey),
  stranger: unsure(second.privateKey),
  piece: 64 * 1024,
  runs: 4,
  growth: 400_000_000,
  tool: 'gpg',
  opens (home, file) {
    imported(home, first.privateKey)
    return [...GPG, '-d', file]
  },
  seals (home, file) {
    imported(home, first.publicKey)
    return [...GPG, '--encrypt', '--recipient', fingerprints[0]!, '-o', '-', file]
  }
})

cipherSuite({
  name: 'openpgp with a passphrase',
  cipher: openpgpCipher({ passphrase: PASSPHRASE }),
  opener: withPassphrase(PASSPHRASE),
  stranger: withPassphrase(`${PASSPHRASE}!`),
  piece: 64 * 1024,
  runs: 2,
  growth: 400_000_000,
  isHeaderOnly: true,
  tool: 'gpg',
  opens: (_home, file) => [...GPG, '--passphrase', PASSPHRASE, '-d', file],
  seals: (
    _home,
    file
  ) => [...GPG, '--passphrase', PASSPHRASE, ...DERIVED, '--symmetric', '--cipher-algo', 'AES256', '-o', '-', file]
})

test('each of several recipients opens it, and nobody else does', async () => {
  const bytes = noise(1000)
  const stored = await through(
    openpgpCipher({ publicKeys: [first.publicKey, second.publicKey], fingerprints: ['A', 'B'] }).seal().encode(),
    [bytes]
  )
  for (const { privateKey } of [first, second]) {
    assert.deepEqual(await through(unsure(third.privateKey, privateKey).decode(), [stored]), bytes)
  }
  await rejectsWith('KEY_MISSING', through(unsure(third.privateKey).decode(), [stored]))
  await rejectsWith('DECODE_FAILED', through(by(third.privateKey).decode(), [stored]))
})

test('a private key and a passphrase are both tried', async () => {
  const bytes = noise(1000)
  const both = openpgpOpener({ privateKeys: [first.privateKey], passphrase: PASSPHRASE, isSureToFit: false })
  for (
    const cipher of [
      openpgpCipher({ passphrase: PASSPHRASE }),
      openpgpCipher({ publicKeys: [first.publicKey], fingerprints })
    ]
  ) {
    assert.deepEqual(await through(both.decode(), [await through(cipher.seal().encode(), [bytes])]), bytes)
  }
})

test('gpg names AES256 as what it is sealed with, and a protection against changes', async t => {
  if (!needTool(t, 'gpg')) return
  const home = tempDir(t)
  writeFileSync(
    join(home, 'sealed'),
    await through(openpgpCipher({ passphrase: PASSPHRASE }).seal().encode(), [prose(1000)])
  )
  const packets = execFileSync('gpg', [...GPG, '--passphrase', PASSPHRASE, '--list-packets', '--verbose', 'sealed'], {
    cwd: home,
    encoding: 'utf8',
    stdio: 'pipe'
  })
  assert.match(packets, /symkey enc packet: version 4, cipher 9,.*s2k 3,.*hash 8/)
  assert.match(packets, /count 65011712 \(255\)/)
  assert.match(packets, /mdc_method: 2/)
})

test('what gpg compressed on its way is opened', async t => {
  if (!needTool(t, 'gpg')) return
  const home = tempDir(t)
  const bytes = prose(600_000)
  writeFileSync(join(home, 'plain'), bytes)
  for (const algorithm of ['ZIP', 'ZLIB', 'BZIP2', 'none']) {
    const stored = execFileSync('gpg', [
      ...GPG,
      '--passphrase',
      PASSPHRASE,
      ...DERIVED,
      '--compress-algo',
      algorithm,
      '--symmetric',
      '-o',
      '-',
      'plain'
    ], { cwd: home, stdio: 'pipe', maxBuffer: 10_000_000 })
    assert.deepEqual(await through(withPassphrase(PASSPHRASE).decode(), [stored]), bytes, algorithm)
  }
})
