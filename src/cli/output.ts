import { BackupError, ERRORS } from '../core/errors.ts'

/** Where a command writes: results to `out`, everything said to people beside them to `err`. */
export interface Output {
  readonly out: Stream
  readonly err: Stream
}

interface Stream {
  readonly isTTY?: boolean
  write (text: string): unknown
}

const EXIT_CODES = {
  0: 'done',
  1: 'an error nobody expected',
  2: 'wrong usage, or a configuration that is not valid',
  5: 'in conflict with something else: another server holds the data directory',
  6: 'something that is kept is damaged',
  7: 'something outside is in the way: a full disk, a missing permission, a port in use'
} as const

export type ExitCode = keyof typeof EXIT_CODES

/** The part of a command's help that says how it can end. */
export function exitCodesHelp (codes: readonly ExitCode[]): string {
  return ['', 'Exit codes:', ...codes.map(code => `  ${code}  ${EXIT_CODES[code]}`)].join('\n')
}

/** Tells people what went wrong, and returns the exit code for it. */
export function reportError (error: unknown, output: Output): number {
  if (error instanceof BackupError) {
    output.err.write(`holdfast: ${error.message}\n`)
    if (error.hint !== undefined) output.err.write(`hint: ${error.hint}\n`)
    return ERRORS[error.code].exit
  }
  output.err.write(`holdfast: unexpected error: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
  return 1
}
