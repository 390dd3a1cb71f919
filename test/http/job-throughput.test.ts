import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job, JobPhase } from '../../src/core/job.ts'
import { JobThroughput } from '../../src/http/job-throughput.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aJob } from '../support/builders/job.ts'

const at = (phase: JobPhase, bytesDone: number, status: Job['status'] = 'running'): Job =>
  aJob({ status, progress: { phase, bytesDone, bytesTotal: 1000 } })

test('a rate is that of the present phase', () => {
  const clock = new FakeClock()
  const rates = new JobThroughput(clock)
  rates.watch({ type: 'job.updated', job: at('storing', 0) })
  clock.move(2000)
  assert.equal(rates.of(at('storing', 500)), 250)
  rates.watch({ type: 'job.updated', job: at('verifying', 0) })
  assert.equal(rates.of(at('verifying', 0)), null)
  clock.move(1000)
  rates.watch({ type: 'job.updated', job: at('verifying', 100) })
  assert.equal(rates.of(at('verifying', 100)), 100)
})

test('a job that ended, and one that was never seen, have none', () => {
  const clock = new FakeClock()
  const rates = new JobThroughput(clock)
  rates.watch({ type: 'job.updated', job: at('storing', 0) })
  clock.move(1000)
  rates.watch({ type: 'job.updated', job: at('storing', 10, 'failed') })
  assert.equal(rates.of(at('storing', 10, 'failed')), null)
  assert.equal(rates.of(aJob({ id: 9 })), null)
})
