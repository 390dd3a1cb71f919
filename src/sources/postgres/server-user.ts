import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { BackupError } from '../../core/errors.ts'

/** A user of the system. */
export interface Identity {
  readonly uid: number
  readonly gid: number
}

/** The user without rights that every Linux system has (`overflowuid`, proc(5)). */
const UNPRIVILEGED = '65534'

/**
 * The user as whom a server of PostgreSQL runs, which refuses to run as root: undefined is that of this process.
 * Where the service runs as root, it is `runAs`, otherwise "postgres", otherwise the user with the uid 65534. Rejects
 * with `REHEARSAL_IMPOSSIBLE` where there is none, and where the user of the service has no entry in /etc/passwd,
 * without which initdb fails.
 */
export async function serverUser (runAs: string | undefined): Promise<Identity | undefined> {
  const uid = process.geteuid?.()
  if (uid !== 0) {
    try {
      userInfo()
      return undefined
    } catch (error) {
      throw impossible(
        `the user of the service (uid ${uid ?? 'unknown'}) has no entry in /etc/passwd, which PostgreSQL needs`,
        'Add the user to /etc/passwd, as with "useradd --uid", or run the service as a user who has an entry.',
        error
      )
    }
  }
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const entries = users.split('\n').map(line => line.split(':'))
  const named = entries.find(([name]) => name === (runAs ?? 'postgres'))
  const [name, , ownUid, gid] = named ?? (runAs === undefined ? entries.find(([, , id]) => id === UNPRIVILEGED) : []) ??
    []
  if (ownUid !== undefined && gid !== undefined) {
    if (Number(ownUid) !== 0) return { uid: Number(ownUid), gid: Number(gid) }
    throw impossible(
      `the user "${name}" is root, as whom PostgreSQL does not run`,
      'Set POSTGRES_RUN_AS to another user.'
    )
  }
  throw impossible(
    runAs === undefined
      ? 'PostgreSQL does not run as root, and /etc/passwd has neither the user "postgres" nor the uid 65534'
      : `there is no user "${runAs}" in /etc/passwd`,
    'Create the user, or set POSTGRES_RUN_AS to one that exists.'
  )
}

/** The error of a drill that cannot be made on this machine, and proves nothing against the backup. */
export function impossible (message: string, hint: string, cause?: unknown): BackupError {
  return new BackupError('REHEARSAL_IMPOSSIBLE', message, { hint, ...cause !== undefined && { cause } })
}
