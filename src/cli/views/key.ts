import { z } from 'zod'
import { signingKeyId } from '../../core/backup/signature.ts'
import type { Sealing } from '../../core/ports/encryption.ts'
import type { KeyState } from '../../engine/status/keys.ts'
import type { SigningKeys } from '../../engine/signing.ts'
import { keySchema, presentKey } from '../../present/key.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'

export const keyNewSchema = z.object({
  id: z.string(),
  encryption: z.enum(['age', 'openpgp']),
  publicKey: z.string(),
  file: z.string().meta({ description: 'Path of the private key.' }),
  publicFile: z.string().nullable().meta({ description: 'Path of the public key, if it is given as a file.' })
})

const signingKeySchema = z.object({ key: z.string(), keyId: z.string() })

export const keyListSchema = z.object({
  keys: z.array(keySchema),
  signing: z.object({
    key: z.string().nullable().meta({
      description: 'The public key of this installation; null: it is created with the first backup.'
    }),
    keyId: z.string().nullable(),
    trusted: z.array(signingKeySchema).meta({ description: 'Public keys of other installations.' }),
    required: z.boolean().meta({ description: 'Whether only backups signed by one of these keys can be used.' })
  }).meta({ description: 'Keys that sign manifests.' })
})
export const keyConfirmSchema = z.object({ key: keySchema })

export type NewKeyView = z.infer<typeof keyNewSchema>

export function viewNewKey (key: NewKeyView): View {
  return {
    json: key,
    text: ({ colours }) =>
      `${colours.green('✓')} Created a key for ${key.encryption}. The private key is in "${key.file}".\n\n${
        nextSteps(key).join('\n')
      }\n`
  }
}

const PRIVATE_OPTION: Readonly<Record<Sealing, string>> = {
  age: 'BACKUP_AGE_IDENTITY_FILE',
  openpgp: 'BACKUP_OPENPGP_PRIVATE_KEYS_FILE'
}

function nextSteps ({ id, encryption, publicKey, file, publicFile }: NewKeyView): readonly string[] {
  return [
    'To encrypt new backups with it, configure:',
    `  BACKUP_ENCRYPTION=${encryption}`,
    publicFile === null ? `  BACKUP_AGE_RECIPIENTS=${publicKey}` : `  BACKUP_OPENPGP_PUBLIC_KEYS_FILE=${publicFile}`,
    'To verify, drill and restore on this machine, also configure the private key (safer without it: the service then cannot decrypt its backups):',
    `  ${PRIVATE_OPTION[encryption]}=${file}`,
    'First, print the private key and store it away from this machine:',
    `  holdfast key card --key ${file} --output card.html`,
    `  holdfast key confirm ${id}`,
    'Without this key, the backups encrypted with it cannot be restored.'
  ]
}

export function viewKeys (keys: readonly KeyState[], { publicKey, trusted, isRequired }: SigningKeys): View {
  const json: z.infer<typeof keyListSchema> = {
    keys: keys.map(presentKey),
    signing: {
      key: publicKey,
      keyId: publicKey === null ? null : signingKeyId(publicKey),
      trusted: trusted.map(key => ({ key, keyId: signingKeyId(key) })),
      required: isRequired
    }
  }
  return {
    json,
    text: screen =>
      [
        keys.length === 0
          ? 'no key is configured, and no backup needs one\n'
          : table(columns(screen, keys), keys, screen),
        ...signingLines(json.signing),
        ''
      ].join('\n')
  }
}

function signingLines ({ key, keyId, trusted, required }: z.infer<typeof keyListSchema>['signing']): readonly string[] {
  return [
    ...key === null ? [] : [`manifests are signed with the key ${keyId ?? ''}:`, `  ${key}`],
    ...trusted.flatMap(other => [`also trusted is the key ${other.keyId}:`, `  ${other.key}`]),
    ...required ? ['backups not signed by one of these keys are rejected'] : []
  ]
}

export function viewConfirmed (key: KeyState): View {
  return {
    json: { key: presentKey(key) },
    text: ({ colours }) =>
      `${colours.green('✓')} Recorded that the recovery card of ${key.id} is stored (confirmed by ${
        key.confirmedBy ?? 'an unknown user'
      })\n`
  }
}

function columns ({ colours }: Screen, keys: readonly KeyState[]): ReadonlyArray<Column<KeyState>> {
  const expiry: Column<KeyState> = {
    title: 'EXPIRES',
    cell: ({ expiresAt }) => expiresAt?.toISOString().slice(0, 10) ?? 'never'
  }
  return [
    { title: 'KEY', cell: ({ id }) => id, atLeast: 16 },
    { title: 'KIND', cell: ({ encryption }) => encryption },
    { title: 'HERE', cell: ({ isPrivate }) => isPrivate ? 'private' : 'public' },
    { title: 'IN USE', cell: ({ isInUse }) => isInUse ? 'yes' : 'no' },
    ...keys.some(({ expiresAt }) => expiresAt !== undefined) ? [expiry] : [],
    { title: 'BACKUPS', cell: ({ backups }) => String(backups), align: 'right' },
    {
      title: 'CARD STORED',
      cell: ({ confirmedAt }) => confirmedAt?.toISOString().slice(0, 10) ?? 'not confirmed',
      paint: (text, { confirmedAt }) => confirmedAt === null ? colours.yellow(text) : text
    }
  ]
}
