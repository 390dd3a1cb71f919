import { BackupError, toBackupError } from '../../core/errors.ts'
import { sibling } from '../child.ts'
import { DEFAULT_LIMITS, startSubprocess, type ChildLimits, type Subprocess } from '../subprocess.ts'
import { CHILD_ENVIRONMENT } from './open.ts'
import type { ProbeMessage, ProbeTask, SqliteProbe } from './protocol.ts'

/**
 * The system answers such questions at once, unless the disk or the server of the mount does not answer it.
 * Milliseconds.
 */
const PATIENCE = 20_000

/**
 * Looks at the database at `path` as a backup will find it. In a child process: on a mount whose server is gone each
 * call stands still for ever, and would take the process along. One child at a time: while one that cannot even be
 * killed is left, no other is started.
 *
 * Rejects with `SOURCE_UNREADABLE` where the file system does not answer in time, otherwise as the source does.
 */
export function sqliteProbe (
  path: string,
  { memory }: Pick<ChildLimits, 'memory'> = DEFAULT_LIMITS,
  patience = PATIENCE
): (signal: AbortSignal) => Promise<SqliteProbe> {
  let last: Subprocess | undefined
  return async signal => {
    if (last?.isLeft() === true) throw noAnswer(path, patience)
    let told: ProbeMessage | undefined
    const task: ProbeTask = { path }
    const child = startSubprocess({
      entry: sibling(import.meta.url, 'probe-child'),
      task,
      environment: CHILD_ENVIRONMENT,
      onMessage: message => {
        told = message as ProbeMessage
      },
      memory,
      timeout: patience
    }, signal)
    last = child
    child.image.resume()
    await child.ended.catch((thrown: unknown) => {
      throw toBackupError(thrown).code === 'PROCESS_TIMED_OUT' && !signal.aborted
        ? noAnswer(path, patience, thrown)
        : thrown
    })
    if (told?.type !== 'probed') {
      throw new BackupError('SOURCE_FAILED', 'the process that looks at the source ended without a result', {
        hint: 'Try again.'
      })
    }
    return told.probe
  }
}

function noAnswer (path: string, patience: number, cause?: unknown): BackupError {
  return new BackupError(
    'SOURCE_UNREADABLE',
    `the file system of "${path}" does not answer: nothing came within ${patience / 1000} seconds`,
    {
      hint:
        'See whether the server of the network mount, or the disk, is there; the next backup is tried as scheduled.',
      cause
    }
  )
}
