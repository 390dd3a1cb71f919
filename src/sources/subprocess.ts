import { spawn, type ChildProcess } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { BackupError, isErrorCode } from '../core/errors.ts'
import { exitText, SUCCESS } from '../files/exit-text.ts'
import { answerTooLarge, IMAGE_FD, MESSAGE_FD, MESSAGE_LIMIT, type Envelope } from './child.ts'
import { readLines } from './lines.ts'
import { isSpawnFailure, spawnError } from './spawn-error.ts'
import { TOO_MUCH_MEMORY } from './watch-mark.ts'

/** Of what a child writes to standard error, the end is kept for the message of a crash. */
const STDERR_LIMIT = 4096
/**
 * A process that is still there so long after it was killed waits for a file system that does not answer. Milliseconds.
 */
const UNKILLABLE = 5000
/** Node ends longer timers at once. Milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1

/** What a child may use. */
export interface ChildLimits {
  /** Milliseconds, to which a child gets some for each byte that it reads. */
  readonly timeout: number
  /** Bytes of resident memory. */
  readonly memory: number
}

export const DEFAULT_LIMITS: ChildLimits = { timeout: 600_000, memory: 1024 ** 3 }
/** No disk in use is slower: bytes that a child reads in a millisecond at least. */
const SLOWEST = 4096

/** The time that a child gets for `bytes` of databases. Milliseconds. */
export function timeFor (bytes: number, { timeout }: ChildLimits): number {
  return timeout + bytes / SLOWEST
}

/** A child process at work. Its messages reach `onMessage` until it has ended. */
export interface Subprocess {
  /** What the child writes to `IMAGE_FD`. */
  readonly image: Readable
  /**
   * Resolves when the child ended well. Rejects with the BackupError that it reported, `SOURCE_FAILED` if it crashed,
   * and `PROCESS_LIMIT` where the system could not start it. `PROCESS_TIMED_OUT`, `PROCESS_OUT_OF_MEMORY` or
   * `ANSWER_TOO_LARGE` where it was ended because it took too much.
   */
  readonly ended: Promise<void>
  /** Ends the child at once, whatever it is doing. */
  kill(): void
  /**
   * Gives it its whole time again, or from now on `timeout` milliseconds: for one that waits for whoever takes what it
   * makes.
   */
  extend(timeout?: number): void
  /** Whether it was ended and is still there: a call to a file system that does not answer cannot be broken off. */
  isLeft(): boolean
}

export interface SubprocessOptions {
  readonly entry: URL
  /**
   * What the child works on. It goes as JSON through its standard input: arguments are short, and any user reads them.
   */
  readonly task: unknown
  /**
   * The whole environment of the child, but for where compiled modules are kept: it inherits nothing, and so no secret.
   */
  readonly environment: Readonly<Record<string, string>>
  readonly onMessage: (message: unknown) => void
  /** Milliseconds after which it is ended. */
  readonly timeout: number
  /** Bytes of resident memory at which it ends. */
  readonly memory: number
  /** The kind of thing that it reads, for messages: the noun of a kind of source. Default: `source`. */
  readonly noun?: string
  /** Advice for a child that takes too long, in addition to a higher limit: a sentence without its full stop. */
  readonly slow?: string
}

/**
 * Starts a module in a Node process of its own. An abort of `signal` kills it, and `ended` then rejects with the
 * signal's reason.
 */
