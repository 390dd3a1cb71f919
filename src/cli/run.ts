import { CommanderError, type Command } from 'commander'
import { BackupError } from '../core/errors.ts'
import { reportError, type Output } from './output.ts'

/**
 * Runs one command line and resolves with its exit code. What goes wrong has been told then: where `--json` is among
 * the words, wrong usage as well is one JSON line. `command`: the words by which the user calls this program.
 */
export async function run (
  words: readonly string[],
  output: Output,
  makeProgram: (exit: (code: number) => void) => Command,
  command = 'holdfast'
): Promise<number> {
  let exitCode = 0
  const json = isJson(words)
  const program = makeProgram(code => {
    exitCode = code
  })
  if (json) silenceUsage(program)
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, output, { json, command })
    if (error.exitCode === 0) return 0
    // Without --json Commander has told the user already. It ends with 1 where the usage is wrong.
    return json ? reportError(usageError(error), output, { json, command }) : 2
  }
  return exitCode
}

/** Words after `--` are no options. */
function isJson (words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end === -1 ? undefined : end).includes('--json')
}

/** Help that is asked for goes to standard output and stays. */
function silenceUsage (command: Command): void {
  command.configureOutput({ writeErr () {} })
  for (const below of command.commands) silenceUsage(below)
}

/** `error: unknown option '--jsn'`, and perhaps on the next line `(Did you mean --json?)`. */
function usageError ({ code, message }: CommanderError): BackupError {
  if (code === 'commander.help') {
    return new BackupError('VALIDATION_FAILED', 'a command is missing', {
      hint: 'Run "holdfast --help" for a list of the commands.'
    })
  }
  const [first = '', suggestion = ''] = message.split('\n')
  return new BackupError('VALIDATION_FAILED', first.replace(/^error: /, ''), {
    hint: /^\((Did you mean .*)\)$/.exec(suggestion)?.[1] ?? 'Run the command with --help to see its usage.'
  })
}
