import { BackupError } from '../core/errors.ts'
import type { JsonFlag, Shell } from './shell.ts'

export interface ConfirmFlags {
  readonly confirm?: true
  readonly yes?: true
}

/**
 * Whether a command that removes content may go on: by its flags, or by the answer of the user. Throws
 * `VALIDATION_FAILED` without a terminal.
 */
export async function confirmed (
  { ask, output }: Pick<Shell, 'ask' | 'output'>,
  flags: ConfirmFlags & JsonFlag,
  { text, question }: { readonly text: string, readonly question: string }
): Promise<boolean> {
  if (flags.confirm === true || flags.yes === true) return true
  if (ask === undefined || flags.json === true) {
    throw new BackupError(
      'VALIDATION_FAILED',
      'this removes content and needs confirmation, and there is no terminal',
      {
        hint: 'Re-run with --confirm.'
      }
    )
  }
  output.out.write(`${text}\n`)
  if (await ask(question)) return true
  output.out.write('nothing was changed\n')
  return false
}
