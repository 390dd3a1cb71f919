import { z } from 'zod'
import { BACKUP_METHODS } from '../core/backup/backup.ts'
import type { Event } from '../core/event.ts'
import type { Job } from '../core/job.ts'
import { alertSchema, presentAlert } from './alert.ts'
import { backupSchema, presentBackup } from './backup.ts'
import { bytes, count, errorCode } from './common.ts'
import { jobSchema, presentJob } from './job.ts'
import { presentRestore, restoreSchema } from './restore.ts'
import { presentTableRescue, tableRescueSchema } from './rows.ts'
import { presentRun, runSchema } from './run.ts'
import { presentVerified, verifiedSchema } from './verification.ts'

const ofBackup = z.object({ backup: backupSchema })
const ofCopy = ofBackup.extend({ store: z.string() })
const ofAlert = z.object({ alert: alertSchema })

/** The data of each event. */
const DATA = {
  'job.updated': z.object({ job: jobSchema }),
  'backup.started': ofBackup,
  'backup.completed': ofBackup.extend({ durationMs: count }),
  'backup.failed': ofBackup.extend({ code: errorCode }),
  'backup.suspect': ofBackup,
  'backup.released': ofBackup,
  'backup.removed': ofBackup.extend({ reason: z.string() }),
  'backup.trashed': ofBackup,
  'backup.undeleted': ofBackup,
  'backup.evicted': ofBackup,
  'copy.stored': ofCopy.extend({ bytes, durationMs: count }),
  'copy.failed': ofCopy.extend({ code: errorCode }),
  'rescue.completed': ofBackup.extend({ tables: z.array(tableRescueSchema) }),
  'restore.completed': z.object({ restore: restoreSchema }),
  'restore.failed': z.object({ restore: restoreSchema, code: errorCode }),
  'drill.finished': z.object({ drill: restoreSchema }),
  'verification.finished': verifiedSchema.extend({ durationMs: count }),
  'operation.failed': z.object({
    operation: z.string(),
    source: z.string(),
    method: z.enum(BACKUP_METHODS).nullable(),
    code: errorCode
  }),
  'alert.raised': ofAlert,
  'alert.cleared': ofAlert,
  'run.ended': z.object({ run: runSchema }),
  'settings.changed': z.object({})
} as const satisfies Record<Event['type'], z.ZodObject>

/** A server-sent event: its name, and the JSON of its data. */
export const eventSchema = z.discriminatedUnion('event', [
  eventOf('job.updated'),
  ...(Object.keys(DATA) as (keyof typeof DATA)[]).filter(name => name !== 'job.updated').map(eventOf)
]).meta({ id: 'Event', examples: [{ event: 'settings.changed', data: {} }] })

function eventOf (name: keyof typeof DATA): z.ZodObject<{ event: z.ZodLiteral, data: z.ZodObject }> {
  return z.object({ event: z.literal(name), data: DATA[name] })
}

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
