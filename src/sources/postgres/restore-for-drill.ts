import { BackupError } from '../../core/errors.ts'
import { startClient } from './client.ts'
import type { Cluster, LoggedError } from './cluster.ts'
import type { Database } from './connection.ts'
import type { PostgresDetails } from './facts.ts'
import { lastMessage } from './messages.ts'
import { programPath, type Installation } from './programs.ts'
import { impossible } from './server-user.ts'
import { openSession } from './session.ts'

/** Processes that load data and create indexes. */
const JOBS = 2
/** SQLSTATE `undefined_object`. */
const UNDEFINED_OBJECT = '42704'

/** Classes of SQLSTATE that are about the machine: resources, intervention, system and configuration files. */
const MACHINE = /^(?:53|57|58|F0)/

interface DrillArchive {
  /** The path. */
  readonly archive: string
  readonly database: Database
  readonly details: PostgresDetails
  readonly installation: Installation
}

/**
 * Restores an archive into the server of a drill. Resolves with the reason where the backup cannot be restored;
 * undefined: it was. Rejects with `REHEARSAL_IMPOSSIBLE` where this machine lacks something, `DISK_FULL`,
 * `PROCESS_OUT_OF_MEMORY`, and the reason of `signal`. The server's own codes decide, not messages of pg_restore.
 */
export async function restoreForDrill (
  cluster: Cluster,
  { archive, database, details, installation }: DrillArchive,
  signal: AbortSignal
): Promise<string | undefined> {
  const { host, port, user } = database.server
  let messages = ''
  let end = ''
  cluster.firstError()
  const client = startClient(programPath(installation, 'pg_restore'), [
    '-h',
    host,
    '-p',
    String(port),
    '-U',
    user,
    '-w',
    '--exit-on-error',
    `--jobs=${JOBS}`,
    '--no-tablespaces',
    '--no-subscriptions',
    `--dbname=${database.name}`,
    archive
  ], {
    variables: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', PGAPPNAME: 'holdfast' },
    failed: (how, text) => {
      end = how
      messages = text
      return new BackupError('RESTORE_FAILED', text, { hint: 'Repeat the drill.' })
    }
  }, signal)
  client.output.resume()
  try {
    await client.ended
    return undefined
  } catch (error) {
    if (signal.aborted || end === '') throw error
  }
  const isGone = await cluster.isGone(signal)
  const logged = cluster.firstError()
  if (isGone || /^signal SIG(?:KILL|TERM|INT|HUP)$/.test(end)) {
    throw new BackupError('PROCESS_OUT_OF_MEMORY', 'the server or pg_restore was ended during the drill', {
      hint: 'Look in the log of the system for a lack of memory, then repeat the drill.'
    })
  }
  if (logged === undefined) return `pg_restore failed: ${lastMessage(messages) || end}`
  await requireMachine(logged, database, details, signal)
  return `${logged.message} (SQLSTATE ${logged.code})`
}

/** Throws where the error shows that this machine lacks something, and not that the backup is damaged. */
async function requireMachine (
  { code, message }: LoggedError,
  database: Database,
  { extensions }: PostgresDetails,
  signal: AbortSignal
): Promise<void> {
  if (code === '53100') {
    throw new BackupError('DISK_FULL', `there was no room for the restored database: ${message}`, {
      hint: 'Free space in SCRATCH_DIR, or set it to a larger disk.'
    })
  }
  if (code === '53200') {
    throw new BackupError('PROCESS_OUT_OF_MEMORY', `the server of the drill had no memory: ${message}`, {
      hint: 'Give the machine more memory, then repeat the drill.'
    })
  }
  const session = await openSession(database, signal)
  let created
  try {
    const rows = await session.query<{ name: string }>('SELECT extname AS name FROM pg_extension')
    created = new Set(rows.map(({ name }) => name))
  } finally {
    await session.close()
  }
  const extension = extensions.find(({ name }) => !created.has(name))
  if (extension !== undefined) {
    throw impossible(
      `the extension "${extension.name}" could not be created here: ${message}`,
      'Install a version of it that needs nothing but its files, or drill the backup on another machine.'
    )
  }
  if (MACHINE.test(code) || isLacking(code, message)) {
    throw impossible(
      `this machine lacks something that the backup needs: ${message}`,
      'Install or create what the message names, then repeat the drill.'
    )
  }
}

/** The server has no code of its own for these; its messages are in English (`lc_messages`). */
function isLacking (code: string, message: string): boolean {
  return (code === UNDEFINED_OBJECT && /^role ".*" does not exist$/.test(message)) ||
    /^could not create locale |^ICU is not supported |^collation provider /.test(message)
}
