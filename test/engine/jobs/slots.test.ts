import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from '../../../src/core/job.ts'
import { STALL_AFTER } from '../../../src/engine/jobs/slots.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { until } from '../../support/streams.ts'

interface Started {
  readonly result: Promise<unknown>
  readonly task: () => Task
  readonly end: () => void
}

/** Starts a job of the source that its first letter names. It goes on until it is ended, or cancelled. */
async function startOf (
  bench: TestEngine,
  begun: string[],
  name: string,
  request: { readonly isOwn?: boolean, readonly isUrgent?: boolean } = {}
): Promise<Started> {
  const gate = Promise.withResolvers<undefined>()
  let held: Task | undefined
  const { result } = await bench.deps.runner.start({
    kind: 'verify',
    source: name[0]!,
    backupId: null,
    locks: [],
    ...request
  }, async task => {
    begun.push(name)
    held = task
    task.signal.addEventListener('abort', () => {
      gate.resolve(undefined)
    })
    await gate.promise
  })
  result.catch(() => {})
  return {
    result,
    task: () => held!,
    end: () => {
      gate.resolve(undefined)
    }
  }
}

async function startAll (bench: TestEngine, begun: string[], names: readonly string[]): Promise<Map<string, Started>> {
  const started = new Map<string, Started>()
  for (const name of names) started.set(name, await startOf(bench, begun, name))
  return started
}

/** Ends the job, and resolves with what has begun once `count` have. */
async function afterEnd (
  works: Map<string, Started>,
  name: string,
  begun: readonly string[],
  count: number
): Promise<readonly string[]> {
  works.get(name)!.end()
  await works.get(name)!.result
  await until(() => begun.length >= count)
  return begun
}

async function endAll (works: Iterable<Started>): Promise<void> {
  for (const { end } of works) end()
  for (const { result } of works) await result
}

test('one source leaves a slot to the others, and they have their turn before more of it', async t => {
  const bench = await testEngine(t, { maxConcurrent: 2 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'])
  await until(() => begun.length === 2)
  assert.deepEqual(begun, ['a1', 'b1'])
  assert.deepEqual(
    await afterEnd(works, 'b1', begun, 3),
    ['a1', 'b1', 'c1'],
    'a third source comes before more of the second'
  )
  assert.deepEqual(await afterEnd(works, 'c1', begun, 4), ['a1', 'b1', 'c1', 'b2'])
  assert.deepEqual(await afterEnd(works, 'a1', begun, 5), ['a1', 'b1', 'c1', 'b2', 'a2'])
  await endAll(works.values())
})

test('a source whose line was empty meanwhile keeps its turn, and comes after those served less recently', async t => {
  const bench = await testEngine(t, { maxConcurrent: 1 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'b1', 'a2'])
  await afterEnd(works, 'a1', begun, 2)
  works.set('c1', await startOf(bench, begun, 'c1'))
  await afterEnd(works, 'b1', begun, 3)
  works.set('b2', await startOf(bench, begun, 'b2'))
  assert.deepEqual(await afterEnd(works, 'c1', begun, 4), ['a1', 'b1', 'c1', 'a2'])
  await endAll(works.values())
})

test('a job of the service itself comes before those of callers of its source', async t => {
  const bench = await testEngine(t, { maxConcurrent: 2 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'a2'])
  works.set('a9', await startOf(bench, begun, 'a9', { isOwn: true }))
  assert.deepEqual(await afterEnd(works, 'a1', begun, 2), ['a1', 'a9'])
  await endAll(works.values())
})

test('a job that makes no progress lends its slot to sources that have none, up to two', async t => {
  const bench = await testEngine(t, { maxConcurrent: 2 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'b1', 'a2', 'c1', 'd1', 'e1'])
  await until(() => begun.length === 2)
  bench.clock.move(4000)
  works.get('b1')!.task().bytes(1)
  bench.clock.move(1000)
  await until(() => begun.length === 3)
  assert.deepEqual(begun, ['a1', 'b1', 'c1'], 'one of them makes progress, and lends nothing')
  bench.clock.move(4000)
  await until(() => begun.length === 4)
  bench.clock.move(5000)
  await new Promise(setImmediate)
  assert.deepEqual(begun, ['a1', 'b1', 'c1', 'd1'], 'two at most')
  assert.deepEqual(await afterEnd(works, 'c1', begun, 5), ['a1', 'b1', 'c1', 'd1', 'e1'])
  for (const name of ['b1', 'd1']) {
    works.get(name)!.end()
    await works.get(name)!.result
  }
  assert.deepEqual(
    await afterEnd(works, 'e1', begun, 6),
    ['a1', 'b1', 'c1', 'd1', 'e1', 'a2'],
    'the stalled job keeps its own source from no slot that is free'
  )
  await endAll(works.values())
})

test('with a single slot nothing runs beside a job, however long it takes', async t => {
  const bench = await testEngine(t, { maxConcurrent: 1 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'b1'])
  await until(() => begun.length === 1)
  bench.clock.move(60_000)
  await new Promise(setImmediate)
  assert.deepEqual(begun, ['a1'])
  await endAll(works.values())
})

test('an urgent job takes the next slot before all others, and a free one although its source has its share', async t => {
  const bench = await testEngine(t, { maxConcurrent: 2 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'a2'])
  await until(() => begun.length === 1)
  works.set('a3', await startOf(bench, begun, 'a3', { isUrgent: true }))
  await until(() => begun.length === 2)
  assert.deepEqual(begun, ['a1', 'a3'])
  works.set('b1', await startOf(bench, begun, 'b1'))
  works.set('a4', await startOf(bench, begun, 'a4', { isUrgent: true }))
  assert.deepEqual(await afterEnd(works, 'a3', begun, 3), ['a1', 'a3', 'a4'])
  await endAll(works.values())
})

test('urgent jobs take their turns in the order in which they were asked for', async t => {
  const bench = await testEngine(t, { maxConcurrent: 1 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'b1'])
  for (const name of ['a2', 'b2']) works.set(name, await startOf(bench, begun, name, { isUrgent: true }))
  assert.deepEqual(await afterEnd(works, 'a1', begun, 2), ['a1', 'a2'])
  assert.deepEqual(await afterEnd(works, 'a2', begun, 3), ['a1', 'a2', 'b2'])
  await endAll(works.values())
})

test('a stalled job lends its slot to an urgent job of its own source', async t => {
  const bench = await testEngine(t, { maxConcurrent: 2 })
  const begun: string[] = []
  const works = await startAll(bench, begun, ['a1', 'b1'])
  await until(() => begun.length === 2)
  works.set('a2', await startOf(bench, begun, 'a2', { isUrgent: true }))
  assert.equal(begun.length, 2)
  bench.clock.move(STALL_AFTER)
  await until(() => begun.length === 3)
  assert.deepEqual(begun, ['a1', 'b1', 'a2'])
  await endAll(works.values())
})
