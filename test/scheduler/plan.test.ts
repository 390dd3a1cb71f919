import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunBook } from '../../src/core/schedule/run.ts'
import { makeCalendar } from '../../src/scheduler/calendar.ts'
import { planRuns } from '../../src/scheduler/plan.ts'
import type { Rule } from '../../src/scheduler/rules.ts'
import { aBook, aRule, aRun, changes } from '../support/builders/run.ts'

const HOUR = 3_600_000
const DAILY: Rule = {
  kind: 'backup',
  source: 'shop',
  rule: 'daily',
  tier: 'daily',
  method: 'full',
  timing: { pattern: '0 3 * * *', timeZone: 'UTC' }
}
const EVERY_HOUR = 'every 3600000 ms'
const calendar = makeCalendar()

function at (time: string): Date {
  return new Date(`2025-11-${time}:00.000Z`)
}

function every (interval: number, lastStart: Date | null): Rule {
  return {
    kind: 'backup',
    source: 'shop',
    rule: 'interval',
    tier: null,
    method: 'full',
    timing: { interval, lastStart }
  }
}

function plan (book: Partial<RunBook>, rules: readonly Rule[], now: Date, delay = 0) {
  return planRuns(aBook(book), rules, { now, calendar, delay: () => delay })
}

/** Each added run as its time, its status and its reason. */
function added ({ added: runs }: ReturnType<typeof plan>): string[] {
  return runs.map(({ dueAt, status, reason }) =>
    [dueAt.toISOString().slice(8, 16), status, reason ?? ''].join(' ').trim()
  )
}

test('a rule that is new counts from now', () => {
  assert.deepEqual(plan({}, [DAILY], at('24T03:00')), changes({ rules: [aRule({ since: at('24T03:00') })] }))
})

test('a rule that says something else counts from now', () => {
  const book = { rules: [aRule({ definition: '0 2 * * * UTC' })], newest: [aRun({ dueAt: at('20T02:00') })] }
  assert.deepEqual(plan(book, [DAILY], at('24T04:00')), changes({ rules: [aRule({ since: at('24T04:00') })] }))
})

test('a rule in force since a time that has not come counts from now', () => {
  assert.deepEqual(plan({ rules: [aRule({ since: at('28T00:00') })] }, [DAILY], at('24T04:00')).rules, [
    aRule({ since: at('24T04:00') })
  ])
})

test('a run is due from its very time on, and only once', () => {
  const rules = [aRule({ since: at('23T12:00') })]
  assert.deepEqual(added(plan({ rules }, [DAILY], new Date(at('24T03:00').getTime() - 1))), [])
  assert.deepEqual(added(plan({ rules }, [DAILY], at('24T03:00'))), ['24T03:00 waiting'])
  assert.deepEqual(
    added(plan({ rules, newest: [aRun({ dueAt: at('24T03:00'), status: 'done' })] }, [DAILY], at('25T02:59'))),
    []
  )
})

test('of several that were missed the newest is made up for, and each other is skipped with its reason', () => {
  const missed = 'skipped missed; caught up by the run due at 2025-11-24T03:00:00.000Z'
  const book = { rules: [aRule()], newest: [aRun({ dueAt: at('21T03:00'), status: 'done' })] }
  assert.deepEqual(added(plan(book, [DAILY], at('24T12:00'))), [
    `22T03:00 ${missed}`,
    `23T03:00 ${missed}`,
    '24T03:00 waiting'
  ])
})

test('beyond a thousand missed runs the older ones share one row, which says how many and since when', () => {
  const rule: Rule = { ...DAILY, timing: { pattern: '* * * * *', timeZone: 'UTC' } }
  const book = { rules: [aRule({ definition: '* * * * * UTC', since: at('22T00:00') })] }
  const rows = added(plan(book, [rule], at('23T00:00')))
  assert.equal(rows.length, 1 + 1000 + 1)
  assert.equal(
    rows[0],
    '22T07:19 skipped 439 runs were missed, from the one due at 2025-11-22T00:01:00.000Z to this one'
  )
  assert.equal(rows.at(-1), '23T00:00 waiting')
})

test('very many missed runs are gone through in parts, and only the last of all is made up for', () => {
  const rule: Rule = { ...DAILY, timing: { pattern: '* * * * *', timeZone: 'UTC' } }
  const rules = [aRule({ definition: '* * * * * UTC', since: at('20T00:00') })]
  const first = plan({ rules }, [rule], at('24T00:00'))
  assert.deepEqual(added(first), [
    '23T11:20 skipped 5000 runs were missed, from the one due at 2025-11-20T00:01:00.000Z to this one'
  ])
  const second = added(
    plan({ rules, newest: [aRun({ dueAt: first.added[0]!.dueAt, status: 'skipped' })] }, [rule], at('24T00:00'))
  )
  assert.deepEqual([second.length, second.at(-1)], [760, '24T00:00 waiting'])
})

test('while a run is under way the next of its rule is skipped', () => {
  const running = aRun({ dueAt: at('23T03:00'), status: 'running', attempts: 1 })
  const planned = plan({ rules: [aRule()], newest: [running], open: [running] }, [DAILY], at('24T03:00'))
  assert.deepEqual(added(planned), ['24T03:00 skipped the run due at 2025-11-23T03:00:00.000Z was still running'])
  assert.deepEqual(planned.changed, [])
})

