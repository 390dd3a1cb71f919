import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMPRESSIONS } from '../../src/core/ports/codec.ts'
import { makeCodecs } from '../../src/pipeline/codecs.ts'

test('there is a codec for every compression, and none for "none"', () => {
  const codecs = makeCodecs()
  assert.deepEqual(Object.keys(codecs).toSorted(), COMPRESSIONS.toSorted())
  assert.equal(codecs.none, null)
})

test('a codec goes by the name of its compression', () => {
  const codecs = makeCodecs()
  assert.deepEqual([codecs.gzip?.id, codecs.zstd?.id], ['gzip', 'zstd'])
})
