import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Task } from '../../../src/core/job.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { until } from '../../support/streams.ts'

interface Held {
  readonly begun: string[]
  readonly tasks: Map<string, Task>
  /** Starts a job that goes on until `end` is called with its name, or it is cancelled. */
  start(name: string, locks?: readonly string[]): ReturnType<TestEngine['deps']['runner']['start']>
  end(name: string, error?: Error): void
}

function heldJobs ({ deps }: TestEngine): Held {
  const begun: string[] = []
  const tasks = new Map<string, Task>()
  const ends = new Map<string, PromiseWithResolvers<unknown>>()
  return {
    begun,
    tasks,
    start (name, locks = []) {
      const end = Promise.withResolvers<unknown>()
      // It may be told to fail before the job has begun to wait for it.
      end.promise.catch(() => {})
      ends.set(name, end)
      return deps.runner.start({ kind: 'create', source: name, backupId: null, locks }, async task => {
        begun.push(name)
        tasks.set(name, task)
        task.signal.addEventListener('abort', () => {
          end.reject(new Error('an echo of the abort'))
        })
        return await end.promise
      })
    },
    end (name, error) {
      if (error === undefined) ends.get(name)?.resolve(name)
      else ends.get(name)?.reject(error)
    }
  }
}

test('at most so many jobs run at once, and they begin in their order', async t => {
  const bench = await testEngine(t, { maxConcurrent: 2 })
  const jobs = heldJobs(bench)
  const works = []
  for (const name of ['a', 'b', 'c', 'd']) works.push(await jobs.start(name))
  await until(() => jobs.begun.length === 2)
  assert.deepEqual([(await bench.engine.job(1)).status, (await bench.engine.job(3)).status], ['running', 'queued'])
  jobs.end('b')
  await until(() => jobs.begun.length === 3)
  jobs.end('a')
  await until(() => jobs.begun.length === 4)
  assert.deepEqual(jobs.begun, ['a', 'b', 'c', 'd'])
  jobs.end('c')
  jobs.end('d')
  assert.deepEqual(await Promise.all(works.map(({ result }) => result)), ['a', 'b', 'c', 'd'])
})

for (const error of [undefined, new BackupError('STORE_FAILED', 'the disk died'), new TypeError('x is undefined')]) {
  test(`what a job holds is free after it ended with ${error?.name ?? 'success'}`, async t => {
    const bench = await testEngine(t)
    const jobs = heldJobs(bench)
    const { job, result } = await jobs.start('a', ['source:a', 'backup:1'])
    assert.deepEqual((await rejectsWith('BACKUP_IN_PROGRESS', jobs.start('b', ['source:a']))).details, {
      jobId: job.id
    })
    assert.deepEqual((await rejectsWith('BACKUP_BUSY', jobs.start('b', ['source:b', 'backup:1']))).details, {
      jobId: job.id
    })
    assert.ok(!(await bench.deps.runner.locks.names()).has('source:b'))
    jobs.end('a', error)
    await result.catch(() => {})
    const again = await jobs.start('a', ['source:a', 'backup:1'])
    jobs.end('a')
    await again.result
  })
}

test('a job that cannot be recorded is not begun, and holds nothing', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  const busy = new BackupError('CATALOG_BUSY', 'another process holds it')
  bench.faults.fail('jobs.add', { error: busy })
  await rejectsWith('CATALOG_BUSY', jobs.start('a', ['source:a']))
  assert.deepEqual([jobs.begun, [...await bench.deps.runner.locks.names()]], [[], []])
})

test('a job whose beginning cannot be recorded fails, and is not begun', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  bench.faults.fail('jobs.change', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  const { result } = await jobs.start('a', ['source:a'])
  await rejectsWith('CATALOG_BUSY', result)
  assert.deepEqual([jobs.begun, [...await bench.deps.runner.locks.names()], (await bench.engine.job(1)).status], [
    [],
    [],
    'failed'
  ])
})

test('a failure that cannot be recorded is told as what it is', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  const { result } = await jobs.start('a')
  await until(() => jobs.begun.length === 1)
  bench.faults.fail('jobs.change', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  jobs.end('a', new BackupError('STORE_FAILED', 'the disk died'))
  await rejectsWith('STORE_FAILED', result)
})

