import { outcomeOf, type AuditLog } from '../core/catalog/audit.ts'
import type { Clock } from '../core/clock.ts'
import { toBackupError, type ErrorCode } from '../core/errors.ts'

export interface AuditedAction {
  /** In the words of the command line: `backup create`. */
  readonly action: string
  /** `backup 12`, `source shop`; null: everything. */
  readonly target: string | null
}

export interface Recorder {
  readonly audit: Pick<AuditLog, 'record'>
  readonly clock: Clock
  /** The user of the machine, and the machine. */
  readonly actor: string
  readonly host: string
  readonly warn: (message: string) => void
}

/** Does the work, and leaves an entry that says how it went. What cannot be recorded is told, and hinders nothing. */
export async function audited<T> (recorder: Recorder, action: AuditedAction, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work()
    await record(recorder, action, null)
    return result
  } catch (thrown) {
    await record(recorder, action, toBackupError(thrown).code)
    throw thrown
  }
}

async function record (
  { audit, clock, actor, host, warn }: Recorder,
  { action, target }: AuditedAction,
  code: ErrorCode | null
): Promise<void> {
  try {
    await audit.record({
      at: clock.now(),
      origin: 'cli',
      actor,
      role: null,
      address: host,
      action,
      target,
      outcome: outcomeOf(code),
      code,
      requestId: null
    })
  } catch (thrown) {
    warn(`"${action}" could not be recorded in the audit log: ${toBackupError(thrown).message}`)
  }
}
