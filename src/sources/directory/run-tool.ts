import { spawn, type ChildProcess } from 'node:child_process'
import { BackupError } from '../../core/errors.ts'
import { spawnError } from '../spawn-error.ts'
import { TAR_ENVIRONMENT } from './gnu-tar.ts'

/** Of the messages of a program, the end is kept for the cause of an error. Characters. */
const MESSAGES = 4096

/** How a program ended. */
export interface ToolEnd {
  /** Its exit code; null: a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Tool<Child> {
  /** It has all of its pipes. */
  readonly child: Child
  /**
   * Resolves when it has ended and everything that it wrote was delivered. Rejects with the error of `refused` where it
   * could not be started; without a handler, too, that does not end this process.
   */
  readonly ended: Promise<ToolEnd>
}

/**
 * Starts a program of the system with `start`, a call of `spawn`. Rejects with the error of `refused` where the system
 * refuses it: `spawn` throws, or there are no descriptors for its pipes. `refused`: the error for that of the system.
 */
export async function startTool<Child extends ChildProcess> (
  start: () => Child,
  refused: (error: Error) => BackupError
): Promise<Tool<Child>> {
  let child: Child
  try {
    child = start()
  } catch (error) {
    throw error instanceof Error ? refused(error) : error
  }
  const ended = new Promise<ToolEnd>((resolve, reject) => {
    child.once('error', error => {
      reject(refused(error))
    })
    child.once('close', (code, signal) => {
      resolve({ code, signal })
    })
  })
  ended.catch(() => {})
  // Without descriptors a process has no pipes: Node leaves them undefined, and the error follows.
  if ((child as Partial<ChildProcess>).stdio === undefined) await ended
  return { child, ended }
}

/**
 * Runs a program of the system to its end. Rejects with `RESTORE_FAILED` where it fails, its messages as the cause, and
 * as `spawnError` has it where it cannot be started. `what`: what it does, as the end of `could not`.
 */
export async function runTool (
  program: string,
  args: readonly string[],
  { cwd, what }: { readonly cwd: string, readonly what: string }
): Promise<void> {
  const { child, ended } = await startTool(
    () => spawn(program, args, { cwd, env: TAR_ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] }),
    spawnError
  )
  const messages = messagesOf(child.stderr)
  const end = await ended
  if (end.code === 0) return
  throw toolFailed(
    `"${program}" could not ${what}`,
    end,
    messages(),
    'Look at the messages of the program in the log, and at the disk.'
  )
}

/** `RESTORE_FAILED`. `failure`: the beginning of the message; `messages`: what the program wrote to standard error. */
export function toolFailed (failure: string, { code }: ToolEnd, messages: string, hint: string): BackupError {
  return new BackupError('RESTORE_FAILED', `${failure}: it ended with ${code ?? 'a signal'}`, {
    hint,
    cause: new Error(messages)
  })
}

/** Keeps the end of what a program writes to its standard error. */
export function messagesOf (stderr: NodeJS.ReadableStream): () => string {
  let text = ''
  stderr.setEncoding('utf8')
  stderr.on('data', (piece: string) => {
    text = (text + piece).slice(-MESSAGES)
  })
  return () => text
}
