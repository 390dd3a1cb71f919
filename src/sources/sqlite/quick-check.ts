import { BackupError } from '../../core/errors.ts'
import { sibling } from '../child.ts'
import { DEFAULT_LIMITS, startSubprocess, timeFor, type ChildLimits } from '../subprocess.ts'
import { SQLITE_CHILD } from './open.ts'
import { sizeOf } from './sqlite-source.ts'

export interface QuickCheckTask {
  readonly path: string
  /** Milliseconds. */
  readonly busyTimeout: number
}

export interface QuickCheckMessage {
  readonly type: 'checked'
  /** null: nothing was found. */
  readonly finding: string | null
}

/** Milliseconds that a process may hold the database exclusively. */
const BUSY_TIMEOUT = 10_000

/**
 * Runs `PRAGMA quick_check` on a database that others may be using, in a child process of the lowest priority. Resolves
 * with the first finding; undefined: there is none. Rejects as the source does where the database cannot be read, and
 * with `PROCESS_TIMED_OUT` or `PROCESS_OUT_OF_MEMORY` where that takes too much.
 */
export async function quickCheck (
  path: string,
  signal: AbortSignal,
  limits: ChildLimits = DEFAULT_LIMITS
): Promise<string | undefined> {
  let answer: QuickCheckMessage | undefined
  const task: QuickCheckTask = { path, busyTimeout: BUSY_TIMEOUT }
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'quick-check-child'),
    task,
    ...SQLITE_CHILD,
    onMessage: message => {
      answer = message as QuickCheckMessage
    },
    ...limits,
    timeout: timeFor(sizeOf(path), limits)
  }, signal)
  child.image.resume()
  await child.ended
  if (answer?.type !== 'checked') {
    throw new BackupError('SOURCE_FAILED', 'the process that checks the database ended without a result', {
      hint: 'Try again.'
    })
  }
  return answer.finding ?? undefined
}
