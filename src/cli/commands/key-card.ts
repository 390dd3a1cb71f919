import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Clock } from '../../core/clock.ts'
import { BackupError } from '../../core/errors.ts'
import type { Sealing } from '../../core/ports/encryption.ts'
import type { Secret } from '../../core/secret.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import { writePrivateFile } from '../private-file.ts'

export interface PrivateKeyText {
  readonly id: string
  /** null: a passphrase. */
  readonly encryption: Sealing | null
  readonly text: Secret
}

export interface KeyCardDeps {
  /** Those that are configured, or those in the file at this path. */
  readonly privateKeys: (file: string | undefined) => Promise<readonly PrivateKeyText[]>
  /** The public key that manifests of this installation are signed with; undefined: none is here. */
  readonly signingKey: () => string | undefined | Promise<string | undefined>
  /** What looks into an unpacked backup, for each kind of source. */
  readonly restoreCommands: () => readonly string[] | Promise<readonly string[]>
  readonly cwd: string
  readonly clock: Clock
  readonly output: Output
}

interface Flags {
  readonly key?: string
  readonly text?: true
  readonly output?: string
}

export function keyCardCommand (deps: KeyCardDeps): Command {
  return new Command('card')
    .description(
      'Print the recovery card of a key: the private key, for storage on paper, and instructions to restore with it.'
    )
    .argument('[id]', 'the key, as shown by "key list"; required if there are several')
    .option('--key <file>', 'the file with the private key, if it is not configured')
    .option('--text', 'plain text instead of a page for printing')
    .option('--output <file>', 'write to this new file, readable only by this user')
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4]))
    .action(async (id: string | undefined, flags: Flags) => {
      const key = chosen(await deps.privateKeys(flags.key === undefined ? undefined : resolve(deps.cwd, flags.key)), id)
      const { keyCardPage, keyCardText } = await import('../../present/key-card.ts')
      const card = {
        id: key.id,
        encryption: key.encryption,
        text: key.text.reveal(),
        signingKey: await deps.signingKey() ?? null,
        madeAt: deps.clock.now(),
        commands: await deps.restoreCommands()
      }
      const made = flags.text === true ? keyCardText(card) : keyCardPage(card)
      if (flags.output === undefined) deps.output.out.write(made)
      else await writePrivateFile(resolve(deps.cwd, flags.output), made)
    })
}

function chosen (keys: readonly PrivateKeyText[], id: string | undefined): PrivateKeyText {
  const fitting = keys.filter(key => id === undefined || key.id === id)
  const [first] = fitting
  if (first === undefined) {
    throw new BackupError(
      'KEY_NOT_FOUND',
      id === undefined ? 'no private key is configured' : `the private key of "${id}" is not configured`,
      { hint: 'Run the command on the machine that has the key, and give its file with --key.' }
    )
  }
  if (fitting.length > 1) {
    throw new BackupError('VALIDATION_FAILED', 'several private keys are configured', {
      hint: `Give one of them: ${fitting.map(key => key.id).join(', ')}.`
    })
  }
  return first
}
