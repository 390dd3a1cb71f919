import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { follow, type Segment } from '../../../src/core/recovery/segment.ts'
import { at, segmentOf } from '../../support/builders/recovery.ts'

function run (segments: readonly Segment[], start: number): string {
  const { segments: chosen, reached } = follow(segments, at(start))
  return [
    ...chosen.map(({ from, to }) => `${Number.parseInt(from, 16)}-${Number.parseInt(to, 16)}`),
    Number.parseInt(reached, 16)
  ].join(' ')
}

test('segments are followed to the first gap, whatever order they come in', () => {
  assert.equal(run([segmentOf(20, 30), segmentOf(10, 20), segmentOf(31, 40)], 10), '10-20 20-30 30')
  assert.equal(run([segmentOf(10, 20)], 9), '9')
  assert.equal(run([], 5), '5')
})

test('it may begin within a segment, and takes the fewest that lead as far', () => {
  assert.equal(run([segmentOf(0, 20), segmentOf(5, 15), segmentOf(15, 30), segmentOf(20, 32)], 10), '0-20 20-32 32')
})

test('of two that lead as far the one that is not partial is taken', () => {
  const [partial, full] = [segmentOf(10, 20, { isPartial: true, id: 1 }), segmentOf(10, 20, { id: 2 })]
  for (const segments of [[partial, full], [full, partial]]) {
    assert.deepEqual(follow(segments, at(10)).segments.map(({ id }) => id), [2])
  }
  assert.deepEqual(follow([partial], at(10)).segments.map(({ id }) => id), [1])
})

test('it leads as far as any way does, without a gap, and every step leads on', () => {
  const spans = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 10 })), { maxLength: 20 })
  fc.assert(
    fc.property(spans, fc.nat(30), (given, start) => {
      const segments = given.map(([from, length]) => segmentOf(from, from + length))
      const { segments: chosen, reached } = follow(segments, at(start))
      assert.equal(reached, at(furthest(given, start)))
      let position = at(start)
      for (const { from, to } of chosen) {
        assert.ok(from <= position && to > position)
        position = to
      }
      assert.equal(position, reached)
    }),
    { numRuns: 500 }
  )
})

/** One position after the other. */
function furthest (spans: ReadonlyArray<readonly [number, number]>, start: number): number {
  let position = start
  while (spans.some(([from, length]) => from <= position && from + length > position)) position++
  return position
}
