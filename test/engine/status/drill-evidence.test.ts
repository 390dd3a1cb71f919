import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drillEvidence } from '../../../src/engine/status/drill-evidence.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'

const DAY = 86_400_000

async function bench (t: Parameters<typeof testEngine>[0]): Promise<
  TestEngine & { readonly drill: (id: number) => Promise<number> }
> {
  const made = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  await made.create()
  await made.create({ source: 'bank' })
  return { ...made, drill: async id => (await (await made.engine.drill({ id, actor: null })).result).id }
}

test('the drills of the last 90 days are told, newest first, with the state of each source', async t => {
  const { deps, clock, engine, drill } = await bench(t)
  await drill(1)
  clock.move(DAY)
  const [second, third] = [await drill(2), await drill(1)]
  await (await engine.restore(1, { target: '/elsewhere/copy.db' })).result
  clock.move(89 * DAY + 1)
  const { madeAt, since, until, states, drills } = await drillEvidence(deps, {})
  assert.deepEqual([madeAt, since, until], [clock.now(), new Date(clock.now().getTime() - 90 * DAY), clock.now()])
  assert.deepEqual([drills.map(({ id }) => id), states.map(({ name }) => name)], [[third, second], ['shop', 'bank']])
})

test('a span and a source may be given; a drill begun at the end of the span is not in it', async t => {
  const { deps, clock, drill } = await bench(t)
  const from = clock.now()
  const first = await drill(1)
  await drill(2)
  clock.move(DAY)
  await drill(1)
  const evidence = await drillEvidence(deps, { source: 'shop', since: from, until: clock.now() })
  assert.deepEqual([
    evidence.since,
    evidence.until,
    evidence.drills.map(({ id }) => id),
    evidence.states.map(({ name }) => name)
  ], [from, clock.now(), [first], ['shop']])
  const before = await drillEvidence(deps, { until: new Date(from.getTime() + DAY / 2) })
  assert.deepEqual([before.since, before.drills.length], [new Date(from.getTime() + DAY / 2 - 90 * DAY), 2])
})

test('more drills than are read at once are all told', async t => {
  const { deps, clock } = await bench(t)
  for (let n = 0; n < 501; n++) {
    const { id } = await deps.catalog.restores.start({
      kind: 'drill',
      backupId: 1,
      source: 'shop',
      target: 'scratch',
      mode: 'scratch',
      aside: null,
      actor: null,
      startedAt: clock.now()
    })
    assert.equal(id, n + 1)
  }
  const { drills } = await drillEvidence(deps, { since: new Date(0), until: new Date(clock.now().getTime() + 1) })
  assert.deepEqual([drills.length, drills.at(-1)?.id], [501, 1])
})

test('a source that is not configured is SOURCE_NOT_FOUND', async t => {
  const { deps } = await bench(t)
  await rejectsWith('SOURCE_NOT_FOUND', drillEvidence(deps, { source: 'attic' }))
})