test('a run that could not begin gives way to the next of its rule', () => {
  const waiting = aRun({ dueAt: at('23T03:00') })
  const planned = plan({ rules: [aRule()], newest: [waiting], open: [waiting] }, [DAILY], at('24T03:00'))
  assert.deepEqual(added(planned), ['24T03:00 waiting'])
  assert.deepEqual(planned.changed, [{
    id: 1,
    status: 'skipped',
    reason: 'it could not start before the next run was due',
    nextAttemptAt: null,
    finishedAt: at('24T03:00')
  }])
})

test('a run that was to be tried again ends as failed when the next of its rule is due', () => {
  const waiting = aRun({ dueAt: at('23T03:00'), attempts: 2, reason: 'locked', errorCode: 'SOURCE_LOCKED' })
  const { changed } = plan({ rules: [aRule()], newest: [waiting], open: [waiting] }, [DAILY], at('24T03:00'))
  assert.deepEqual(changed.map(({ status, reason }) => [status, reason]), [[
    'failed',
    'locked; it could not start before the next run was due'
  ]])
})

test('a rule that is gone is dropped, and its waiting run skipped; one under way goes on', () => {
  const open = [aRun({ id: 1 }), aRun({ id: 2, status: 'running' })]
  const { dropped, changed } = plan({ rules: [aRule()], open }, [], at('24T04:00'))
  assert.deepEqual(dropped, [aRule()])
  assert.deepEqual(changed.map(({ id, status, reason }) => [id, status, reason]), [[
    1,
    'skipped',
    'its rule was removed or changed'
  ]])
})

test('a run begins later by the delay of its source, and keeps its time', () => {
  const { added: [run] } = plan({ rules: [aRule({ since: at('23T12:00') })] }, [DAILY], at('24T03:00'), 90_000)
  assert.deepEqual([run?.dueAt, run?.nextAttemptAt], [at('24T03:00'), new Date('2025-11-24T03:01:30.000Z')])
})

test('after a clock was put right, what it had reached already is not due again', () => {
  const book = { rules: [aRule()], newest: [aRun({ dueAt: at('24T03:00'), status: 'done' })] }
  assert.deepEqual(plan(book, [DAILY], at('24T02:30')), changes())
})

const HOURLY_RULE = aRule({ rule: 'interval', definition: EVERY_HOUR })

test('an interval backup is due at once where there was none, half a second early where there was', () => {
  assert.deepEqual(added(plan({}, [every(HOUR, null)], at('24T03:00'))), ['24T03:00 waiting'])
  const last = every(HOUR, at('24T02:00'))
  assert.deepEqual([499, 501].map(early => added(plan({}, [last], new Date(at('24T03:00').getTime() - early)))), [[
    '24T03:00 waiting'
  ], []])
})

test('a missed interval is one run, due when the interval was over', () => {
  assert.deepEqual(added(plan({}, [every(HOUR, at('20T02:00'))], at('24T03:00'))), ['20T03:00 waiting'])
})

test('an interval run that waits for its source stays due, however long that takes', () => {
  const waiting = aRun({ rule: 'interval', dueAt: at('24T03:00'), startedAt: at('24T03:00') })
  assert.deepEqual(
    plan({ rules: [HOURLY_RULE], newest: [waiting], open: [waiting] }, [every(HOUR, at('24T02:00'))], at('24T09:00')),
    changes()
  )
})

test('an interval run that is to be tried again gives way to the next', () => {
  const failed = aRun({
    rule: 'interval',
    attempts: 1,
    dueAt: at('24T03:00'),
    startedAt: at('24T03:00'),
    reason: 'locked'
  })
  const planned = plan(
    { rules: [HOURLY_RULE], newest: [failed], open: [failed] },
    [every(HOUR, at('24T03:00'))],
    at('24T04:00')
  )
  assert.deepEqual(added(planned), ['24T04:00 waiting'])
  assert.deepEqual(planned.changed.map(({ status }) => status), ['failed'])
})

test('an interval that was covered by another run counts from that one', () => {
  const covered = aRun({ rule: 'interval', status: 'skipped', dueAt: at('24T02:10') })
  const book = { rules: [HOURLY_RULE], newest: [covered] }
  assert.deepEqual(added(plan(book, [every(HOUR, at('24T02:11'))], at('24T03:10'))), [])
  assert.deepEqual(added(plan(book, [every(HOUR, at('24T02:11'))], at('24T03:11'))), ['24T03:11 waiting'])
})

test('after the clock was set back the interval begins anew, once', () => {
  const ahead = every(HOUR, at('28T00:00'))
  const first = plan({}, [ahead], at('24T03:00'))
  assert.deepEqual(added(first), ['24T03:00 skipped the clock was set back: the interval starts again'])
  const book = { rules: [HOURLY_RULE], newest: [aRun({ rule: 'interval', status: 'skipped', dueAt: at('24T03:00') })] }
  assert.deepEqual(added(plan(book, [ahead], at('24T03:59'))), [])
  assert.deepEqual(added(plan(book, [ahead], at('24T04:00'))), ['24T04:00 waiting'])
})

test('late interval runs of many sources are spread, those in time are not', () => {
  const delayed = (lastStart: Date | null) =>
    plan({}, [every(HOUR, lastStart)], at('24T03:00'), 90_000).added.map(({ nextAttemptAt }) => nextAttemptAt !== null)
  assert.deepEqual([delayed(null), delayed(at('24T00:00')), delayed(at('24T02:00'))], [[true], [true], [false]])
})