export function startSubprocess (options: SubprocessOptions, signal: AbortSignal): Subprocess {
  let child: ChildProcess
  try {
    child = spawnChild(options)
  } catch (error) {
    return failedToStart(error)
  }
  let failure: BackupError | undefined
  let hasEnded = false
  let stderr = ''
  let timeout = options.timeout
  let isLeft = false
  let leaving: NodeJS.Timeout | undefined
  const left = Promise.withResolvers<string>()
  const kill = (): void => {
    child.kill('SIGKILL')
    if (hasEnded) return
    leaving ??= setTimeout(() => {
      isLeft = child.exitCode === null && child.signalCode === null
      leave(child)
      left.resolve('no end, although it was killed')
    }, UNKILLABLE)
  }
  const fail = (error: BackupError): void => {
    failure ??= error
    kill()
  }

  const messages = pipeOf(child, MESSAGE_FD)
  readLines(messages, MESSAGE_LIMIT, line => {
    const message: unknown = JSON.parse(line)
    failure ??= readFailure(message)
    options.onMessage(message)
  }, () => {
    fail(answerTooLarge())
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT)
  })
  handOver(child, options)
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()
  const startTimer = (): NodeJS.Timeout =>
    setTimeout(() => {
      fail(timedOut(timeout, options))
    }, Math.min(timeout, LONGEST_TIMER))
  let timer = startTimer()
  const extend = (given = timeout): void => {
    clearTimeout(timer)
    timeout = given
    if (!hasEnded) timer = startTimer()
  }

  const ended = Promise.race([endOf(child, messages), left.promise]).then(result => {
    hasEnded = true
    clearTimeout(timer)
    clearTimeout(leaving)
    signal.removeEventListener('abort', kill)
    if (signal.aborted) throw signal.reason
    if (failure !== undefined) throw failure
    if (result instanceof Error) throw spawnError(result)
    if (stderr.includes(TOO_MUCH_MEMORY)) throw outOfMemory(options)
    if (result !== SUCCESS) {
      throw new BackupError('SOURCE_FAILED', `the process that reads the source ended with ${result}`, {
        hint: 'Retry. If the error remains, check the memory limit of the service.',
        cause: new Error(stderr)
      })
    }
  })
  ended.catch(() => {})
  return {
    image: pipeOf(child, IMAGE_FD),
    ended,
    kill,
    extend,
    isLeft: () => isLeft && child.exitCode === null && child.signalCode === null
  }
}

function timedOut (timeout: number, { noun = 'source', slow }: SubprocessOptions): BackupError {
  return new BackupError(
    'PROCESS_TIMED_OUT',
    `the process that reads the ${noun} did not finish within ${Math.round(timeout / 1000)} seconds`,
    { hint: slow === undefined ? 'Raise CHILD_TIMEOUT_MS.' : `${slow}, or raise CHILD_TIMEOUT_MS.` }
  )
}

function outOfMemory ({ memory, noun = 'source' }: SubprocessOptions): BackupError {
  return new BackupError(
    'PROCESS_OUT_OF_MEMORY',
    `the process that reads the ${noun} used more than ${memory} bytes of memory`,
    { hint: 'Request less data at once, or raise CHILD_MEMORY_BYTES if the machine has more memory.' }
  )
}

function spawnChild ({ entry, environment }: SubprocessOptions): ChildProcess {
  return spawn(process.execPath, ['--max-semi-space-size=2', fileURLToPath(entry)], {
    env: { ...environment, ...compileCache() },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe']
  })
}

/** Nothing of a child that cannot be ended holds this process up. */
function leave (child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy()
  child.unref()
}

/** A child that was never started is one that ended with the reason. Throws what is no such failure. */
function failedToStart (error: unknown): Subprocess {
  if (!isSpawnFailure(error)) throw error
  const ended: Promise<void> = Promise.reject(spawnError(error))
  ended.catch(() => {})
  return { image: Readable.from([]), ended, kill: () => {}, extend: () => {}, isLeft: () => false }
}

/** The pipe stays open: its end is how the child notices that this process is gone. */
function handOver (child: ChildProcess, { task, memory }: SubprocessOptions): void {
  const envelope: Envelope = { parent: process.pid, task, memoryLimit: memory }
  // A child that ended early reports why elsewhere.
  child.stdin?.on('error', () => {}).write(`${JSON.stringify(envelope)}\n`)
}

/** Without descriptors a process has no pipes: Node leaves `stdio` undefined then, which its types do not tell. */
function pipeOf (child: ChildProcess, fd: number): Readable {
  const stdio = child.stdio as ChildProcess['stdio'] | undefined
  return stdio?.[fd] as Readable | null | undefined ?? Readable.from([])
}

/** A child whose modules were compiled before starts in a third of the time. */
function compileCache (): { readonly NODE_COMPILE_CACHE?: string } {
  // It has a folder of its own for each version of Node.
  const directory = getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) }
}

/**
 * Describes how the child ended, once it did and everything that it sent was delivered. An error: it was never started.
 */
function endOf (child: ChildProcess, messages: Readable): Promise<string | Error> {
  return new Promise(resolve => {
    let exit: string | undefined
    let isDelivered = false
    const settle = (): void => {
      if (exit !== undefined && isDelivered) resolve(exit)
    }
    child.once('error', resolve)
    messages.once('close', () => {
      isDelivered = true
      settle()
    })
    child.once('exit', (code, killer) => {
      exit = exitText(code, killer)
      settle()
    })
  })
}

function readFailure (message: unknown): BackupError | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'failed') {
    return undefined
  }
  const { code, message: text, hint } = message as unknown as { code: unknown, message: string, hint?: string }
  return new BackupError(isErrorCode(code) ? code : 'SOURCE_FAILED', text, hint === undefined ? {} : { hint })
}
