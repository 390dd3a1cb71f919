import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readKeyFile } from '../../src/config/key-file.ts'
import { signingKeyId } from '../../src/core/backup/signature.ts'
import { newKey } from '../../src/pipeline/new-key.ts'
import { privateKeys } from '../../src/pipeline/private-keys.ts'
import { OUTPUTS } from '../../src/cli/schemas.ts'
import { commandLine } from '../support/command-line.ts'
import { ageKey, keyring } from '../support/keys.ts'
import { testSigning } from '../support/signing.ts'
import { tempDir } from '../support/temp-dir.ts'

const NOW = new Date('2025-11-24T23:30:00.000Z')
const key = await ageKey()
const sealing = await keyring({ sealing: { encryption: 'age', ageRecipients: [key.recipient] } })

const keys = (cwd: string) => ({
  cwd,
  makeKey: (kind: 'age' | 'openpgp') => newKey(kind, NOW),
  privateKeys: (file: string | undefined) => privateKeys(readKeyFile(file ?? join(cwd, 'configured')))
})

for (const [kind, file, begin] of [['age', 'holdfast-age-key.txt', /^# created: .*\n# public key: (age1\w{58})\nAGE-SECRET-KEY-1\w{58}\n$/], ['openpgp', 'holdfast-openpgp-key.asc', /^-----BEGIN PGP PRIVATE KEY BLOCK-----/]] as const) {
  test(`key new makes a key for ${kind} in a file that only its user can read, and never over another`, async t => {
    const cwd = tempDir(t)
    const { holdfast } = await commandLine(t, { deps: keys(cwd) })
    const { code, out } = await holdfast('key', 'new', '--kind', kind)
    assert.equal(code, 0)
    const text = readFileSync(join(cwd, file), 'utf8')
    assert.match(text, begin)
    assert.equal(statSync(join(cwd, file)).mode & 0o777, 0o600)
    const secret = text.split('\n').find(line => line.startsWith('AGE-SECRET')) ?? text.split('\n')[3]!
    assert.equal(out.includes(secret), false)
    assert.match(out, kind === 'age' ? /BACKUP_AGE_RECIPIENTS=age1/ : /BACKUP_OPENPGP_PUBLIC_KEYS_FILE=.*\.pub/)

    const again = await holdfast('key', 'new', '--kind', kind)
    assert.deepEqual([again.code, again.out], [2, ''])
    assert.match(again.err, /exists already/)
    assert.equal(readFileSync(join(cwd, file), 'utf8'), text)
  })
}

test('key new --json is as its schema says', async t => {
  const { json } = await commandLine(t, { deps: keys(tempDir(t)) })
  const printed = await json('key', 'new', '--output', 'one.txt')
  assert.deepEqual(OUTPUTS['key new'].parse(printed), printed)
})

test('key list tells what each key is for, and key confirm that its card is stored', async t => {
  const line = await commandLine(t, { keyring: sealing })
  await line.create()
  await line.create()
  const before = await line.json('key', 'list')
  assert.deepEqual(OUTPUTS['key list'].parse(before), before)
  assert.deepEqual(before.keys, [{ id: key.recipient, encryption: 'age', private: false, inUse: true, backups: 2, confirmedAt: null, confirmedBy: null, expiresAt: null }])
  assert.match((await line.holdfast('key', 'list')).out, /age1\w+ +age +public +yes +2 +not confirmed/)

  const confirmed = await line.json('key', 'confirm', key.recipient)
  assert.deepEqual(OUTPUTS['key confirm'].parse(confirmed), confirmed)
  assert.deepEqual([confirmed.key.confirmedAt, confirmed.key.confirmedBy], [line.clock.now().toISOString(), 'ann'])
  assert.match((await line.holdfast('key', 'list')).out, /2025-11-\d\d/)
  const { entries } = await line.deps.catalog.audit.list({ limit: 5 })
  assert.deepEqual([entries[0]?.action, entries[0]?.target], ['key confirm', `key ${key.recipient}`])
})

test('a key that nobody knows is not confirmed', async t => {
  const { holdfast } = await commandLine(t)
  const { code, err } = await holdfast('key', 'confirm', 'age1nobody')
  assert.equal(code, 4)
  assert.match(err, /there is no key "age1nobody"/)
})

test('key list says so where there are none, and shows with which key manifests are signed', async t => {
  const other = testSigning().keys.publicKey ?? ''
  const signing = testSigning({ trusted: [other], isRequired: true })
  const { publicKey } = signing.keys
  const line = await commandLine(t, { signing })
  const { out } = await line.holdfast('key', 'list')
  assert.equal(out, [
    'no key is configured, and no backup needs one',
    '',
    `manifests are signed with ${publicKey ?? ''} (${signingKeyId(publicKey ?? '')})`,
    `trusted as well: ${other} (${signingKeyId(other)})`,
    'backups that none of these keys signed are refused',
    ''
  ].join('\n'))
  const printed = await line.json('key', 'list')
  assert.deepEqual(OUTPUTS['key list'].parse(printed), printed)
  assert.deepEqual([printed.signing.key, printed.signing.trusted[0].key, printed.signing.required], [publicKey, other, true])
})

test('a card names the key that signs manifests, how a new machine trusts it, or where to find it', async t => {
  const cwd = tempDir(t)
  writeFileSync(join(cwd, 'configured'), key.identity)
  const publicKey = testSigning().keys.publicKey ?? ''
  const known = await commandLine(t, { deps: { ...keys(cwd), signingKey: () => publicKey } })
  for (const words of [['key', 'card'], ['key', 'card', '--text']]) {
    const { out } = await known.holdfast(...words)
    assert.ok(out.includes(`${publicKey}  [${createHash('sha256').update(publicKey).digest('hex').slice(0, 4)}]`))
    assert.match(out, /BACKUP_TRUSTED_SIGNING_KEYS/)
  }
  const { holdfast } = await commandLine(t, { deps: keys(cwd) })
  assert.match((await holdfast('key', 'card', '--text')).out, /not known here. Run "holdfast key list" on the server/)
})

test('the card holds the private key in groups, each line with its checksum, and nothing from elsewhere', async t => {
  const cwd = tempDir(t)
  writeFileSync(join(cwd, 'configured'), `# remark\n${key.identity}\n`)
  const { holdfast } = await commandLine(t, { deps: keys(cwd) })
  const { out } = await holdfast('key', 'card', '--text')
  const lines = [...out.matchAll(/^ {2}\d {2}(.*) {2}\[([0-9a-f]{4})\]$/gm)].map(([, shown = '', checksum]) => ({ typed: shown.replaceAll(' ', ''), checksum }))
  assert.equal(lines.map(({ typed }) => typed).join(''), key.identity)
  for (const { typed, checksum } of lines) assert.equal(createHash('sha256').update(typed).digest('hex').slice(0, 4), checksum)
  assert.match(out, new RegExp(`holdfast key confirm ${key.recipient}`))

  const page = (await holdfast('key', 'card', key.recipient)).out
  assert.match(page, /^<!doctype html>/)
  assert.equal(/<script|https?:\/\/(?!age-encryption)|<link|src=/.test(page), false)
  for (const { checksum } of lines) assert.ok(page.includes(`<td>${checksum!}</td>`))
})

test('a card goes into a file that only its user can read', async t => {
  const cwd = tempDir(t)
  writeFileSync(join(cwd, 'there'), key.identity)
  const { holdfast } = await commandLine(t, { deps: keys(cwd) })
  const { code, out } = await holdfast('key', 'card', '--key', 'there', '--output', 'card.html')
  assert.deepEqual([code, out], [0, ''])
  assert.equal(statSync(join(cwd, 'card.html')).mode & 0o777, 0o600)
})

test('the card of an OpenPGP key is the key when it is typed again', async t => {
  const cwd = tempDir(t)
  const { privateFile } = await newKey('openpgp', NOW)
  writeFileSync(join(cwd, 'configured'), privateFile.reveal())
  const { holdfast } = await commandLine(t, { deps: keys(cwd) })
  const { out } = await holdfast('key', 'card', '--text')
  const typed = [...out.matchAll(/^ *\d+ {2}(.*) {2}\[[0-9a-f]{4}\]$/gm)].map(([, shown = '']) => shown.startsWith('-----') ? shown : shown.replaceAll(' ', ''))
  assert.deepEqual(typed, privateFile.reveal().trim().split(/\r?\n/))
})

test('of several keys one has to be named, and one that is not here is told', async t => {
  const cwd = tempDir(t)
  const other = await ageKey()
  writeFileSync(join(cwd, 'configured'), `${key.identity}\n${other.identity}\n`)
  const { holdfast } = await commandLine(t, { deps: keys(cwd) })
  const several = await holdfast('key', 'card')
  assert.equal(several.code, 2)
  assert.ok(several.err.includes(other.recipient))
  assert.equal((await holdfast('key', 'card', other.recipient, '--text')).code, 0)
  assert.equal((await holdfast('key', 'card', 'age1nobody')).code, 4)
})
