import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { Sealing } from '../../core/ports/encryption.ts'
import type { Secret } from '../../core/secret.ts'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { writePrivateFile } from '../private-file.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface MadeKey {
  readonly encryption: Sealing
  readonly id: string
  readonly publicKey: string
  readonly privateFile: Secret
}

export interface KeyNewDeps extends Pick<Shell, 'output' | 'screen'> {
  readonly makeKey: (kind: Sealing) => Promise<MadeKey>
  readonly cwd: string
}

interface Flags extends JsonFlag {
  readonly kind: Sealing
  readonly output?: string
}

const FILES: Readonly<Record<Sealing, string>> = { age: 'holdfast-age-key.txt', openpgp: 'holdfast-openpgp-key.asc' }

export function keyNewCommand (deps: KeyNewDeps): Command {
  return new Command('new')
    .description(
      'Create a key for encrypting backups. The private key is written to a file that only this user can read; nothing else changes.'
    )
    .addOption(
      new Option('--kind <kind>', 'encryption program that uses the key').choices(['age', 'openpgp']).default('age')
    )
    .option(
      '--output <file>',
      'new file for the private key (default: in the working directory)'
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2]))
    .action(async (flags: Flags) => {
      const file = resolve(deps.cwd, flags.output ?? FILES[flags.kind])
      const { id, encryption, publicKey, privateFile } = await deps.makeKey(flags.kind)
      await writePrivateFile(file, privateFile.reveal())
      // A public key of OpenPGP is given as a file, a recipient of age as itself.
      const publicFile = encryption === 'openpgp' ? `${file}.pub` : null
      if (publicFile !== null) await writePrivateFile(publicFile, publicKey)
      const { viewNewKey } = await import('../views/key.ts')
      show(deps, flags, viewNewKey({ id, encryption, publicKey, file, publicFile }))
    })
}
