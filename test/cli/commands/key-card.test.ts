import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readKeyFile } from '../../../src/config/key-file.ts'
import { newKey } from '../../../src/pipeline/new-key.ts'
import { privateKeys } from '../../../src/pipeline/private-keys.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { ageKey } from '../../support/pipeline/keys.ts'
import { testSigning } from '../../support/engine/signing.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOW = new Date('2025-11-24T23:30:00.000Z')
const key = await ageKey()

const keys = (cwd: string) => ({
  cwd,
  privateKeys: (file: string | undefined) => privateKeys(readKeyFile(file ?? join(cwd, 'configured')))
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
  assert.match((await holdfast('key', 'card', '--text')).out, /unknown here. Run "holdfast key list" on the server/)
})

test('the card holds the private key in groups, each line with its checksum, and nothing from elsewhere', async t => {
  const cwd = tempDir(t)
  writeFileSync(join(cwd, 'configured'), `# remark\n${key.identity}\n`)
  const { holdfast } = await commandLine(t, { deps: keys(cwd) })
  const { out } = await holdfast('key', 'card', '--text')
  const lines = [...out.matchAll(/^ {2}\d {2}(.*) {2}\[([0-9a-f]{4})\]$/gm)].map(([, shown = '', checksum]) => ({
    typed: shown.replaceAll(' ', ''),
    checksum
  }))
  assert.equal(lines.map(({ typed }) => typed).join(''), key.identity)
  for (const { typed, checksum } of lines) {
    assert.equal(createHash('sha256').update(typed).digest('hex').slice(0, 4), checksum)
  }
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
  const typed = [...out.matchAll(/^ *\d+ {2}(.*) {2}\[[0-9a-f]{4}\]$/gm)].map(([, shown = '']) =>
    shown.startsWith('-----') ? shown : shown.replaceAll(' ', '')
  )
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
