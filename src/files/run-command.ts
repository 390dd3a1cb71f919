import { spawn, type ChildProcess } from 'node:child_process'
import { systemCode } from '../core/errors.ts'
import type { CommandEnd, HookCommand } from '../core/hooks.ts'
import { exitText, SUCCESS } from './exit-text.ts'

/** Characters of output that are kept: the end. */
const OUTPUT_LIMIT = 64 * 1024
/** Milliseconds between the request to end and the end by force. */
const KILL_AFTER = 5000
/** Milliseconds that the output of a command may come after its end, from processes that it left running. */
const OUTPUT_AFTER = 1000

/**
 * Runs a command in a process group of its own, without standard input, with `environment` as its whole environment.
 * The group is asked to end after `timeout` milliseconds and when `signal` aborts, and killed 5 seconds later. Always
 * resolves. A process that the command left running must not write to its standard output: nothing reads it then.
 */
export async function runCommand (
  command: HookCommand,
  environment: Readonly<Record<string, string>>,
  timeout: number,
  signal: AbortSignal
): Promise<CommandEnd> {
  const [program, ...args] = command
  let child: ChildProcess
  try {
    child = spawn(program, args, { env: { ...environment }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    return notStarted(program, error)
  }
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_LIMIT)
    })
  }
  const ended = Promise.withResolvers<string | Error>()
  child.once('error', ended.resolve)
  child.once('exit', (code, killer) => {
    ended.resolve(exitText(code, killer))
  })
  const closed = Promise.withResolvers<undefined>()
  child.once('close', () => {
    closed.resolve(undefined)
  })
  let forced: string | undefined
  let killing: NodeJS.Timeout | undefined
  const end = (why: string): void => {
    forced ??= why
    killGroup(child, 'SIGTERM')
    killing ??= setTimeout(() => {
      killGroup(child, 'SIGKILL')
    }, KILL_AFTER)
  }
  const timer = setTimeout(() => {
    end(`no end within ${timeout / 1000} seconds`)
  }, timeout)
  const onAbort = (): void => {
    end('it was cancelled')
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()

  const result = await ended.promise
  clearTimeout(timer)
  // What the command has started may ignore the request to end.
  if (forced === undefined || !isGroupLeft(child)) clearTimeout(killing)
  signal.removeEventListener('abort', onAbort)
  if (result instanceof Error) return notStarted(program, result)
  const patience = setTimeout(closed.resolve, OUTPUT_AFTER, undefined)
  await closed.promise
  clearTimeout(patience)
  child.stdout?.destroy()
  child.stderr?.destroy()
  return { isSuccess: forced === undefined && result === SUCCESS, end: forced ?? result, output }
}

function notStarted (program: string, error: unknown): CommandEnd {
  const code = systemCode(error)
  const end = code === 'ENOENT'
    ? `there is no program "${program}" in PATH`
    : code === 'EACCES'
    ? `the program "${program}" may not be run`
    : `it could not be started (${code ?? 'unknown'})`
  return { isSuccess: false, end, output: '' }
}

function isGroupLeft ({ pid }: ChildProcess): boolean {
  try {
    return pid !== undefined && process.kill(-pid, 0)
  } catch {
    return false
  }
}

/** Sends a signal to the process group that a child leads, or led: then nothing happens. */
export function killGroup ({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has ended.
  }
}
