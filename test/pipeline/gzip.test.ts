import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipCodec } from '../../src/pipeline/gzip.ts'
import { codecSuite, encode } from '../suites/codec-suite.ts'
import { noise } from '../support/streams.ts'

const BLOCK = 1024 * 1024

codecSuite({ codec: gzipCodec(2), tool: 'gzip', block: BLOCK, levels: [['-1'], ['-9'], ['--no-name']] })

test('gzip files end with .gz', () => {
  assert.deepEqual([gzipCodec(1).id, gzipCodec(1).extension], ['gzip', '.gz'])
})

test('a stream of several blocks is a member for each', async () => {
  const encoded = await encode(gzipCodec(2), noise(3 * BLOCK))
  const magic = Buffer.from([0x1f, 0x8b, 0x08, 0x00])
  let members = 0
  for (let at = encoded.indexOf(magic); at !== -1; at = encoded.indexOf(magic, at + 1)) members++
  assert.ok(members >= 3)
})
