import type { Event } from '../core/event.ts'
import type { Series } from './series.ts'

/**
 * Adds to the counters, and sets the durations, that an event is about. `labelOf` is the label of a source; empty: it
 * has no series.
 */
export function countEvent (series: Series, event: Event, labelOf: (source: string) => string): void {
  const { runs, attempts, successes, verifications, drills, uploads, uploadDuration, alertsRaised, errors, duration } =
    series
  if (event.type === 'backup.started') {
    attempts.inc({ source: labelOf(event.backup.source) })
  } else if (event.type === 'backup.completed') {
    const { method } = event.backup
    const source = labelOf(event.backup.source)
    runs.inc({ backup_type: method, status: 'success', source })
    successes.inc({ source })
  } else if (event.type === 'backup.failed') {
    const { method } = event.backup
    const source = labelOf(event.backup.source)
    runs.inc({ backup_type: method, status: event.code === 'CANCELLED' ? 'cancelled' : 'failure', source })
  } else if (event.type === 'verification.finished') {
    const { method } = event.backup
    const source = labelOf(event.backup.source)
    verifications.inc({ status: event.verification.valid ? 'passed' : 'failed' })
    if (source !== '') duration.set({ backup_type: method, operation: 'verify', source }, event.durationMs / 1000)
  } else if (event.type === 'drill.finished') {
    drills.inc({ status: event.drill.status, source: labelOf(event.drill.source) })
  } else if (event.type === 'copy.stored') {
    uploads.inc({ destination: event.store, status: 'success' })
    uploadDuration.set({ destination: event.store }, event.durationMs / 1000)
  } else if (event.type === 'copy.failed') {
    uploads.inc({ destination: event.store, status: 'failure' })
    errors.inc({ operation: 'upload', error_type: event.code.toLowerCase() })
  } else if (event.type === 'operation.failed') {
    if (event.code !== 'CANCELLED') errors.inc({ operation: event.operation, error_type: event.code.toLowerCase() })
  } else if (event.type === 'alert.raised') {
    alertsRaised.inc({ rule: event.alert.rule })
  }
}
