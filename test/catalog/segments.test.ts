import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { NewSegment, SegmentLog } from '../../src/core/catalog/segment-log.ts'
import type { Segment } from '../../src/core/recovery/segment.ts'
import { START, newCatalog } from '../support/catalog/catalog.ts'
import { at, segmentOf } from '../support/builders/recovery.ts'
import { rejectsWith } from '../support/rejects.ts'

function segment (from: number, to: number, given: Partial<Segment> = {}): NewSegment {
  const { id: _, ...made } = segmentOf(from, to, given)
  return made
}

async function segmentLog (t: TestContext): Promise<SegmentLog> {
  return (await newCatalog(t)).catalog.segments
}

function spans (segments: readonly Segment[]): readonly string[] {
  return segments.map(({ lineage, from, to }) => `${lineage} ${Number.parseInt(from, 16)}-${Number.parseInt(to, 16)}`)
}

test('a segment is read as it was recorded', async t => {
  const segments = await segmentLog(t)
  const given = segment(1, 5, { firstCommit: null, isPartial: true, compression: 'zstd', encryption: 'age' })
  const added = await segments.add(given, 'local', [], START)
  assert.deepEqual(added, { ...given, id: 1 })
  assert.deepEqual(await segments.list({ source: 'shop' }), [added])
})

test('segments are listed by lineage and position, of the source and the stretch that is asked for', async t => {
  const segments = await segmentLog(t)
  const given = [
    segment(20, 30),
    segment(10, 20),
    segment(5, 9, { lineage: 'a' }),
    segment(0, 50, { source: 'bank' })
  ]
  for (const one of given) await segments.add(one, 'local', [], START)
  assert.deepEqual(spans(await segments.list({ source: 'shop' })), ['a 5-9', 'lineage-1 10-20', 'lineage-1 20-30'])
  assert.deepEqual(spans(await segments.list({ source: 'shop', lineage: 'a' })), ['a 5-9'])
  const within = (from: number, to: number) =>
    segments.list({ source: 'shop', lineage: 'lineage-1', from: at(from), to: at(to) })
  assert.deepEqual(spans(await within(0, 10)), [])
  assert.deepEqual(spans(await within(19, 20)), ['lineage-1 10-20'])
  assert.deepEqual(spans(await within(20, 21)), ['lineage-1 20-30'])
  assert.deepEqual(spans(await within(19, 21)), ['lineage-1 10-20', 'lineage-1 20-30'])
})

test('the same segment again is the one that is known, and its copies stay as they are', async t => {
  const segments = await segmentLog(t)
  const first = await segments.add(segment(1, 5), 'local', ['far'], START)
  await segments.stored([first.id], 'far', START)
  const again = await segments.add(
    segment(1, 5, { object: { size: 11, sha256: 'c'.repeat(64) } }),
    'local',
    ['far'],
    START
  )
  assert.deepEqual(again, first)
  assert.deepEqual(await segments.promised('far', 10), [])
})

test('the name of a segment never stands for something else', async t => {
  const segments = await segmentLog(t)
  await segments.add(segment(1, 5), 'local', [], START)
  const other = segment(1, 5, { image: { size: 10, sha256: 'f'.repeat(64) } })
  await rejectsWith('SEGMENT_CONFLICT', segments.add(other, 'local', [], START))
  const { name } = segment(1, 5)
  await rejectsWith('SEGMENT_CONFLICT', segments.add(segment(1, 6, { name }), 'local', [], START))
  assert.deepEqual(spans(await segments.list({ source: 'shop' })), ['lineage-1 1-5'])
})

test('a partial segment gives way to one that leads as far or further, which is promised anew', async t => {
  const segments = await segmentLog(t)
  const part = (to: number, isPartial: boolean): NewSegment =>
    segment(1, to, { name: 'w', isPartial, image: { size: to, sha256: String(to).repeat(64) } })
  const first = await segments.add(part(5, true), 'local', ['far'], START)
  await segments.stored([first.id], 'far', START)
  await rejectsWith('SEGMENT_CONFLICT', segments.add(part(4, true), 'local', ['far'], START))
  const full = await segments.add(part(5, false), 'local', ['far'], START)
  assert.deepEqual([await segments.list({ source: 'shop' }), await segments.promised('far', 10)], [[full], [full]])
  await rejectsWith('SEGMENT_CONFLICT', segments.add(part(6, true), 'local', ['far'], START))
})

test('a store gets what is promised to it in batches, the oldest first', async t => {
  const segments = await segmentLog(t)
  for (const from of [0, 1, 2, 3]) {
    await segments.add(segment(from, from + 1), 'local', from === 1 ? ['far', 'vault'] : ['far'], START)
  }
  const batch = await segments.promised('far', 3)
  assert.deepEqual(spans(batch), ['lineage-1 0-1', 'lineage-1 1-2', 'lineage-1 2-3'])
  await segments.stored([...batch.map(({ id }) => id), 999], 'far', START)
  assert.deepEqual(spans(await segments.promised('far', 3)), ['lineage-1 3-4'])
  assert.deepEqual(spans(await segments.promised('vault', 3)), ['lineage-1 1-2'])
  assert.deepEqual(await segments.promised('local', 3), [])
})

test('a segment is forgotten once no store holds it or is to get it', async t => {
  const segments = await segmentLog(t)
  const { id } = await segments.add(segment(0, 1), 'local', ['far'], START)
  await segments.add(segment(1, 2), 'local', [], START)
  assert.deepEqual(await segments.stores(id), ['far', 'local'])
  await segments.remove([id], 'local')
  assert.deepEqual([await segments.stores(id), (await segments.list({ source: 'shop' })).length], [['far'], 2])
  for (let times = 0; times < 2; times++) await segments.remove([id], 'far')
  assert.deepEqual(spans(await segments.list({ source: 'shop' })), ['lineage-1 1-2'])
})

test('segments are no change of what a copy of the catalog is for', async t => {
  const { catalog } = await newCatalog(t)
  const before = await catalog.changes.read()
  await catalog.segments.add(segment(0, 1), 'local', ['far'], START)
  assert.deepEqual(await catalog.changes.read(), before)
})
