import type { Manifest } from '../../core/backup/manifest.ts'
import { BackupError } from '../../core/errors.ts'
import { PASSPHRASE_KEY, type Keyring, type Opener, type Sealing } from '../../core/ports/encryption.ts'

const GIVEN_BY: Readonly<Record<Sealing, string>> = {
  age: 'Set its identity with BACKUP_AGE_IDENTITY_FILE.',
  openpgp: 'Set it with BACKUP_OPENPGP_PRIVATE_KEYS_FILE.'
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
    return new BackupError('KEY_MISSING', 'the backup is encrypted with a passphrase that is not configured', {
      hint: 'Set it with BACKUP_ENCRYPTION_PASSPHRASE_FILE.'
    })
  }
  const [first, ...others] = keys.map(key => `"${key}"`)
  const hint = GIVEN_BY[encryption]
  if (first === undefined) {
    return new BackupError('KEY_MISSING', `no private key for "${encryption}" is configured`, {
      hint: `${hint.slice(0, -1)}, or a passphrase with BACKUP_ENCRYPTION_PASSPHRASE_FILE.`
    })
  }
  if (others.length === 0) {
    return new BackupError('KEY_MISSING', `the backup is encrypted for ${first}, whose private key is not configured`, {
      hint
    })
  }
  return new BackupError(
    'KEY_MISSING',
    `the backup is encrypted for ${[first, ...others].join(', ')}, and none of their private keys is configured`,
    { hint: hint.replace('its identity', 'the identity of one').replace('Set it ', 'Set one of them ') }
  )
}
