import { CommanderError, type Command } from 'commander'
import { reportError, type Output } from './output.ts'

/** Runs one command line and resolves with its exit code. What goes wrong has been told then. */
export async function run (
  words: readonly string[],
  output: Output,
  makeProgram: (exit: (code: number) => void) => Command
): Promise<number> {
  let exitCode = 0
  try {
    await makeProgram(code => {
      exitCode = code
    }).parseAsync(words, { from: 'user' })
  } catch (error) {
    // Commander has told the user already, and ends with 1 where the usage is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return reportError(error, output, { json: words.includes('--json') })
  }
  return exitCode
}
