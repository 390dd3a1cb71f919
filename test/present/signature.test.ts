import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentSignature, signatureSchema } from '../../src/present/signature.ts'

test('a backup without a manifest has no signature to show', () => {
  assert.equal(presentSignature(null), null)
})

test('a signature shows whether the backup is refused for it', () => {
  const view = presentSignature({ state: 'unsigned', key: null, keyId: null, isRefused: true })
  assert.deepEqual(view, { state: 'unsigned', key: null, keyId: null, refused: true })
  assert.deepEqual(signatureSchema.strict().parse(view), view)
})
