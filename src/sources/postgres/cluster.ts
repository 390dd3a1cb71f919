import { spawn } from 'node:child_process'
import { BackupError } from '../../core/errors.ts'
import { spawnError } from '../spawn-error.ts'
import { makeClusterPlace } from './cluster-place.ts'
import type { Server } from './connection.ts'
import type { Installation } from './programs.ts'
import { lastMessage } from './messages.ts'
import { impossible, serverUser } from './server-user.ts'
import { openSession } from './session.ts'

/** The superuser of the server. */
export const DRILL_USER = 'holdfast_drill'
/** Characters of the log that are kept. */
const LOG = 64 * 1024
/** Milliseconds until a server that was started has to answer. */
const START_TIMEOUT = 60_000
/** Milliseconds between two attempts to connect. */
const RETRY = 50

/**
 * Makes the cluster and runs its server until its standard input ends: also where this process is killed. Then the
 * server is ended at once (SIGQUIT), and everything in its directories is removed. Arguments: the directory, that of
 * the socket, that of the programs, the superuser, settings. Exit code 3: initdb failed.
 */
const SUPERVISOR = `
umask 077
directory=$1 socket=$2 programs=$3 user=$4
shift 4
exec 3<&0 </dev/null
cd "$directory" || exit 3
clean () { rm -rf "$directory/data" "$socket"/.s.PGSQL.*; cd /; rmdir "$directory" "$socket" 2>/dev/null; }
"$programs/initdb" -D "$directory/data" -U "$user" -A trust -E UTF8 --locale=C -k --no-sync --no-instructions >/dev/null ||
  { clean; exit 3; }
"$programs/postgres" -D "$directory/data" "$@" 3<&- &
server=$!
(
  read -r line <&3
  kill -QUIT $server
) &
watch=$!
exec 3<&-
wait $server
code=$?
kill $watch 2>/dev/null
clean
exit $code
`

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: '5432',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  archive_mode: 'off',
  autovacuum: 'off',
  max_connections: '20',
  max_locks_per_transaction: '512',
  shared_buffers: '64MB',
  maintenance_work_mem: '128MB',
  huge_pages: 'off',
  jit: 'off',
  restart_after_crash: 'off',
  // Workers would need memory in /dev/shm, of which containers have little.
  max_parallel_workers: '0',
  max_parallel_maintenance_workers: '0',
  lc_messages: 'C',
  log_line_prefix: '%e ',
  log_min_messages: 'error',
  log_min_error_statement: 'panic',
  logging_collector: 'off'
}

/** Of a process that a signal ended: then the server ends, too (`restart_after_crash`). In English: `lc_messages`. */
const CRASH = /^\w{5} LOG: .*was terminated by signal/m

/** SQLSTATEs of what a client does that ends with an error of its own: it breaks connections and cancels queries. */
const OF_CLIENT = /^(?:08|57014)/

/** What the log of the server has of an error. */
export interface LoggedError {
  /** The SQLSTATE. */
  readonly code: string
  readonly message: string
}

/** A server with an empty cluster that only this process reaches. */
export interface Cluster {
  readonly server: Server
  /** The version of its programs: `15.18`. */
  readonly version: string
  readonly major: number
  /** The first error that the server logged since the last call; undefined: none. */
  firstError(): LoggedError | undefined
  /** Whether the server, or one of its processes, has ended without `close`. Rejects with the reason of `signal`. */
  isGone(signal: AbortSignal): Promise<boolean>
  /** Ends the server at once and removes its files. Safe to call twice. */
  close(): Promise<void>
}

export interface ClusterOptions {
  readonly installation: Installation
  readonly scratchDir: string
  /** The user where the service runs as root; undefined: not configured. */
  readonly runAs: string | undefined
  /** Bytes that its files will take. */
  readonly bytes: number
}

/**
 * Makes a cluster in a new directory and starts its server, as an unprivileged user, without the safety of a disk. It
 * is reached by its socket alone, in a directory that no other user can enter. The server and its files do not outlast
 * this process, also where it is killed. Rejects with `REHEARSAL_IMPOSSIBLE`, `DISK_FULL`, `PROCESS_LIMIT`, and the
 * reason of `signal`.
 */
export async function startCluster (options: ClusterOptions, signal: AbortSignal): Promise<Cluster> {
  const { installation, scratchDir, runAs, bytes } = options
  signal.throwIfAborted()
  const identity = await serverUser(runAs)
  const place = await makeClusterPlace(scratchDir, bytes, identity)
  const settings = { ...SETTINGS, unix_socket_directories: place.socket }
  const child = spawn('/bin/sh', [
    '-c',
    SUPERVISOR,
    'holdfast-drill',
    place.directory,
    place.socket,
    installation.directory,
    DRILL_USER,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  ], {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...identity
  })
  let log = ''
  let hasCrashed = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-LOG)
    hasCrashed ||= CRASH.test(log)
  })
  child.stdin.on('error', () => {})
  let ending: { readonly code: number | null, readonly error?: Error } | undefined
  const ended = new Promise<void>(resolve => {
    child.once('error', error => {
      ending = { code: null, error }
      resolve()
    })
    child.once('close', code => {
      ending ??= { code }
      resolve()
    })
  })
  const close = async (): Promise<void> => {
    child.stdin.end()
    await ended
    await place.remove()
  }
  const server: Server = {
    host: place.socket,
    port: 5432,
    user: DRILL_USER,
    password: null,
    passwordFile: null,
    sslMode: 'disable',
    sslRootCert: null
  }
  try {
    const deadline = performance.now() + START_TIMEOUT
    while (!await answers(server, signal)) {
      if (ending !== undefined) throw startError(ending, log)
      if (performance.now() > deadline) {
        throw impossible(
          `the server of the drill did not answer within ${START_TIMEOUT / 1000} seconds`,
          'Repeat the drill when the machine has less to do.'
        )
      }
      await new Promise(resolve => setTimeout(resolve, RETRY))
    }
  } catch (error) {
    await close()
    throw signal.aborted ? signal.reason : error
  }
  log = ''
  return {
    server,
    version: installation.version,
    major: installation.major,
    firstError () {
      const errors = [...log.matchAll(/^(\w{5}) (?:ERROR|FATAL|PANIC): +(.*)$/gm)]
      const [, code = '', message = ''] = errors.find(([, code = '']) => !OF_CLIENT.test(code)) ?? []
      log = ''
      return code === '' ? undefined : { code, message }
    },
    isGone: async signal => hasCrashed || ending !== undefined || !await answers(server, signal),
    close
  }
}

async function answers (server: Server, signal: AbortSignal): Promise<boolean> {
  try {
    const session = await openSession({ server, name: 'postgres' }, signal)
    await session.close()
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof BackupError && error.code === 'SOURCE_UNREACHABLE') return false
    throw error
  }
}

function startError (
  { code, error }: { readonly code: number | null, readonly error?: Error },
  log: string
): BackupError {
  if (error !== undefined) return spawnError(error)
  const message = lastMessage(log)
  if (/No space left on device|could not extend file/.test(log)) {
    return new BackupError('DISK_FULL', `there is no room for the server of the drill: ${message}`, {
      hint: 'Free space in SCRATCH_DIR, or set it to a larger disk.'
    })
  }
  return impossible(
    `${code === 3 ? 'initdb' : 'the server of the drill'} failed: ${message}`,
    'Correct what the message names, then repeat the drill.'
  )
}
