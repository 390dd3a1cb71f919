import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthReport, type SourceHealth } from '../../src/monitoring/health.ts'

const HOUR = 3_600_000
const NOW = new Date('2025-11-25T12:00:00.000Z')
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR)

/** A source with a backup every hour. */
function source (lastSuccess: Date | null, lastFailure: Date | null = null, enabled = true): SourceHealth {
  return { policy: { enabled, interval: HOUR }, statistics: { lastSuccess, lastFailure } }
}

test('a source whose last backup is young enough is ok', () => {
  assert.deepEqual(healthReport([source(ago(1))], NOW), {
    status: 'ok',
    backup: { status: 'ok', lastSuccess: ago(1), ageSeconds: 3600, sources: 1, never: 0, overdue: 0, failing: 0 }
  })
})

test('a source without any backup is never, and somebody should look', () => {
  const report = healthReport([source(null)], NOW)
  assert.deepEqual([report.status, report.backup.status, report.backup.lastSuccess, report.backup.ageSeconds], ['degraded', 'never', null, null])
})

test('a source whose last backup failed is failing, also when it never had one', () => {
  assert.equal(healthReport([source(ago(2), ago(1))], NOW).backup.status, 'failing')
  assert.equal(healthReport([source(null, ago(1))], NOW).backup.status, 'failing')
})

test('a failure before the last success is over', () => {
  assert.equal(healthReport([source(ago(1), ago(2))], NOW).backup.status, 'ok')
})

test('a source is overdue after twice its interval, and not at it', () => {
  assert.equal(healthReport([source(ago(2))], NOW).backup.status, 'ok')
  assert.equal(healthReport([source(ago(2.001))], NOW).backup.status, 'overdue')
})

test('a source without automatic backups is never overdue', () => {
  assert.equal(healthReport([source(ago(1000), null, false)], NOW).backup.status, 'ok')
})

test('of several sources the worst counts, and the longest time without a success', () => {
  const report = healthReport([source(ago(1)), source(ago(5)), source(ago(3), ago(1))], NOW)
  assert.deepEqual(report, {
    status: 'degraded',
    backup: { status: 'failing', lastSuccess: ago(5), ageSeconds: 5 * 3600, sources: 3, never: 0, overdue: 1, failing: 1 }
  })
})

test('one source without any backup leaves no last success to tell', () => {
  const report = healthReport([source(ago(1)), source(null)], NOW)
  assert.deepEqual([report.backup.lastSuccess, report.backup.ageSeconds, report.backup.never], [null, null, 1])
})

test('an age is never below 0, though the clock was set back', () => {
  assert.equal(healthReport([source(ago(-1))], NOW).backup.ageSeconds, 0)
})

test('no source at all is no reason to worry', () => {
  assert.deepEqual(healthReport([], NOW).backup, { status: 'ok', lastSuccess: null, ageSeconds: null, sources: 0, never: 0, overdue: 0, failing: 0 })
})