test('progress is seen at once, and told at most four times a second', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  const { job, result } = await jobs.start('a')
  await until(() => jobs.tasks.has('a'))
  const task = jobs.tasks.get('a')!
  task.phase('storing', 1000)
  const told = (): number => bench.events.filter(({ type }) => type === 'job.updated').length
  const before = told()
  task.bytes(1)
  task.bytes(2)
  assert.equal((await bench.engine.job(job.id)).progress.bytesDone, 2)
  assert.equal(told(), before)
  bench.clock.move(250)
  task.bytes(3)
  task.bytes(4)
  assert.equal(told(), before + 1)
  bench.clock.move(-3_600_000)
  task.bytes(5)
  assert.equal(told(), before + 2, 'also after the clock was set back')
  task.setBackup(7)
  assert.equal((await bench.engine.jobs({ limit: 1 })).jobs[0]?.backupId, 7)
  task.setBackup(1)
  jobs.end('a', new Error('over'))
  await rejectsWith('INTERNAL', result)
})

test('what a task tells after its job has ended changes nothing', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  const { job, result } = await jobs.start('a')
  await until(() => jobs.tasks.has('a'))
  jobs.end('a')
  await result
  const before = [await bench.engine.job(job.id), bench.events.length]
  const task = jobs.tasks.get('a')!
  task.phase('storing', 5)
  task.bytes(3)
  task.setBackup(9)
  assert.deepEqual([await bench.engine.job(job.id), bench.events.length], before)
})

test('a stop takes no new work, and lets what runs go on', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  const { result } = await jobs.start('a')
  await until(() => jobs.begun.length === 1)
  const stopped = bench.deps.runner.stop(10_000)
  await rejectsWith('SHUTTING_DOWN', jobs.start('b'))
  bench.clock.move(9999)
  jobs.end('a')
  await stopped
  assert.equal(await result, 'a')
  assert.equal((await bench.engine.job(1)).status, 'succeeded')
})

test('when the grace is over what runs, and what waits in line, is cancelled and recorded', async t => {
  const bench = await testEngine(t, { maxConcurrent: 1 })
  const jobs = heldJobs(bench)
  const works = [await jobs.start('a'), await jobs.start('b')]
  const outcomes = works.map(({ result }) => rejectsWith('SHUTTING_DOWN', result))
  await until(() => jobs.begun.length === 1)
  const stopped = bench.deps.runner.stop(10_000)
  bench.clock.move(10_000)
  await stopped
  await Promise.all(outcomes)
  assert.deepEqual(jobs.begun, ['a'])
  const { jobs: rows } = await bench.engine.jobs({ limit: 10 })
  assert.deepEqual(rows.map(({ status, errorCode }) => [status, errorCode]), [['failed', 'SHUTTING_DOWN'], [
    'failed',
    'SHUTTING_DOWN'
  ]])
})

test('a stop where nothing runs is over at once', async t => {
  const { deps } = await testEngine(t)
  await deps.runner.stop(10_000)
})

test('the version changes whenever a job begins or ends', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  const versions = [bench.engine.version()]
  const { result } = await jobs.start('a')
  versions.push(bench.engine.version())
  jobs.end('a')
  await result
  versions.push(bench.engine.version())
  assert.equal(new Set(versions).size, 3)
})

test('who waits for a hold and is cancelled has nothing', async t => {
  const bench = await testEngine(t)
  const jobs = heldJobs(bench)
  const { result } = await jobs.start('a')
  await until(() => jobs.tasks.has('a'))
  const lock = await bench.deps.runner.locks.lock(['retention:a'])
  const waiting = rejectsWith('CANCELLED', bench.deps.runner.lockWhenFree(['retention:a'], jobs.tasks.get('a')!))
  const cancelled = bench.engine.cancel(1)
  await Promise.all([waiting, cancelled, rejectsWith('CANCELLED', result)])
  await rejectsWith('CANCELLED', bench.deps.runner.lockWhenFree(['retention:a'], jobs.tasks.get('a')!))
  await lock.release()
  await rejectsWith('CANCELLED', bench.deps.runner.lockWhenFree(['retention:a'], jobs.tasks.get('a')!))
  assert.deepEqual([...await bench.deps.runner.locks.names()], [])
})

test('a stop ends at once what has not begun, and leaves its grace to what runs', async t => {
  const bench = await testEngine(t, { maxConcurrent: 1 })
  const jobs = heldJobs(bench)
  const first = await jobs.start('a')
  await until(() => jobs.begun.length === 1)
  const second = await jobs.start('b')
  const stopping = bench.deps.runner.stop(10_000)
  await rejectsWith('SHUTTING_DOWN', second.result)
  assert.equal((await bench.engine.job(first.job.id)).status, 'running')
  jobs.end('a')
  await stopping
  assert.equal(await first.result, 'a')
})
