import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { BackupError, systemCode } from '../../core/errors.ts'
import { exitText, SUCCESS } from '../../files/exit-text.ts'
import { killGroup } from '../../files/run-command.ts'
import { isSpawnFailure, spawnError } from '../spawn-error.ts'
import type { Server } from './connection.ts'

/** Of what a program writes to standard error, the end is kept. Characters. */
const MESSAGES = 64 * 1024
/** Milliseconds between the request to end and the end by force. */
const KILL_AFTER = 5000
/** Seconds that a program waits for a connection. */
const CONNECT_TIMEOUT = '15'

/** The environment with which programs of PostgreSQL reach one server. */
export interface ClientEnvironment {
  readonly variables: Readonly<Record<string, string>>
  /** `-h`, `-p`, `-U` and `-w`: no secret, and no question for a password. */
  readonly args: readonly string[]
  /** Removes the file with the password. Safe to call twice. */
  close(): Promise<void>
}

/**
 * The environment is made from nothing: no variable of the service reaches the program. A password is in a file that
 * only this user can read, in a new directory below `scratchDir` (PostgreSQL documentation, "The Password File").
 */
export async function clientEnvironment (server: Server, scratchDir: string): Promise<ClientEnvironment> {
  const directory = await mkdtemp(join(scratchDir, 'postgres-'))
  const close = async (): Promise<void> => {
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const password = await passwordOf(server)
    const passfile = join(directory, 'pgpass')
    const line = ['*', '*', '*', server.user, password ?? ''].map(escaped).join(':')
    await writeFile(passfile, password === null ? '' : `${line}\n`, { mode: 0o600 })
    return {
      variables: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        HOME: directory,
        LC_ALL: 'C',
        PGPASSFILE: passfile,
        PGCONNECT_TIMEOUT: CONNECT_TIMEOUT,
        PGAPPNAME: 'holdfast',
        PGSSLMODE: server.sslMode,
        ...server.sslRootCert !== null && { PGSSLROOTCERT: server.sslRootCert }
      },
      args: ['-h', server.host, '-p', String(server.port), '-U', server.user, '-w'],
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The password of the role; null: there is none. Throws `SOURCE_UNREADABLE` where its file cannot be read. */
export async function passwordOf ({ password, passwordFile }: Server): Promise<string | null> {
  if (passwordFile === null) return password?.reveal() ?? null
  try {
    return (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    throw new BackupError(
      'SOURCE_UNREADABLE',
      `the password file "${passwordFile}" cannot be read (${systemCode(error) ?? 'unknown'})`,
      { hint: 'Correct "passwordFile", and let the user of the service read the file.', cause: error }
    )
  }
}

function escaped (field: string): string {
  return field === '*' ? field : field.replaceAll(/[\\:]/g, '\\$&')
}

/** A program of PostgreSQL at work. */
export interface RunningClient {
  /** null: it has no standard input. */
  readonly input: Writable | null
  readonly output: Readable
  /**
   * Resolves once the program ended with code 0 and all of its output was delivered. Rejects with the reason of
   * `signal` where that ended it, otherwise with the error of `failed`. Output that ended is no success before this
   * resolves.
   */
  readonly ended: Promise<void>
  /** Asks it to end, and ends it by force 5 seconds later. */
  kill(): void
}

export interface ClientOptions {
  readonly variables: Readonly<Record<string, string>>
  /** Whether it reads standard input. Default: not. */
  readonly hasInput?: boolean
  /** The user as whom it runs; undefined: that of this process. */
  readonly identity?: { readonly uid: number, readonly gid: number } | undefined
  /** The error of a program that failed. `end`: `exit code 1`; `messages`: what it wrote to standard error. */
  readonly failed: (end: string, messages: string) => BackupError
}

/** Starts a program. Without a shell, and in a process group of its own. */
export function startClient (
  path: string,
  args: readonly string[],
  { variables, hasInput = false, identity, failed }: ClientOptions,
  signal: AbortSignal
): RunningClient {
  const child = spawn(path, args, {
    env: { ...variables },
    detached: true,
    stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    ...identity
  })
  let messages = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    messages = (messages + text).slice(-MESSAGES)
  })
  let forcing: NodeJS.Timeout | undefined
  let hasEnded = false
  const kill = (): void => {
    // Its number may be that of another process by now.
    if (hasEnded) return
    killGroup(child, 'SIGTERM')
    forcing ??= setTimeout(() => {
      killGroup(child, 'SIGKILL')
    }, KILL_AFTER).unref()
  }
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', error => {
      reject(isSpawnFailure(error) ? spawnError(error) : failed(`it could not be started (${error.message})`, ''))
    })
    child.once('close', (code, killer) => {
      const end = exitText(code, killer)
      if (end === SUCCESS) resolve()
      else reject(signal.aborted ? signal.reason : failed(end, messages))
    })
  }).finally(() => {
    hasEnded = true
    clearTimeout(forcing)
    signal.removeEventListener('abort', kill)
  })
  ended.catch(() => {})
  // The exit code explains why it no longer reads.
  child.stdin?.on('error', () => {})
  if (child.stdout === null) throw new BackupError('PROCESS_LIMIT', 'there are no descriptors for another process')
  return { input: child.stdin, output: child.stdout, ended, kill }
}
