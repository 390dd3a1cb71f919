import { BackupError, toBackupError } from '../core/errors.ts'
import { startSubprocess, type ChildLimits, type Subprocess } from './subprocess.ts'

/**
 * The system answers such questions at once, unless the disk or the server of the mount does not answer it.
 * Milliseconds.
 */
export const PATIENCE = 20_000

export interface PatientProbe<Task> {
  /** The module of the child, which sends one message, its answer. */
  readonly entry: URL
  readonly task: Task
  readonly environment: Readonly<Record<string, string>>
  /** What is looked at, for people. */
  readonly path: string
  readonly memory: ChildLimits['memory']
  /** Milliseconds. */
  readonly patience: number
}

/**
 * Looks at a source as a backup will find it. In a child process: on a mount whose server is gone each call waits for
 * ever, and would take the process along. One child at a time: while one that cannot even be killed is left, no other
 * is started.
 *
 * Rejects with `SOURCE_UNREADABLE` where the file system does not answer in time, otherwise as the child does.
 */
export function patientProbe<
  Task,
  Answer
> ({ entry, task, environment, path, memory, patience }: PatientProbe<Task>): (signal: AbortSignal) => Promise<Answer> {
  let last: Subprocess | undefined
  return async signal => {
    if (last?.isLeft() === true) throw noAnswer(path, patience)
    let answer: { readonly message: unknown } | undefined
    const child = startSubprocess({
      entry,
      task,
      environment,
      onMessage: message => {
        answer = { message }
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
    if (answer === undefined) {
      throw new BackupError('SOURCE_FAILED', 'the process that examines the source ended without a result', {
        hint: 'Try again.'
      })
    }
    return answer.message as Answer
  }
}

function noAnswer (path: string, patience: number, cause?: unknown): BackupError {
  return new BackupError(
    'SOURCE_UNREADABLE',
    `the file system of "${path}" did not respond within ${patience / 1000} seconds`,
    {
      hint: 'Check the disk or the server of the network mount. The next backup runs as scheduled.',
      cause
    }
  )
}
