import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthReport, type HealthReport, type SourceHealth } from '../../src/monitoring/health.ts'

const HOUR = 3_600_000
const NOW = new Date('2025-11-25T12:00:00.000Z')
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR)

/** A source that should have a backup from the last two hours. */
function source (
  lastSuccess: Date | null,
  lastFailure: Date | null = null,
  freshSince: Date | null = ago(2)
): SourceHealth {
  return { freshSince, statistics: { lastSuccess, lastFailure, newest: lastSuccess } }
}

function report (...sources: readonly SourceHealth[]): HealthReport {
  return healthReport(sources, [], NOW)
}

test('a source whose last backup is young enough is ok', () => {
  assert.deepEqual(report(source(ago(1))), {
    status: 'ok',
    backup: { status: 'ok', lastSuccess: ago(1), ageSeconds: 3600, sources: 1, never: 0, overdue: 0, failing: 0 },
    alerts: { critical: 0, warning: 0, rules: [] }
  })
})

test('a source without any backup is never, and somebody should look', () => {
  const { status, backup } = report(source(null))
  assert.deepEqual([status, backup.status, backup.lastSuccess, backup.ageSeconds], ['degraded', 'never', null, null])
})

test('a source whose last backup failed is failing, also when it never had one', () => {
  assert.equal(report(source(ago(2), ago(1))).backup.status, 'failing')
  assert.equal(report(source(null, ago(1))).backup.status, 'failing')
})

test('a failure before the last success is over', () => {
  assert.equal(report(source(ago(1), ago(2))).backup.status, 'ok')
})

test('a source is overdue when its newest backup is from before what its schedule asks for, and not at it', () => {
  assert.equal(report(source(ago(2))).backup.status, 'ok')
  assert.equal(report(source(ago(2.001))).backup.status, 'overdue')
})

test('a source of which nothing is asked is never overdue', () => {
  assert.equal(report(source(ago(1000), null, null)).backup.status, 'ok')
})

test('of several sources the worst counts, and the longest time without a success', () => {
  const { status, backup } = report(source(ago(1)), source(ago(5)), source(ago(3), ago(1)))
  assert.equal(status, 'degraded')
  assert.deepEqual(backup, {
    status: 'failing',
    lastSuccess: ago(5),
    ageSeconds: 5 * 3600,
    sources: 3,
    never: 0,
    overdue: 1,
    failing: 1
  })
})

test('one source without any backup leaves no last success to tell', () => {
  const { backup } = report(source(ago(1)), source(null))
  assert.deepEqual([backup.lastSuccess, backup.ageSeconds, backup.never], [null, null, 1])
})

test('an age is never below 0, though the clock was set back', () => {
  assert.equal(report(source(ago(-1))).backup.ageSeconds, 0)
})

test('no source at all is no reason to worry', () => {
  assert.deepEqual(report().backup, {
    status: 'ok',
    lastSuccess: null,
    ageSeconds: null,
    sources: 0,
    never: 0,
    overdue: 0,
    failing: 0
  })
})

test('a backup that finished in time but began too early is overdue, and so is one that is gone', () => {
  const finishedLate = { freshSince: ago(2), statistics: { lastSuccess: ago(1), lastFailure: null, newest: ago(3) } }
  const gone = { freshSince: ago(2), statistics: { lastSuccess: ago(1), lastFailure: null, newest: null } }
  assert.deepEqual([report(finishedLate).backup.status, report(gone).backup.status], ['overdue', 'overdue'])
})

test('an open alert degrades the service, and is told by its rule alone', () => {
  const alerts = [
    { rule: 'size_changed', severity: 'warning' },
    { rule: 'backup_damaged', severity: 'critical' },
    { rule: 'size_changed', severity: 'warning' }
  ] as const
  const { status, backup, alerts: told } = healthReport([source(ago(1))], alerts, NOW)
  assert.deepEqual([status, backup.status, told], ['degraded', 'ok', {
    critical: 1,
    warning: 2,
    rules: ['backup_damaged', 'size_changed']
  }])
})
