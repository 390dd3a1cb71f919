import assert from 'node:assert/strict'
import { PassThrough, Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { joined } from '../../src/pipeline/joined.ts'
import { unobserved } from '../support/unobserved-rejections.ts'

const upper = (): Transform =>
  new Transform({ transform: (chunk: Buffer, _, done) => done(null, String(chunk).toUpperCase()) })

test('bytes pass through the stages one after the other', async () => {
  assert.equal(String(await buffer(joined(Readable.from([Buffer.from('abc')]), new PassThrough(), upper()))), 'ABC')
})

test('an error of the source or of any stage reaches the reader', async () => {
  for (const at of [0, 1, 2]) {
    const parts = [new PassThrough(), new PassThrough(), new PassThrough()] as const
    const stream = joined(...parts)
    const read = buffer(stream)
    parts[at]?.destroy(new Error('broken'))
    await assert.rejects(read, /broken/)
  }
})

test('an error that comes after the reader has left is no uncaught one', async () => {
  const [source, stage] = [new PassThrough(), new PassThrough()]
  assert.deepEqual(
    await unobserved(() => {
      joined(source, stage).destroy()
      source.emit('error', new Error('late'))
      stage.emit('error', new Error('late'))
    }),
    []
  )
})
