import { BackupError, ERRORS } from '../core/errors.ts'

/** Where a command writes: results to `out`, everything said to people beside them to `err`. */
export interface Output {
  readonly out: Stream
  readonly err: Stream
}

export interface Stream {
  readonly isTTY?: boolean
  /** How wide the terminal is. */
  readonly columns?: number
  write (text: string): unknown
}

const EXIT_CODES = {
  0: 'done',
  1: 'an error nobody expected',
  2: 'wrong usage, or a configuration that is not valid',
  3: 'partly failed: something is wrong, the rest was done',
  4: 'what was asked for is not there',
  5: 'in conflict: another job or server is at it, or a rule forbids it',
  6: 'something that is kept is damaged',
  7: 'something outside is in the way: a full disk, a right, a port',
  130: 'interrupted by Ctrl-C or told to end; nothing is left behind'
} as const

export type ExitCode = keyof typeof EXIT_CODES

/** The part of a command's help that says how it can end. */
export function exitCodesHelp (codes: readonly ExitCode[]): string {
  const width = Math.max(...codes.map(code => String(code).length))
  return ['', 'Exit codes:', ...codes.map(code => `  ${String(code).padEnd(width)}  ${EXIT_CODES[code]}`)].join('\n')
}

/** Tells what went wrong, as the last line on standard error, and returns the exit code for it. */
export function reportError (error: unknown, output: Output, { json = false }: { readonly json?: boolean } = {}): number {
  if (!(error instanceof BackupError)) {
    output.err.write(`holdfast: unexpected error: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
    return 1
  }
  const { code, message, hint, details } = error
  if (json) output.err.write(`${JSON.stringify({ error: { code, message, hint, details } })}\n`)
  else output.err.write(`holdfast: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`)
  return ERRORS[code].exit
}
