import { fork, type ChildProcess } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { BackupError, isErrorCode } from '../core/errors.ts'
import { IMAGE_FD } from './child.ts'

/** Of what a child writes to standard error, the end is kept for the message of a crash. */
const STDERR_LIMIT = 4096

/** A child process at work. Its messages reach `onMessage` until it has ended. */
export interface Subprocess {
  /** What the child writes to `IMAGE_FD`. */
  readonly image: Readable
  /** Resolves when the child ended well; rejects with the BackupError that it reported, or `SOURCE_FAILED` if it crashed. */
  readonly ended: Promise<void>
  /** Ends the child at once, whatever it is doing. */
  kill (): void
}

export interface SubprocessOptions {
  readonly entry: URL
  /** The child's one argument, as JSON. */
  readonly task: unknown
  /** The whole environment of the child, but for where compiled modules are kept: it inherits nothing, and so no secret. */
  readonly environment: Readonly<Record<string, string>>
  readonly onMessage: (message: unknown) => void
}

/** Starts a module in a Node process of its own. An abort of `signal` kills it, and `ended` then rejects with the signal's reason. */
export function startSubprocess ({ entry, task, environment, onMessage }: SubprocessOptions, signal: AbortSignal): Subprocess {
  const child = fork(entry, [JSON.stringify(task), String(process.pid)], { execArgv: ['--max-semi-space-size=2'], env: { ...environment, ...compileCache() }, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'], serialization: 'json' })
  let reported: BackupError | undefined
  let stderr = ''
  const kill = (): void => { child.kill('SIGKILL') }

  child.on('message', message => {
    reported ??= readFailure(message)
    onMessage(message)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_LIMIT) })
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()

  const ended = endOf(child).then(result => {
    signal.removeEventListener('abort', kill)
    if (signal.aborted) throw signal.reason
    if (reported !== undefined) throw reported
    if (result !== 'exit code 0') throw new BackupError('SOURCE_FAILED', `the process that reads the source ended with ${result}`, { hint: 'Try again; if it stays so, look at the memory that the service may use.', cause: new Error(stderr) })
  })
  ended.catch(() => {})
  return { image: child.stdio[IMAGE_FD] as Readable, ended, kill }
}

/** A child whose modules were compiled before starts in a third of the time. */
function compileCache (): { readonly NODE_COMPILE_CACHE?: string } {
  // It has a folder of its own for each version of Node.
  const directory = getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) }
}

/** Describes how the child ended, once it did and everything that it sent was delivered. */
function endOf (child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    let exit: string | undefined
    let isConnected = child.connected
    const settle = (): void => { if (exit !== undefined && !isConnected) resolve(exit) }
    child.once('error', error => { resolve(error.message) })
    child.once('disconnect', () => {
      isConnected = false
      settle()
    })
    child.once('exit', (code, killer) => {
      exit = killer === null ? `exit code ${code ?? 0}` : `signal ${killer}`
      settle()
    })
  })
}

function readFailure (message: unknown): BackupError | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'failed') return undefined
  const { code, message: text, hint } = message as unknown as { code: unknown, message: string, hint?: string }
  return new BackupError(isErrorCode(code) ? code : 'SOURCE_FAILED', text, hint === undefined ? {} : { hint })
}
