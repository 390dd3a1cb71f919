import { BackupError, ERRORS, toBackupError, type ErrorCode } from '../core/errors.ts'
import { printable, printableJson } from '../core/printable.ts'
import { asTyped } from './as-typed.ts'

/** Where a command writes: results to `out`, everything said to people beside them to `err`. */
export interface Output {
  readonly out: Stream
  readonly err: Stream
}

export interface Stream {
  readonly isTTY?: boolean
  /** How wide the terminal is. */
  readonly columns?: number | undefined
  write(text: string | Uint8Array): unknown
  /** Data for a program, such as CSV: unaltered where this is no terminal. Left out: `write` alters nothing. */
  writeData?(data: string | Uint8Array): unknown
}

const EXIT_CODES = {
  0: 'done',
  1: 'an unexpected error',
  2: 'wrong usage, or invalid configuration',
  3: 'partial failure: some items failed, the others were processed',
  4: 'not found',
  5: 'conflict with another job or server, or with a rule',
  6: 'a backup or other stored data is damaged',
  7: 'the environment: a full disk, missing permissions, a port in use',
  130: 'interrupted by Ctrl-C or a signal; temporary files were removed'
} as const

export type ExitCode = keyof typeof EXIT_CODES

/** The part of a command's help that says how it can end. */
export function exitCodesHelp (codes: readonly ExitCode[]): string {
  const width = Math.max(...codes.map(code => String(code).length))
  return ['', 'Exit codes:', ...codes.map(code => `  ${String(code).padEnd(width)}  ${EXIT_CODES[code]}`)].join('\n')
}

/**
 * Reports of several lines. Anywhere else a line end comes from what somebody else named, and would begin a line that
 * looks like ours.
 */
const IN_LINES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CONFIG_INVALID',
  'CONFIG_DIFFERS',
  'SERVER_CONFIG_UNREADABLE',
  'DATA_DIR_UNSAFE'
])

/**
 * Tells what went wrong, as the last line on standard error, and returns the exit code for it. What nobody expected is
 * `INTERNAL`, with its stack on the lines before. `command`: the words by which the user calls this program.
 */
export function reportError (
  error: unknown,
  output: Output,
  { json = false, command = 'holdfast' }: { readonly json?: boolean, readonly command?: string } = {}
): number {
  if (!(error instanceof BackupError)) {
    output.err.write(
      `holdfast: unexpected error: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`
    )
    if (!json) return 1
  }
  const fault = toBackupError(error)
  const { code, details } = fault
  const message = asTyped(fault.message, command)
  const hint = fault.hint === undefined ? undefined : asTyped(fault.hint, command)
  if (json) output.err.write(`${printableJson(JSON.stringify({ error: { code, message, hint, details } }))}\n`)
  else {
    output.err.write(
      `holdfast: ${IN_LINES.has(code) ? message : printable(message)}\n${
        hint === undefined ? '' : `hint: ${printable(hint)}\n`
      }`
    )
  }
  return ERRORS[code].exit
}
