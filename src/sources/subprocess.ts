import { fork, type ChildProcess } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { BackupError, isErrorCode } from '../core/errors.ts'
import { IMAGE_FD, type Envelope } from './child.ts'
import { isSpawnFailure, spawnError } from './spawn-error.ts'

/** Of what a child writes to standard error, the end is kept for the message of a crash. */
const STDERR_LIMIT = 4096

/** A child process at work. Its messages reach `onMessage` until it has ended. */
export interface Subprocess {
  /** What the child writes to `IMAGE_FD`. */
  readonly image: Readable
  /**
   * Resolves when the child ended well. Rejects with the BackupError that it reported, `SOURCE_FAILED` if it crashed, and
   * `PROCESS_LIMIT` where the system could not start it.
   */
  readonly ended: Promise<void>
  /** Ends the child at once, whatever it is doing. */
  kill (): void
}

export interface SubprocessOptions {
  readonly entry: URL
  /** What the child works on. It goes as JSON through its standard input: arguments are short, and any user reads them. */
  readonly task: unknown
  /** The whole environment of the child, but for where compiled modules are kept: it inherits nothing, and so no secret. */
  readonly environment: Readonly<Record<string, string>>
  readonly onMessage: (message: unknown) => void
}

/** Starts a module in a Node process of its own. An abort of `signal` kills it, and `ended` then rejects with the signal's reason. */
export function startSubprocess (options: SubprocessOptions, signal: AbortSignal): Subprocess {
  let child: ChildProcess
  try {
    child = forkChild(options)
  } catch (error) {
    return failedToStart(error)
  }
  let reported: BackupError | undefined
  let stderr = ''
  const kill = (): void => { child.kill('SIGKILL') }

  child.on('message', message => {
    reported ??= readFailure(message)
    options.onMessage(message)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_LIMIT) })
  handOver(child, options.task)
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()

  const ended = endOf(child).then(result => {
    signal.removeEventListener('abort', kill)
    if (signal.aborted) throw signal.reason
    if (reported !== undefined) throw reported
    if (result instanceof Error) throw spawnError(result)
    if (result !== 'exit code 0') {
      throw new BackupError('SOURCE_FAILED', `the process that reads the source ended with ${result}`, {
        hint: 'Try again; if it stays so, look at the memory that the service may use.',
        cause: new Error(stderr)
      })
    }
  })
  ended.catch(() => {})
  return { image: imageOf(child), ended, kill }
}

function forkChild ({ entry, environment }: SubprocessOptions): ChildProcess {
  return fork(entry, [], {
    execArgv: ['--max-semi-space-size=2'],
    env: { ...environment, ...compileCache() },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'json'
  })
}

/** A child that was never started is one that ended with the reason. Throws what is no such failure. */
function failedToStart (error: unknown): Subprocess {
  if (!isSpawnFailure(error)) throw error
  const ended: Promise<void> = Promise.reject(spawnError(error))
  ended.catch(() => {})
  return { image: Readable.from([]), ended, kill: () => {} }
}

/** The pipe stays open: its end is how the child notices that this process is gone. */
function handOver (child: ChildProcess, task: unknown): void {
  const envelope: Envelope = { parent: process.pid, task }
  // A child that ended early reports why elsewhere.
  child.stdin?.on('error', () => {}).write(`${JSON.stringify(envelope)}\n`)
}

/** Without descriptors a process has no pipes: Node leaves `stdio` undefined then, which its types do not tell. */
function imageOf (child: ChildProcess): Readable {
  const stdio = child.stdio as ChildProcess['stdio'] | undefined
  return stdio?.[IMAGE_FD] as Readable | null | undefined ?? Readable.from([])
}

/** A child whose modules were compiled before starts in a third of the time. */
function compileCache (): { readonly NODE_COMPILE_CACHE?: string } {
  // It has a folder of its own for each version of Node.
  const directory = getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) }
}

/** Describes how the child ended, once it did and everything that it sent was delivered. An error: it was never started. */
function endOf (child: ChildProcess): Promise<string | Error> {
  return new Promise(resolve => {
    let exit: string | undefined
    let isConnected = child.connected
    const settle = (): void => { if (exit !== undefined && !isConnected) resolve(exit) }
    child.once('error', resolve)
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
