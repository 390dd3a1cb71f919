import type { Alert } from './alert/alert.ts'
import type { Backup, BackupMethod } from './backup/backup.ts'
import type { ErrorCode } from './errors.ts'
import type { Job } from './job.ts'
import type { Verification } from './ports/verification.ts'
import type { Restore } from './restore/restore.ts'
import type { TableRescue } from './restore/rows.ts'
import type { Run } from './schedule/run.ts'

/**
 * What happened, for metrics, the event stream and, later, notifications and the audit log. Durations are milliseconds.
 */
export type Event =
  | { readonly type: 'job.updated', readonly job: Job }
  | { readonly type: 'backup.started', readonly backup: Backup }
  | { readonly type: 'backup.completed', readonly backup: Backup, readonly durationMs: number }
  | { readonly type: 'backup.suspect', readonly backup: Backup }
  | { readonly type: 'backup.released', readonly backup: Backup }
  | { readonly type: 'backup.failed', readonly backup: Backup, readonly code: ErrorCode }
  | { readonly type: 'backup.removed', readonly backup: Backup, readonly reason: string }
  | { readonly type: 'backup.trashed', readonly backup: Backup }
  | { readonly type: 'backup.undeleted', readonly backup: Backup }
  | { readonly type: 'rescue.completed', readonly backup: Backup, readonly tables: readonly TableRescue[] }
  | { readonly type: 'backup.evicted', readonly backup: Backup }
  | {
    readonly type: 'copy.stored'
    readonly backup: Backup
    readonly store: string
    readonly bytes: number
    readonly durationMs: number
  }
  | { readonly type: 'copy.failed', readonly backup: Backup, readonly store: string, readonly code: ErrorCode }
  | { readonly type: 'restore.completed', readonly restore: Restore }
  | { readonly type: 'restore.failed', readonly restore: Restore, readonly code: ErrorCode }
  | { readonly type: 'drill.finished', readonly drill: Restore }
  | {
    readonly type: 'verification.finished'
    readonly backup: Backup
    readonly verification: Verification
    readonly durationMs: number
  }
  | {
    readonly type: 'operation.failed'
    readonly operation: string
    readonly source: string
    readonly method: BackupMethod | null
    readonly code: ErrorCode
  }
  | { readonly type: 'alert.raised', readonly alert: Alert }
  | { readonly type: 'alert.cleared', readonly alert: Alert }
  | { readonly type: 'run.ended', readonly run: Run }
  | { readonly type: 'settings.changed' }

/** Where the engine says what happened. Never throws, never waits. */
export interface EventSink {
  emit(event: Event): void
}

export type Listener = (event: Event) => void

/** Joins listeners into one sink. A listener that throws is reported to `onError` and hinders nobody. */
export class EventBus implements EventSink {
  readonly #listeners = new Set<Listener>()
  readonly #onError: (error: unknown) => void

  constructor (onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Returns the call that takes the listener away again. */
  subscribe (listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  emit (event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}
