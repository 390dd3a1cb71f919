import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  parseManifest,
  serializeManifest,
  withSignature,
  writtenForm,
  type Manifest
} from '../../../src/core/backup/manifest.ts'
import {
  authenticity,
  isSigningKey,
  printableKey,
  signatureOf,
  signedBytes
} from '../../../src/core/backup/signature.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DIGEST = '0123456789abcdef'.repeat(4)
const MANIFEST: Manifest = {
  format: 'holdfast-manifest',
  version: 2,
  id: 7,
  instance: 'one',
  source: { name: 'shop', kind: 'sqlite', location: '/srv/shop.db' },
  type: 'scheduled',
  method: 'full',
  schedule: 'daily',
  description: 'vor dem Umzug: „ja“',
  pinned: true,
  startedAt: '2025-11-24T23:30:00.000Z',
  completedAt: '2025-11-24T23:30:05.000Z',
  object: { name: 'shop.db.zst', size: 5, sha256: DIGEST },
  image: { size: 4096, sha256: DIGEST },
  compression: 'zstd',
  encryption: 'age',
  keys: ['age1x'],
  facts: {
    engine: 'sqlite',
    tables: [{ name: 'a', rows: 3 }],
    properties: { pageSize: 4096, journalMode: 'wal' },
    details: { schemaDigest: DIGEST, foreignKeyViolations: 0 }
  },
  measures: { pages: 4, stride: 1, entropy: 4.25, density: 0.5, sketch: '00ff' },
  suspicion: { reasons: ['smaller'], releasedAt: null, releasedBy: null },
  partFormat: 'sqlite',
  parts: [],
  link: null,
  verifiedAt: null
}
const { privateKey } = generateKeyPairSync('ed25519')
const KEY = printableKey(privateKey)
const SIGNED = withSignature(MANIFEST, signatureOf(writtenForm(MANIFEST), privateKey))

test('a signed manifest is read again, and is signed where its key is trusted', () => {
  const read = parseManifest(serializeManifest(SIGNED))
  assert.deepEqual(read, SIGNED)
  assert.equal(authenticity(writtenForm(read), new Set([KEY])), 'signed')
  assert.equal(authenticity(writtenForm(read), new Set()), 'unknown-key')
  assert.equal(authenticity(writtenForm(MANIFEST), new Set([KEY])), 'unsigned')
})

test('the order of its names does not matter', () => {
  const turned = Object.fromEntries(Object.entries(writtenForm(SIGNED)).toReversed())
  assert.equal(authenticity(turned, new Set([KEY])), 'signed')
})

/** Every place in it, down to single values. */
function placesIn (value: unknown, path: readonly string[] = []): ReadonlyArray<readonly string[]> {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...path, name]))
}

test('whatever is changed or taken out of it, the signature does not match any more', () => {
  const places = placesIn(writtenForm(MANIFEST))
  assert.ok(places.length > 30)
  for (const path of places) {
    for (const isRemoved of [false, true]) {
      const copy = structuredClone(writtenForm(SIGNED)) as Record<string, unknown>
      let place = copy
      for (const part of path.slice(0, -1)) place = place[part] as Record<string, unknown>
      const last = path.at(-1) ?? ''
      if (isRemoved) Reflect.deleteProperty(place, last)
      else place[last] = typeof place[last] === 'number' ? place[last] + 1 : `${String(place[last])}x`
      assert.equal(authenticity(copy, new Set([KEY])), 'changed', path.join('.'))
    }
  }
})

test('a manifest that was changed after it was signed is refused when it is read', () => {
  assert.throws(
    () => parseManifest(serializeManifest({ ...SIGNED, pinned: false })),
    (error: unknown) =>
      error instanceof BackupError && error.code === 'MANIFEST_INVALID' &&
      /signature does not match/.test(error.message)
  )
  const stranger = printableKey(generateKeyPairSync('ed25519').privateKey)
  assert.throws(
    () => parseManifest(serializeManifest({ ...SIGNED, signature: { ...SIGNED.signature!, key: stranger } })),
    /signature does not match/
  )
})

test('only a whole key in its one form is a key', () => {
  assert.ok(isSigningKey(KEY))
  for (const wrong of ['', KEY.slice(1), KEY.slice(0, -1), `${KEY}A`, KEY.toUpperCase()]) {
    assert.ok(!isSigningKey(wrong), wrong)
  }
})

test('openssl finds the signature to be right', t => {
  if (spawnSync('openssl', ['version']).status !== 0) {
    t.skip('openssl is not installed')
    return
  }
  const home = tempDir(t)
  const [key, content, value] = ['key.der', 'content', 'value'].map(name => join(home, name)) as [
    string,
    string,
    string
  ]
  const raw = Buffer.from(KEY.slice('holdfast-sign1-'.length), 'base64url')
  writeFileSync(key, Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]))
  writeFileSync(content, signedBytes(writtenForm(SIGNED)))
  writeFileSync(value, Buffer.from(SIGNED.signature!.value, 'base64'))
  const check = [
    'pkeyutl',
    '-verify',
    '-pubin',
    '-keyform',
    'DER',
    '-inkey',
    key,
    '-rawin',
    '-in',
    content,
    '-sigfile',
    value
  ]
  assert.match(execFileSync('openssl', check, { encoding: 'utf8' }), /Verified Successfully/)
})
