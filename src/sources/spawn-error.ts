import { BackupError, systemCode } from '../core/errors.ts'

interface Limit {
  readonly name: string
  readonly remedy: string
}

/** Why the system refuses to start a process, by the code of `fork(2)`, `pipe(2)` and `execve(2)`. */
const LIMITS: Readonly<Record<string, Limit>> = {
  EMFILE: {
    name: 'this process has reached the limit of open files',
    remedy: 'Raise it with "ulimit -n", or with LimitNOFILE in the unit of the service'
  },
  ENFILE: {
    name: 'the system has reached the limit of open files (fs.file-max)',
    remedy: 'Raise fs.file-max with sysctl, or stop processes with many open files'
  },
  EAGAIN: {
    name: 'the user or the container has reached the limit of processes and threads',
    remedy: 'Raise it with "ulimit -u", with TasksMax in the unit of the service, or with --pids-limit of the container'
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
        hint: 'Check the log of the service and the system log, then retry.',
        cause: error
      }
    )
  }
  return new BackupError('PROCESS_LIMIT', `no more processes can be started: ${limit.name}`, {
    hint: `${limit.remedy}, or lower MAX_CONCURRENT_JOBS.`,
    cause: error
  })
}
