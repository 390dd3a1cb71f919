import type { Manifest } from '../../core/backup/manifest.ts'
import { BackupError } from '../../core/errors.ts'
import { PASSPHRASE_KEY, type Keyring, type Opener, type Sealing } from '../../core/ports/encryption.ts'

const GIVEN_BY: Readonly<Record<Sealing, string>> = {
  age: 'Give its identity by BACKUP_AGE_IDENTITY_FILE.',
  openpgp: 'Give it by BACKUP_OPENPGP_PRIVATE_KEYS_FILE.'
}

/** Whether the object is the image itself, byte for byte, so that it can be used where it lies. */
export function isStoredPlain ({ compression, encryption }: Pick<Manifest, 'compression' | 'encryption'>): boolean {
  return compression === 'none' && encryption === 'none'
}

/** What unseals the backup; null: it is not sealed. Throws `KEY_MISSING`. */
export function requireOpener (keyring: Keyring, manifest: Pick<Manifest, 'encryption' | 'keys'>): Opener | null {
  const { encryption, keys } = manifest
  if (encryption === 'none') return null
  const opener = keyring.openerOf(encryption, keys)
  if (opener === undefined) throw missingKey(encryption, keys)
  return opener
}

/** Names every key that would do, and the option by which it is given. */
export function missingKey (encryption: Sealing, keys: readonly string[] = []): BackupError {
  if (keys.includes(PASSPHRASE_KEY)) {
    return new BackupError('KEY_MISSING', 'the passphrase that the backup is sealed with is not here', {
      hint: 'Give it by BACKUP_ENCRYPTION_PASSPHRASE_FILE.'
    })
  }
  const [first, ...others] = keys.map(key => `"${key}"`)
  const hint = GIVEN_BY[encryption]
  if (first === undefined) {
    return new BackupError('KEY_MISSING', `no private key for "${encryption}" is here`, {
      hint: `${hint.slice(0, -1)}, or a passphrase by BACKUP_ENCRYPTION_PASSPHRASE_FILE.`
    })
  }
  if (others.length === 0) {
    return new BackupError('KEY_MISSING', `the private key of ${first}, which the backup is sealed to, is not here`, {
      hint
    })
  }
  return new BackupError(
    'KEY_MISSING',
    `the backup is sealed to ${[first, ...others].join(', ')}, and the private key of none of them is here`,
    { hint: hint.replace('its identity', 'the identity of one').replace('Give it', 'Give one of them') }
  )
}
