import type { Event } from '../core/event.ts'
import type { Job } from '../core/job.ts'
import { presentAlert } from './alert.ts'
import { presentBackup } from './backup.ts'
import { presentJob } from './job.ts'
import { presentRestore } from './restore.ts'
import { presentTableRescue } from './rows.ts'
import { presentRun } from './run.ts'
import { presentVerified } from './verification.ts'

/** The data of a server-sent event; its name is `event.type`. */
export function presentEvent (event: Event, rate: (job: Job) => number | null): object {
  switch (event.type) {
    case 'job.updated':
      return { job: presentJob(event.job, rate(event.job)) }
    case 'backup.started':
    case 'backup.trashed':
    case 'backup.undeleted':
    case 'backup.evicted':
    case 'backup.suspect':
    case 'backup.released':
      return { backup: presentBackup(event.backup) }
    case 'backup.completed':
      return { backup: presentBackup(event.backup), durationMs: event.durationMs }
    case 'backup.failed':
      return { backup: presentBackup(event.backup), code: event.code }
    case 'backup.removed':
      return { backup: presentBackup(event.backup), reason: event.reason }
    case 'copy.stored':
      return {
        backup: presentBackup(event.backup),
        store: event.store,
        bytes: event.bytes,
        durationMs: event.durationMs
      }
    case 'copy.failed':
      return { backup: presentBackup(event.backup), store: event.store, code: event.code }
    case 'rescue.completed':
      return { backup: presentBackup(event.backup), tables: event.tables.map(presentTableRescue) }
    case 'restore.completed':
      return { restore: presentRestore(event.restore) }
    case 'restore.failed':
      return { restore: presentRestore(event.restore), code: event.code }
    case 'drill.finished':
      return { drill: presentRestore(event.drill) }
    case 'verification.finished':
      return { ...presentVerified(event), durationMs: event.durationMs }
    case 'operation.failed':
      return { operation: event.operation, source: event.source, method: event.method, code: event.code }
    case 'alert.raised':
    case 'alert.cleared':
      return { alert: presentAlert(event.alert) }
    case 'run.ended':
      return { run: presentRun(event.run) }
    case 'settings.changed':
      return {}
  }
}
