import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../src/core/schedule/run.ts'
import { chooseRuns } from '../../src/scheduler/choose.ts'
import { aRun, DUE } from '../support/builders/run.ts'

const NOW = new Date(DUE.getTime() + 1000)
const LATER = new Date(DUE.getTime() + 60_000)

function choose (
  runs: readonly Partial<Run>[],
  busy: readonly string[] = []
): { begin: number[], covered: Array<string | null | undefined> } {
  const { begin, covered } = chooseRuns(
    runs.map((run, index) => aRun({ id: index + 1, ...run })),
    source => !busy.includes(source),
    NOW
  )
  return {
    begin: begin.map(({ id }) => id),
    covered: covered.map(({ id, status, reason }) => `${id} ${status} ${reason ?? ''}`)
  }
}

test('of the rules of one source that are due together the highest tier is begun, and stands for the others', () => {
  assert.deepEqual(
    choose([{ rule: 'hourly', tier: 'hourly' }, { rule: 'yearly', tier: 'yearly' }, { rule: 'interval', tier: null }]),
    {
      begin: [2],
      covered: [1, 3].map(id => `${id} skipped replaced by the run of "yearly" due at 2025-11-24T03:00:00.000Z`)
    }
  )
})

test('of rules that are due together one that makes full backups makes the backup a full one', () => {
  const [full, increment] = [{ method: 'full' }, { method: 'incremental' }] as const
  const methodOf = (...runs: ReadonlyArray<Partial<Run>>): readonly string[] =>
    chooseRuns(runs.map((run, index) => aRun({ id: index + 1, ...run })), () => true, NOW).begin.map(({ id, method }) =>
      `${id} ${method}`
    )
  assert.deepEqual(methodOf({ ...increment, tier: 'weekly' }, { ...full, tier: 'hourly' }), ['1 full'])
  assert.deepEqual(methodOf({ ...increment, tier: 'weekly' }, { ...increment, tier: 'hourly' }), ['1 incremental'])
  assert.deepEqual(methodOf({ ...increment, source: 'bank' }, full), ['1 incremental', '2 full'])
})

test('each source begins its own', () => {
  assert.deepEqual(choose([{ source: 'shop' }, { source: 'bank' }, { kind: 'prune', source: null }]), {
    begin: [1, 2, 3],
    covered: []
  })
})

test('a source that is busy, or has a run under way, begins nothing and hinders no other', () => {
  assert.deepEqual(
    choose([{ source: 'shop' }, { source: 'bank' }, { source: 'desk', status: 'running' }, {
      source: 'desk',
      tier: 'yearly'
    }], ['shop']).begin,
    [2]
  )
})

test('a run that is to wait begins when its time has come, or with another of its source', () => {
  assert.deepEqual(choose([{ nextAttemptAt: LATER }]), { begin: [], covered: [] })
  assert.deepEqual(choose([{ nextAttemptAt: NOW }]).begin, [1])
  assert.deepEqual(choose([{ nextAttemptAt: LATER, tier: 'weekly' }, { rule: 'hourly', tier: 'hourly' }]).begin, [1])
})
