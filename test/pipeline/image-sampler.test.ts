import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { changedShare, PAGE, SAMPLE, type Measures } from '../../src/core/backup/measures.ts'
import { ImageSampler } from '../../src/pipeline/image-sampler.ts'
import { strideFor } from '../support/builders/profile.ts'
import { chunks, noise, prose } from '../support/streams.ts'

async function measured (bytes: Buffer, chunkSize = 64 * 1024): Promise<Measures> {
  const sampler = new ImageSampler()
  for (const chunk of chunks(bytes, chunkSize)) sampler.take(chunk)
  return await sampler.measures()
}

test('noise is dense and has almost eight bits a byte, zeros have nothing, prose lies between', async () => {
  const [random, zeros, text] = [
    await measured(noise(3_000_000)),
    await measured(Buffer.alloc(3_000_000)),
    await measured(prose(3_000_000))
  ]
  assert.ok(random.entropy > 7.8 && random.density > 0.99, JSON.stringify(random))
  assert.ok(zeros.entropy === 0 && zeros.density < 0.01, JSON.stringify(zeros))
  assert.ok(text.entropy > 3 && text.entropy < 5 && text.density < 0.1, JSON.stringify(text))
})

test('nothing has no pages, and one byte is one page', async () => {
  assert.deepEqual(await measured(Buffer.alloc(0)), { pages: 0, stride: 1, entropy: 0, density: 0, sketch: '' })
  const { pages, sketch } = await measured(Buffer.from('x'))
  assert.deepEqual([pages, sketch.length], [1, 1])
})

test('the pages of a large image are looked at in even steps, and no more than so many', async () => {
  for (const pages of [SAMPLE, SAMPLE + 1, 2 * SAMPLE, 5000]) {
    const { stride, sketch } = await measured(noise(pages * PAGE))
    assert.ok(sketch.length <= SAMPLE && sketch.length > SAMPLE / 2, `${sketch.length}`)
    assert.deepEqual([stride, sketch.length], [strideFor(pages), Math.ceil(pages / stride)])
  }
})

test('it makes no difference how an image is cut into chunks', async () => {
  const bytes = noise(700 * PAGE + 1234)
  const expected = await measured(bytes)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 100, max: 300_000 }), async size => {
      assert.deepEqual(await measured(bytes, size), expected)
    }),
    { numRuns: 25 }
  )
})

test('how many pages changed is told, to within a tenth at the worst', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 100, max: 4000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(1000),
      async (pages, share, seed) => {
        const before = noise(pages * PAGE, seed + 1)
        const after = Buffer.from(before)
        const other = noise(PAGE, seed + 2000)
        let changed = 0
        for (let page = 0; page < pages; page++) {
          // Spread by another step than the sample's.
          if (page * 0.618 % 1 >= share) continue
          changed++
          other.copy(after, page * PAGE)
          after.writeUInt32LE(page, page * PAGE)
        }
        const told = changedShare(await measured(before), await measured(after)) ?? Number.NaN
        assert.ok(Math.abs(told - changed / pages) < 0.1, `${told} instead of ${changed / pages} of ${pages}`)
      }
    ),
    { numRuns: 30, seed: 5 }
  )
})

test('of an image that was cut off, and is looked at in shorter steps now, what is left has not changed', async () => {
  const before = noise(1600 * PAGE)
  const told = changedShare(await measured(before), await measured(before.subarray(0, 400 * PAGE))) ?? Number.NaN
  assert.ok(Math.abs(told - 0.75) <= 0.05, `${told}`)
})

test('nothing has changed in an image that only grew, and all of one that is gone', async () => {
  const before = noise(1500 * PAGE)
  const grown = await measured(Buffer.concat([before, noise(5000 * PAGE, 2)]))
  assert.equal(changedShare(await measured(before), grown), 0)
  assert.equal(changedShare(await measured(before), await measured(Buffer.alloc(0))), 1)
  assert.equal(changedShare(await measured(Buffer.alloc(0)), grown), null)
})
