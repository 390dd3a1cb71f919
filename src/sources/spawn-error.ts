import { BackupError, systemCode } from '../core/errors.ts'

interface Limit {
  readonly name: string
  readonly remedy: string
}

/** Why the system refuses to start a process, by the code of `fork(2)`, `pipe(2)` and `execve(2)`. */
const LIMITS: Readonly<Record<string, Limit>> = {
  EMFILE: {
    name: 'this process has as many files open as it may (limit of open files)',
    remedy: 'Raise it with "ulimit -n" or LimitNOFILE in the unit of the service'
  },
  ENFILE: {
    name: 'all processes together have as many files open as the system allows (fs.file-max)',
    remedy: 'Raise fs.file-max with sysctl, or end what holds files open'
  },
  EAGAIN: {
    name: 'the user or the container has as many processes and threads as it may (limit of processes)',
    remedy: 'Raise it with "ulimit -u", TasksMax in the unit of the service, or --pids-limit of the container'
  },
  ENOMEM: {
    name: 'there is not enough memory for another process (limit of memory)',
    remedy: 'Give the service or the machine more memory'
  }
}

/** Whether the system had no room for another process. */
export function isSpawnFailure (error: unknown): boolean {
  return Object.hasOwn(LIMITS, systemCode(error) ?? '')
}

/**
 * `PROCESS_LIMIT`, which names the limit; `SOURCE_FAILED` for a process that could not be started for another reason.
 */
export function spawnError (error: unknown): BackupError {
  const limit = LIMITS[systemCode(error) ?? '']
  if (limit === undefined) {
    return new BackupError(
      'SOURCE_FAILED',
      `the process that reads the source could not be started (${systemCode(error) ?? 'unknown reason'})`,
      {
        hint: 'Look at the log of the service and of the system, then try again.',
        cause: error
      }
    )
  }
  return new BackupError('PROCESS_LIMIT', `no further process can be started: ${limit.name}`, {
    hint: `${limit.remedy}, or let fewer jobs run at once.`,
    cause: error
  })
}
