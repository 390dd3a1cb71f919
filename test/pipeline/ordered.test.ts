import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Readable } from 'node:stream'
import { ownChunk } from '../../src/files/own-chunk.ts'
import { blockStage } from '../../src/pipeline/ordered.ts'
import { chunks, noise, rejection, through, until } from '../support/streams.ts'

interface Conversion {
  readonly block: Buffer
  readonly done: (converted?: Buffer) => void
  readonly fail: (error: Error) => void
}

/** A stage whose conversions end when they are told to. */
function heldStage (concurrency: number) {
  const under: Conversion[] = []
  const stage = blockStage({
    blockSize: 10,
    concurrency,
    convert (block) {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
      const copy = Buffer.from(block)
      under.push({
        block: copy,
        done: converted => {
          resolve(converted ?? copy)
        },
        fail: reject
      })
      return promise
    }
  })
  return { stage, under }
}

async function settle (): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise(resolve => {
      setImmediate(resolve)
    })
  }
}

test('never more blocks are converted at once than it was told', async () => {
  const { stage, under } = heldStage(3)
  const output = through(stage, chunks(noise(95), 7))
  for (let ended = 0; ended < 10; ended++) {
    await until(() => under.length > ended)
    await settle()
    assert.ok(under.length - ended <= 3, `${under.length - ended} at once`)
    under[ended]!.done()
  }
  assert.equal((await output).length, 95)
})

test('blocks come out in their order, whichever is ready first', async () => {
  const { stage, under } = heldStage(3)
  const bytes = noise(30)
  const output = through(stage, [bytes])
  await until(() => under.length === 3)
  for (const conversion of under.toReversed()) conversion.done()
  assert.ok((await output).equals(bytes))
})

test('a block that cannot be converted ends the stream with its error', async () => {
  for (const at of [0, 1, 2]) {
    const { stage, under } = heldStage(3)
    const error = new Error('cannot')
    const result = rejection(through(stage, [noise(30)]))
    await until(() => under.length === 3)
    for (const [n, conversion] of under.entries()) {
      if (n === at) conversion.fail(error)
      else conversion.done()
    }
    assert.equal(await result, error)
  }
})

test('a conversion that fails while the one before it is under way stays unnoticed until its turn', async () => {
  const { stage, under } = heldStage(2)
  const error = new Error('cannot')
  const result = rejection(through(stage, [noise(20)]))
  await until(() => under.length === 2)
  under[1]!.fail(error)
  await settle()
  assert.equal(stage.destroyed, false)
  under[0]!.done()
  assert.equal(await result, error)
})

test('an empty stream is one empty block, with its tail', async () => {
  const sizes: number[] = []
  const stage = blockStage({
    blockSize: 10,
    concurrency: 2,
    async convert (block) {
      sizes.push(block.length)
      return Buffer.from('block ')
    },
    tail: () => Buffer.from('tail')
  })
  assert.equal((await through(stage, [])).toString(), 'block tail')
  assert.deepEqual(sizes, [0])
})

test('a stage that nobody reads takes in no more than it may hold', async () => {
  let given = 0
  const input = Readable.from((function* () {
    for (; given < 10_000; given++) yield Buffer.alloc(64 * 1024)
  })())
  const stage = blockStage({ blockSize: 64 * 1024, concurrency: 2, convert: async block => Buffer.from(block) })
  input.once('close', () => {})
  input.on('data', (chunk: Buffer) => {
    if (!stage.write(chunk)) input.pause()
  })
  stage.on('drain', () => {
    input.resume()
  })
  await settle()
  assert.ok(given < 100, `${given} chunks were taken in`)
  input.destroy()
  stage.destroy()
})

test('it frees the chunks that only the stream refers to, once it has copied their bytes', async () => {
  const [own, kept] = [Buffer.from(new ArrayBuffer(25)).fill('a'), Buffer.alloc(25, 'b')]
  const stage = blockStage({ blockSize: 10, concurrency: 2, convert: async block => Buffer.from(block) })
  const output = await through(stage, [ownChunk(own), kept])
  assert.equal(output.toString('latin1'), 'a'.repeat(25) + 'b'.repeat(25))
  assert.deepEqual([own.length, kept.length], [0, 25])
})

for (const end of ['ends', 'is destroyed'] as const) {
  test(`a stage that ${end} is closed once`, async () => {
    let closed = 0
    const stage = blockStage({
      blockSize: 10,
      concurrency: 2,
      convert: async block => Buffer.from(block),
      close: () => {
        closed++
      }
    })
    if (end === 'ends') await through(stage, [noise(25)])
    else stage.destroy()
    await until(() => closed > 0)
    await settle()
    assert.equal(closed, 1)
  })
}
